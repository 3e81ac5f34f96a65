//! How to speak: upstream's parameters of `infer`, and the choices where this engine differs.

use std::time::Duration;

use f5_core::audio::loudness::TARGET_RMS;
use f5_model::cfm::{BatchMasking, OdeMethod, SamplingParams};

use crate::{
    error::{Result, positive},
    plan::End,
};

/// How to speak a text.
///
/// [`SynthesisParams::default`] is what this engine recommends, [`SynthesisParams::upstream`] what
/// F5-TTS 1.1.22 does; they differ in the last six fields alone.
///
/// | | `default()` | `upstream()` |
/// |---|---|---|
/// | numbers, abbreviations | spoken as the engine's [text front end](crate::F5TtsBuilder::text_normalizer) has it | as they are written |
/// | chunks | whole sentences, evenly filled | upstream's greedy cut by punctuation |
/// | between chunks | a pause, after the end of sentence or paragraph | they fade into each other |
/// | between reference and text | one space | two spaces, both counted for the duration |
/// | short texts | at least 0.8 s | at speed 0.3 below 10 bytes |
/// | noise | keyed by seed and chunk: order never matters | torch's CPU stream, drawn chunk after chunk |
///
/// ```
/// use f5_tts::SynthesisParams;
///
/// let params = SynthesisParams { nfe_steps: 16, speed: 1.1, seed: Some(7), ..Default::default() };
/// assert_eq!(params.cfg_strength, 2.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SynthesisParams {
    /// Steps from noise to speech: fewer are faster, 16 sound nearly like 32.
    pub nfe_steps: usize,
    /// Strength of classifier-free guidance; 0 halves the work and follows the text less.
    pub cfg_strength: f32,
    /// Moves steps towards the noise (negative) or the speech (positive); `None` leaves them.
    pub sway_sampling_coef: Option<f32>,
    /// How a step follows the velocity.
    pub ode_method: OdeMethod,
    /// Rate of speech relative to the reference.
    pub speed: f64,
    /// Length of reference and generated speech together; estimated from the text when `None`.
    pub fix_duration: Option<Duration>,
    /// Quiet references are raised to this loudness, and the speech is lowered by as much.
    pub target_rms: f32,
    /// Longest overlap of neighbouring chunks; zero puts them end to end. Where there are
    /// [`pauses`](Self::pauses), only silence in excess of them overlaps.
    pub cross_fade_duration: Duration,
    /// Lets the first chunk last about this long, so that a stream is heard early; `None` cuts it as
    /// any other. A second or two is enough for a few words; very short chunks are spoken badly.
    /// [`Chunking::Whole`] has no other chunks.
    pub first_chunk: Option<Duration>,
    /// Shortens pauses of a second or more. It needs the whole audio, so streams refuse it.
    pub remove_silence: bool,
    /// Finds when each word was spoken. Without it [`Speech::words`](crate::Speech) stays empty and no
    /// time is spent on it.
    pub word_timings: bool,
    /// Decides the noise and so the performance; `None` leaves it to the engine's
    /// [`SeedPolicy`](crate::SeedPolicy). The seed used is in [`Speech::seed`](crate::Speech).
    pub seed: Option<u64>,
    /// Whether the text goes through the engine's front end: its
    /// [normaliser](crate::F5TtsBuilder::text_normalizer), its
    /// [overrides](crate::F5TtsBuilder::pronunciations), and plain marks for typographic ones that the
    /// vocabulary lacks. The text of the reference does so too, because the length of the speech is
    /// estimated from both. Without it the model reads every character as it is.
    pub normalize_text: bool,
    /// How long texts are cut.
    pub chunking: Chunking,
    /// The silence between chunks; `None` lets them fade into each other as upstream does. With
    /// [`fix_duration`](Self::fix_duration) there are none: they would make the audio longer.
    pub pauses: Option<Pauses>,
    /// Whether a second space stands between reference and text.
    pub double_space: bool,
    /// How long very short texts last.
    pub short_text: ShortText,
    /// Where the noise comes from.
    pub noise: Noise,
}

/// How long texts are cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chunking {
    /// At sentences, in chunks of even size.
    Sentences,
    /// As upstream: greedily at punctuation, over-long sentences uncut.
    Upstream,
    /// Not at all: the text is one chunk, character by character as it is given, like a batch of
    /// upstream's `infer_batch_process`. For callers who cut for themselves; longer than about
    /// 30 seconds together with the reference no model was trained for.
    Whole,
}

/// The least silence between two chunks, by what ends there. Silence that chunks bring along counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pauses {
    /// Inside a sentence that had to be cut.
    pub clause: Duration,
    /// Between two sentences.
    pub sentence: Duration,
    /// Where the text has a blank line.
    pub paragraph: Duration,
}

impl Pauses {
    /// The pause where this ends.
    pub(crate) fn after(&self, end: End) -> Duration {
        match end {
            End::Clause => self.clause,
            End::Sentence => self.sentence,
            End::Paragraph => self.paragraph,
        }
    }
}

impl Default for Pauses {
    /// 100, 300 and 700 ms.
    fn default() -> Self {
        Self {
            clause: Duration::from_millis(100),
            sentence: Duration::from_millis(300),
            paragraph: Duration::from_millis(700),
        }
    }
}

/// How long very short texts last; by their letters alone they would be over before a word is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ShortText {
    /// At least this long.
    AtLeast(Duration),
    /// As upstream: texts under 10 bytes are spoken at speed 0.3, whatever `speed` says.
    Slow,
    /// As long as their letters say.
    Unchanged,
}

/// Where the noise comes from that a sample starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noise {
    /// Numbers that depend on seed and chunk alone, the same on every platform.
    Keyed,
    /// The numbers of `torch.manual_seed(seed)` and `torch.randn` on a CPU, chunk after chunk.
    TorchCpu,
}

impl Default for SynthesisParams {
    fn default() -> Self {
        let SamplingParams {
            nfe_steps,
            cfg_strength,
            sway_sampling_coef,
            ode_method,
            ..
        } = SamplingParams::default();
        Self {
            nfe_steps,
            cfg_strength,
            sway_sampling_coef,
            ode_method,
            speed: 1.0,
            fix_duration: None,
            target_rms: TARGET_RMS,
            cross_fade_duration: Duration::from_millis(150),
            first_chunk: None,
            remove_silence: false,
            word_timings: true,
            seed: None,
            normalize_text: true,
            chunking: Chunking::Sentences,
            pauses: Some(Pauses::default()),
            double_space: false,
            short_text: ShortText::AtLeast(Duration::from_millis(800)),
            noise: Noise::Keyed,
        }
    }
}

impl SynthesisParams {
    /// What F5-TTS 1.1.22 does (`infer_process` and `infer_batch_process` of its `utils_infer.py`).
    #[must_use]
    pub fn upstream() -> Self {
        Self {
            normalize_text: false,
            chunking: Chunking::Upstream,
            pauses: None,
            double_space: true,
            short_text: ShortText::Slow,
            noise: Noise::TorchCpu,
            ..Self::default()
        }
    }

    /// The sampler's share of the parameters.
    #[must_use]
    pub fn sampling(&self) -> SamplingParams {
        SamplingParams {
            nfe_steps: self.nfe_steps,
            cfg_strength: self.cfg_strength,
            sway_sampling_coef: self.sway_sampling_coef,
            ode_method: self.ode_method,
            use_epss: true,
            no_ref_audio: false,
            batch_masking: BatchMasking::Exact,
        }
    }

    /// The pauses between chunks; `None` where they fade into each other.
    pub(crate) fn pauses_between_chunks(&self) -> Option<Pauses> {
        self.pauses.filter(|_| self.fix_duration.is_none())
    }

    pub(crate) fn validate(&self) -> Result<()> {
        self.sampling().validate().map_err(f5_model::Error::from)?;
        positive("speed", self.speed)?;
        positive("target_rms", f64::from(self.target_rms))?;
        for (name, duration) in [
            ("fix_duration", self.fix_duration),
            ("first_chunk", self.first_chunk),
        ] {
            if let Some(duration) = duration {
                positive(name, duration.as_secs_f64())?;
            }
        }
        Ok(())
    }
}
