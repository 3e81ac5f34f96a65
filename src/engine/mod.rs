//! The engine: a loaded model and what it is asked for. How it speaks is in `speak`.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex},
};

use f5_align::{Aligner, Transcriber};
use f5_core::{
    audio::Pcm,
    mel::MelExtractor,
    text::{UnknownChar, Vocab},
};
use f5_model::ModelConfig;
use f5_runtime::{device::DevicePreference, store::Digest};

use crate::{
    SeedPolicy, SpeechStream, Voice,
    builder::F5TtsBuilder,
    device::DeviceWish,
    error::{Repr, Result},
    networks::{EngineReport, NetworkFiles, Networks},
    observe::Watcher,
    params::SynthesisParams,
    speech::Speech,
    spoken::{Spoken, TextFront},
    voice::Conditioned,
};

/// The engine: a loaded model, ready to speak. `Send`, `Sync` and cheap to clone; clones share the
/// weights.
#[derive(Debug, Clone)]
pub struct F5Tts {
    engine: Arc<Engine>,
}

#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) config: ModelConfig,
    pub(crate) vocab: Vocab,
    pub(crate) mel: MelExtractor,
    pub(crate) networks: Arc<Networks>,
    /// The same on the processor, once the device has failed.
    pub(crate) spare: Mutex<Option<Arc<Networks>>>,
    pub(crate) files: NetworkFiles,
    pub(crate) wish: DeviceWish,
    pub(crate) report: EngineReport,
    pub(crate) observer: Watcher,
    /// Digest of vocabulary, tokenizer and mel front end.
    pub(crate) front_end: Digest,
    pub(crate) seed_policy: SeedPolicy,
    pub(crate) aligner: Arc<dyn Aligner>,
    pub(crate) transcriber: Option<Arc<dyn Transcriber>>,
    pub(crate) text: TextFront,
    pub(crate) language: String,
    /// Frames of a batch, padding included.
    pub(crate) batch_frames: usize,
    /// Whether the chunks of one text share batches; what the device gains from when `None`.
    pub(crate) batch_chunks: Option<bool>,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The chunk being spoken, from 0; the first one, where several are spoken at once.
    pub chunk: usize,
    /// Chunks in all.
    pub chunks: usize,
    /// Steps of this chunk that are done.
    pub step: usize,
    /// Steps of a chunk.
    pub steps: usize,
}

impl F5Tts {
    /// Starts with the demo model on the best device.
    pub fn builder() -> F5TtsBuilder {
        F5TtsBuilder::default()
    }

    pub(crate) fn from_engine(engine: Engine) -> Self {
        Self {
            engine: Arc::new(engine),
        }
    }

    /// Takes a new engine apart, to be put together otherwise.
    #[cfg(test)]
    pub(crate) fn into_engine(self) -> Engine {
        Arc::into_inner(self.engine).expect("an engine without clones")
    }

    /// The configuration of the loaded model.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.engine.config
    }

    /// The device that computes; never [`DevicePreference::Auto`].
    #[must_use]
    pub fn device(&self) -> DevicePreference {
        self.engine.networks.device
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// What decides, beside recording and text, what a voice is.
    pub(crate) fn front_end(&self) -> Digest {
        self.engine.front_end
    }

    /// What decides, beside the recording, what is written down where its text is not given: name of the
    /// transcriber, and language.
    pub(crate) fn transcription(&self) -> (Option<&'static str>, &str) {
        let transcriber = self.engine.transcriber.as_ref();
        (
            transcriber.map(|transcriber| transcriber.name()),
            &self.engine.language,
        )
    }

    /// How this engine came about: the devices that were refused and why, and what loading cost.
    #[must_use]
    pub fn report(&self) -> &EngineReport {
        &self.engine.report
    }

    /// Prepares a voice from a recording and the text that is spoken in it: a WAV file, or with feature
    /// `symphonia` also mp3, FLAC, Ogg Vorbis, m4a or AAC, whatever its name. Where the text is empty, the
    /// engine's [`transcriber`](F5TtsBuilder::transcriber) writes it down.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a recording that cannot be used, such as a
    /// silent one or a format without its feature, or an empty text without a transcriber;
    /// [`Transcription`](crate::ErrorKind::Transcription) when the transcriber fails;
    /// [`Io`](crate::ErrorKind::Io) when the file cannot be read.
    pub fn voice(&self, ref_audio: impl AsRef<Path>, ref_text: &str) -> Result<Voice> {
        self.voice_from_pcm(&Pcm::read(ref_audio)?, ref_text)
    }

    /// Prepares a voice from a recording in memory.
    ///
    /// # Errors
    ///
    /// As [`voice`](Self::voice).
    pub fn voice_from_pcm(&self, ref_audio: &Pcm, ref_text: &str) -> Result<Voice> {
        Voice::prepare(&self.engine, ref_audio, ref_text)
    }

    /// Speaks `gen_text` in the voice of the reference.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for parameters out of range, and for texts that
    /// are empty, too long for the model or written in an alphabet that it does not know.
    pub fn synthesize(
        &self,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
    ) -> Result<Speech> {
        self.synthesize_with(voice, gen_text, params, |_| ControlFlow::Continue(()))
    }

    /// As [`synthesize`](Self::synthesize), telling `on_step` of every step; it may stop the call with
    /// [`ControlFlow::Break`], which leaves the engine as it was.
    ///
    /// # Errors
    ///
    /// As [`synthesize`](Self::synthesize), and [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn synthesize_with(
        &self,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Speech> {
        SpeechStream::begin(self, voice, gen_text, params)?.collect_speech(&mut on_step)
    }
}

impl Engine {
    /// Characters the vocabulary lacks; an error when there is nothing else.
    pub(crate) fn check_text(&self, spoken: &Spoken) -> Result<Vec<UnknownChar>> {
        let name = "gen_text";
        let gen_text = spoken.text();
        if gen_text.trim().is_empty() {
            return Err(Repr::EmptyText {
                name,
                remedy: "give some words to speak",
            }
            .into());
        }
        let tokenizer = &self.config.tokenizer;
        let encoded = tokenizer.encode_with(gen_text, &self.vocab, spoken.readings());
        let mut unknown = encoded.unknown;
        unknown.retain(|unknown| !unknown.ch.is_whitespace());
        let unknown = spoken.unknown(unknown);
        if encoded.spoken == 0 {
            return Err(Repr::AllUnknown { name, unknown }.into());
        }
        Ok(unknown)
    }

    pub(crate) fn seed(&self, params: &SynthesisParams) -> Result<u64> {
        match (params.seed, self.seed_policy) {
            (Some(seed), _) | (None, SeedPolicy::Fixed(seed)) => Ok(seed),
            (None, SeedPolicy::Random) => draw_seed(),
        }
    }

    /// The reference at the loudness asked for; prepared already unless it is an unusual one.
    pub(crate) fn conditioned(&self, voice: &Voice, target_rms: f32) -> Result<Arc<Conditioned>> {
        let prepared = &voice.inner.conditioned;
        if prepared.target_rms == target_rms {
            return Ok(Arc::clone(prepared));
        }
        Conditioned::new(self, &voice.inner.waveform, target_rms).map(Arc::new)
    }

    /// Whether the chunks of one text share batches: a processor is busy with one.
    pub(crate) fn batch_chunks(&self) -> bool {
        let gains = self.networks.device != DevicePreference::Cpu;
        self.batch_chunks.unwrap_or(gains)
    }
}

/// A seed that nobody knows yet.
pub(crate) fn draw_seed() -> Result<u64> {
    use rand::{TryRng, rngs::SysRng};
    // 32 bits: torch's generator uses no more, and people have to be able to type it.
    match SysRng.try_next_u32() {
        Ok(seed) => Ok(u64::from(seed)),
        Err(error) => Err(Repr::Seed(Box::new(error)).into()),
    }
}
