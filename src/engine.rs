//! Speaks: plan, sample, vocode, join, align.

use std::{
    borrow::Cow,
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use f5_align::{Aligner, Transcriber};
use f5_core::{
    audio::{Pcm, Waveform, crossfade::join, loudness::restore_rms},
    mel::{Mel, MelExtractor},
    noise::{TorchCpuNormal, keyed_normal},
    text::{UnknownChar, Vocab},
};
use f5_model::{
    ModelConfig,
    cfm::{SampleRow, Step},
};
use f5_runtime::{device::DevicePreference, store::Digest};

use crate::{
    SeedPolicy, Voice,
    builder::F5TtsBuilder,
    device::DeviceWish,
    error::{Repr, Result},
    networks::{EngineReport, NetworkFiles, Networks},
    observe::Watcher,
    params::{Noise, SynthesisParams},
    place::Place,
    plan::{Planned, plan},
    speech::{Report, Speech},
    timeline::shorten_pauses,
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
    pub(crate) language: String,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The chunk being spoken, from 0.
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

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What decides, beside recording and text, what a voice is.
    pub(crate) fn front_end(&self) -> Digest {
        self.engine.front_end
    }

    /// How this engine came about: the devices that were refused and why, and what loading cost.
    #[must_use]
    pub fn report(&self) -> &EngineReport {
        &self.engine.report
    }

    /// Prepares a voice from a WAV file and the text that is spoken in it. Where the text is empty,
    /// the engine's [`transcriber`](F5TtsBuilder::transcriber) writes it down.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a recording that cannot be used, such as a
    /// silent one, or an empty text without a transcriber;
    /// [`Transcription`](crate::ErrorKind::Transcription) when the transcriber fails;
    /// [`Io`](crate::ErrorKind::Io) when the file cannot be read.
    pub fn voice(&self, ref_audio: impl AsRef<Path>, ref_text: &str) -> Result<Voice> {
        self.voice_from_pcm(&Pcm::read_wav(ref_audio)?, ref_text)
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
        let started = Instant::now();
        let engine = self.engine.as_ref();
        let _span = tracing::info_span!("f5.synthesize", chars = gen_text.len()).entered();
        params.validate()?;
        let unknown = engine.check_text(gen_text)?;
        let seed = engine.seed(params)?;
        let conditioned = engine.conditioned(voice, params.target_rms)?;
        let planned = plan(engine, voice, &conditioned, gen_text, params)?;

        let mut noise = NoiseSource::new(params.noise, seed);
        let mut place = Place::new(engine);
        let chunks = planned.len();
        let (mut mels, mut waves) = (Vec::new(), Vec::with_capacity(chunks));
        let (mut sampling, mut vocoding) = (Duration::ZERO, Duration::ZERO);
        for (chunk, piece) in planned.iter().enumerate() {
            let _span = tracing::debug_span!("f5.chunk", chunk, frames = piece.frames).entered();
            let noise = noise.draw(piece.frames * engine.config.mel_spec.n_mel_channels);
            let (mel, mut wave) = place.run(chunk, |networks| {
                let clock = Instant::now();
                let span = tracing::debug_span!("f5.sample", device = %networks.device).entered();
                let mel = engine.sample(networks, piece, &conditioned, params, &noise, |step| {
                    tracing::trace!(step = step.done, "step");
                    engine.observer.step(chunk, step.done, step.total);
                    on_step(Progress {
                        chunk,
                        chunks,
                        step: step.done,
                        steps: step.total,
                    })
                })?;
                sampling += clock.elapsed();
                drop(span);
                let clock = Instant::now();
                let _span = tracing::debug_span!("f5.vocode", frames = mel.frames()).entered();
                let wave = networks.vocode(&mel)?;
                vocoding += clock.elapsed();
                Ok((mel, wave))
            })?;
            restore_rms(&mut wave, conditioned.rms, params.target_rms);
            mels.extend(mel.into_data());
            waves.push(wave);
            engine.observer.chunk(chunk + 1, chunks);
        }

        let sample_rate = engine.config.mel_spec.target_sample_rate;
        let cross_fade = params.cross_fade_duration.as_secs_f64() * f64::from(sample_rate);
        let joined = join(&waves, cross_fade as usize);
        let clock = Instant::now();
        let (words, alignment) = if params.word_timings {
            engine.align(&planned, &waves, &joined.starts)?
        } else {
            Default::default()
        };
        let aligning = clock.elapsed();
        let pieces = planned.into_iter().zip(&waves).zip(joined.starts);
        let mut speech = Speech {
            waveform: Waveform::new(joined.samples, sample_rate)?,
            sample_rate,
            seed,
            chunks: pieces
                .map(|((piece, wave), start)| piece.spoken(start..start + wave.len()))
                .collect(),
            mel: Mel::new(mels, engine.config.mel_spec.n_mel_channels),
            words,
            report: Report {
                unknown,
                device: place.device().to_string(),
                kernels: place.kernels().map(str::to_owned),
                moves: place.moves,
                sampling,
                vocoding,
                aligning,
                elapsed: Duration::ZERO,
                alignment,
            },
        };
        if params.remove_silence {
            shorten_pauses(&mut speech);
        }
        speech.report.elapsed = started.elapsed();
        Ok(speech)
    }
}

impl Engine {
    /// Characters the vocabulary lacks; an error when there is nothing else.
    fn check_text(&self, gen_text: &str) -> Result<Vec<UnknownChar>> {
        let name = "gen_text";
        if gen_text.trim().is_empty() {
            return Err(Repr::EmptyText {
                name,
                remedy: "give some words to speak",
            }
            .into());
        }
        let encoded = self.config.tokenizer.encode(gen_text, &self.vocab);
        let mut unknown = encoded.unknown;
        unknown.retain(|unknown| !unknown.ch.is_whitespace());
        if encoded.spoken == 0 {
            return Err(Repr::AllUnknown { name, unknown }.into());
        }
        Ok(unknown)
    }

    fn seed(&self, params: &SynthesisParams) -> Result<u64> {
        use rand::{TryRng, rngs::SysRng};
        match (params.seed, self.seed_policy) {
            (Some(seed), _) | (None, SeedPolicy::Fixed(seed)) => Ok(seed),
            // 32 bits: torch's generator uses no more, and people have to be able to type it.
            (None, SeedPolicy::Random) => match SysRng.try_next_u32() {
                Ok(seed) => Ok(u64::from(seed)),
                Err(error) => Err(Repr::Seed(Box::new(error)).into()),
            },
        }
    }

    /// The reference at the loudness asked for; prepared already unless it is an unusual one.
    fn conditioned<'a>(&self, voice: &'a Voice, target_rms: f32) -> Result<Cow<'a, Conditioned>> {
        let prepared = &voice.inner.conditioned;
        if prepared.target_rms == target_rms {
            return Ok(Cow::Borrowed(prepared));
        }
        Conditioned::new(self, &voice.inner.waveform, target_rms).map(Cow::Owned)
    }

    /// The generated part of one chunk's mel, which begins with the last reference frame.
    fn sample(
        &self,
        networks: &Networks,
        piece: &Planned,
        conditioned: &Conditioned,
        params: &SynthesisParams,
        noise: &[f32],
        on_step: impl FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Mel> {
        let n_mels = self.config.mel_spec.n_mel_channels;
        let row = SampleRow {
            cond: &conditioned.mel,
            text: &piece.ids,
            duration: piece.frames,
            noise,
            edit_mask: None,
        };
        let mut mels = networks.cfm.sample(&[row], &params.sampling(), on_step)?;
        let mel = mels.swap_remove(0).into_data();
        let generated = conditioned.samples / self.config.mel_spec.hop_length;
        Ok(Mel::new(mel[generated * n_mels..].to_vec(), n_mels))
    }
}

/// The noise of one call, chunk after chunk.
enum NoiseSource {
    Keyed { seed: u64, chunk: u64 },
    Torch(Box<TorchCpuNormal>),
}

impl NoiseSource {
    fn new(noise: Noise, seed: u64) -> Self {
        match noise {
            Noise::Keyed => Self::Keyed { seed, chunk: 0 },
            Noise::TorchCpu => Self::Torch(Box::new(TorchCpuNormal::new(seed))),
        }
    }

    fn draw(&mut self, n: usize) -> Vec<f32> {
        match self {
            Self::Keyed { seed, chunk } => {
                *chunk += 1;
                keyed_normal(*seed, *chunk - 1, n)
            }
            Self::Torch(generator) => generator.randn(n),
        }
    }
}
