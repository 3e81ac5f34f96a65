//! Puts an engine together: model directory, vocoder, device, aligner.

mod text;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use f5_align::{Aligner, AlignerChain, Transcriber};
use f5_core::{
    mel::MelExtractor,
    text::{Tokenizer, Vocab},
};
use f5_model::{ModelConfig, cpu::Precision};
use f5_runtime::{device::DevicePreference, observe::Observer, store::Digest};

use crate::{
    CpuEngine, F5Tts,
    cache::WeightCache,
    device::DeviceWish,
    engine::Engine,
    error::Result,
    files,
    networks::{CpuChoice, EngineReport, NetworkFiles},
    observe::Watcher,
};

/// What decides the noise where [`SynthesisParams::seed`](crate::SynthesisParams::seed) is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeedPolicy {
    /// A new seed for every call; it is returned with the speech.
    #[default]
    Random,
    /// Always the same one.
    Fixed(u64),
}

/// Builds an [`F5Tts`]; made by [`F5Tts::builder`].
///
/// A model directory holds
///
/// | file | what |
/// |---|---|
/// | `model.safetensors` | the checkpoint; a released file may keep its name if it is the only one, and with feature `pickle` be a `.pt` |
/// | `config.json` | what kind of network it is; or name a released model with [`preset`](Self::preset) |
/// | `vocab.txt` | one token a line |
/// | `vocoder.safetensors` | the vocoder; or name its directory with [`vocoder_dir`](Self::vocoder_dir) |
#[derive(Debug, Clone)]
#[must_use = "nothing is loaded until `build` is called"]
pub struct F5TtsBuilder {
    model_dir: PathBuf,
    preset: Option<String>,
    vocoder_dir: Option<PathBuf>,
    device: DeviceWish,
    cpu: CpuChoice,
    weights: WeightCache,
    seed_policy: SeedPolicy,
    aligner: Arc<dyn Aligner>,
    transcriber: Option<Arc<dyn Transcriber>>,
    observer: Watcher,
    text: crate::spoken::TextFront,
    language: String,
    batch_frames: usize,
    batch_chunks: Option<bool>,
}

/// The demo model: a small English voice that lies in this repository.
///
/// The path is that of the source tree this crate was built from; `F5_DEMO_DIR` overrides it at run
/// time.
#[must_use]
pub fn demo_dir() -> PathBuf {
    std::env::var_os("F5_DEMO_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/f5-demo-en"),
        PathBuf::from,
    )
}

impl Default for F5TtsBuilder {
    fn default() -> Self {
        Self {
            model_dir: demo_dir(),
            preset: None,
            vocoder_dir: None,
            device: DeviceWish::default(),
            cpu: CpuChoice::default(),
            weights: WeightCache::new(),
            seed_policy: SeedPolicy::Random,
            aligner: Arc::new(AlignerChain::default()),
            transcriber: None,
            observer: Watcher::default(),
            text: Default::default(),
            language: "en".to_owned(),
            batch_frames: 8192,
            batch_chunks: None,
        }
    }
}

impl F5TtsBuilder {
    /// The model to speak with; the [demo](demo_dir) when not called.
    pub fn model_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.model_dir = dir.into();
        self
    }

    /// The released model that the checkpoint belongs to, in place of a `config.json`: one of
    /// [`ModelConfig::PRESETS`].
    pub fn preset(mut self, name: impl Into<String>) -> Self {
        self.preset = Some(name.into());
        self
    }

    /// Where the vocoder lies, if not beside the model: `vocoder.safetensors`, `model.safetensors` or
    /// with feature `pickle` the released `pytorch_model.bin` of Vocos or `bigvgan_generator.pt` of
    /// BigVGAN, with a `config.json` unless it is the released one for the model's mel front end.
    pub fn vocoder_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.vocoder_dir = Some(dir.into());
        self
    }

    /// Where to compute; [`DevicePreference::Auto`] when not called.
    ///
    /// A device is used only after a small kernel has given the right result on it. `Auto` takes the
    /// first that does of CUDA, Vulkan and the processor; any other preference that cannot be met is
    /// an error, unless [`allow_fallback`](Self::allow_fallback) says otherwise.
    /// [`F5Tts::report`] tells what was refused and why.
    pub fn device(mut self, preference: DevicePreference) -> Self {
        self.device.preference = preference;
        self
    }

    /// Whether another device may compute where the preferred one cannot, or fails or runs out of
    /// memory while speaking; no when not called. With [`DevicePreference::Auto`] it always may.
    /// [`Report::moves`](crate::Report) tells when a call went on elsewhere.
    pub fn allow_fallback(mut self, allow: bool) -> Self {
        self.device.allow_fallback = allow;
        self
    }

    /// Shares networks with other engines that were given the same cache.
    pub fn weight_cache(mut self, weights: &WeightCache) -> Self {
        self.weights = weights.clone();
        self
    }

    /// Who computes when the device is the CPU; [`CpuEngine::Fused`] when not called.
    pub fn cpu_engine(mut self, engine: CpuEngine) -> Self {
        self.cpu.engine = engine;
        self
    }

    /// The numbers the fused CPU engine computes with; [`Precision::Auto`] when not called.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.cpu.precision = precision;
        self
    }

    /// Threads of the fused CPU engine, one for each core when not called. Speech does not depend on
    /// their number.
    pub fn threads(mut self, threads: usize) -> Self {
        self.cpu.threads = Some(threads);
        self
    }

    /// What decides the noise of calls without a seed.
    pub fn seed_policy(mut self, policy: SeedPolicy) -> Self {
        self.seed_policy = policy;
        self
    }

    /// What finds the times of words; [`AlignerChain::default`] when not called: phone models for
    /// English, pauses and punctuation where those are not believed and for other languages. Where
    /// an aligner fails, the words are placed by pauses and punctuation, and
    /// [`Report::alignment`](crate::Report) says why.
    pub fn aligner(mut self, aligner: Arc<dyn Aligner>) -> Self {
        self.aligner = aligner;
        self
    }

    /// What writes down a reference recording whose text is not given; nothing when not called: the
    /// text of every recording has to be given then.
    pub fn transcriber(mut self, transcriber: Arc<dyn Transcriber>) -> Self {
        self.transcriber = Some(transcriber);
        self
    }

    /// Who is told of the steps and chunks of every call; nobody when not called. One call alone is
    /// watched, and stopped, with [`synthesize_with`](F5Tts::synthesize_with).
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Watcher::new(observer);
        self
    }

    /// The language of all texts, as a BCP 47 tag; `en` when not called.
    pub fn language(mut self, tag: impl Into<String>) -> Self {
        self.language = tag.into();
        self
    }

    /// The most frames that are sampled at once where chunks share a batch, reference and padding
    /// included; 8192 when not called, about 87 seconds. A chunk that is longer goes alone. Less needs
    /// less memory.
    pub fn batch_frames(mut self, frames: usize) -> Self {
        self.batch_frames = frames;
        self
    }

    /// Whether the chunks of one long text share batches, the first one excepted; on GPUs alone when
    /// not called.
    pub fn batch_chunks(mut self, batch: bool) -> Self {
        self.batch_chunks = Some(batch);
        self
    }

    /// Loads model and vocoder.
    ///
    /// # Errors
    ///
    /// [`MissingModel`](crate::ErrorKind::MissingModel) and
    /// [`CorruptModel`](crate::ErrorKind::CorruptModel) with the file and what to do about it,
    /// [`Device`](crate::ErrorKind::Device) with the reason why each candidate was refused.
    pub fn build(self) -> Result<F5Tts> {
        let dir = &self.model_dir;
        let config = match &self.preset {
            Some(name) => ModelConfig::preset(name)?,
            None => ModelConfig::from_file(dir.join("config.json"))?,
        };
        let vocab = match config.tokenizer {
            Tokenizer::Byte => Vocab::bytes(),
            _ => Vocab::from_file(dir.join("vocab.txt"))?,
        };
        let (vocoder, vocoder_file) = files::vocoder(dir, self.vocoder_dir.as_deref(), &config)?;
        let files = NetworkFiles {
            checkpoint: files::checkpoint(dir)?,
            arch: config.arch.clone(),
            vocab_size: vocab.len(),
            vocoder_file,
            vocoder,
            mel_spec: config.mel_spec.clone(),
            cpu: self.cpu,
            weights: self.weights,
        };
        let wish = DeviceWish {
            min_free_memory: files.bytes(),
            ..self.device
        };
        let (networks, device) = wish.choose(|device, name| files.load(device, name))?;

        let front_end = (vocab.to_text(), config.tokenizer, &config.mel_spec);
        let engine = Engine {
            front_end: Digest::of(format!("{front_end:?}").as_bytes()),
            mel: MelExtractor::new(&config.mel_spec)?,
            config,
            vocab,
            report: EngineReport {
                device,
                loading: networks.loading.clone(),
            },
            networks: Arc::new(networks),
            spare: Mutex::default(),
            files,
            wish,
            seed_policy: self.seed_policy,
            aligner: self.aligner,
            transcriber: self.transcriber,
            observer: self.observer,
            text: self.text,
            language: self.language,
            batch_frames: self.batch_frames,
            batch_chunks: self.batch_chunks,
        };
        Ok(F5Tts::from_engine(engine))
    }
}
