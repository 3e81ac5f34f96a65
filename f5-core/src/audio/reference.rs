//! Preparing a reference recording exactly as upstream's `preprocess_ref_audio_text` does.
//!
//! How long generated speech becomes follows from the length of the prepared reference, so every
//! millisecond counts. One trap is kept on purpose: pieces are appended to an empty clip of
//! 11,025 Hz, 16 bit, mono, and joining brings both sides to the larger value of each, so that a
//! reference below 11,025 Hz comes out at 11,025 Hz, by linear interpolation.

use std::time::Duration;

use super::{
    AudioError, Pcm,
    silence::{self, SilenceParams},
};
use crate::mel::MelSpec;

/// Longest reference that is kept whole.
pub const MAX_REFERENCE_MS: u64 = 12_000;
/// Digital silence appended to every reference.
pub const TAIL_MS: u32 = 50;

/// Length after which a further piece may be refused.
const ENOUGH_MS: u64 = 6_000;
const EDGE_THRESH_DBFS: f64 = -42.0;
/// Rate of the clip that pieces are appended to.
const EMPTY_CLIP_HZ: u32 = 11_025;

/// A reference as the model is to hear it, and what was done to it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Preprocessed {
    /// The audio, [`TAIL_MS`] of silence at its end included.
    pub pcm: Pcm,
    /// Frames of `pcm` before the silent tail; 0 where nothing was loud enough to keep.
    pub speech_frames: usize,
    /// How the recording was cut because it was longer than [`MAX_REFERENCE_MS`]; `None` if it was
    /// not. After a cut, `ref_text` says more than the audio does, and generated speech gets too
    /// fast or repeats the reference: the text has to be cut too.
    pub clipped: Option<Clip>,
    /// Length of the recording before.
    pub source_duration: Duration,
}

/// Where a long reference was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clip {
    /// At a pause of a second or more.
    LongPause,
    /// At a pause of a tenth of a second or more.
    ShortPause,
    /// At twelve seconds, in the middle of whatever was being said.
    Hard,
}

impl Preprocessed {
    /// Checks that there is speech to clone, and at least one analysis window of it.
    ///
    /// # Errors
    ///
    /// [`AudioError::SilentReference`] or [`AudioError::ReferenceTooShort`], counted in samples at
    /// the model's rate.
    pub fn check(&self, spec: &MelSpec) -> Result<(), AudioError> {
        let mono = self.pcm.to_mono();
        let rms = mono.rms();
        if self.speech_frames == 0 || rms <= 0.0 {
            return Err(AudioError::SilentReference {
                frames: self.pcm.frames(),
                rms,
            });
        }
        let rate = u128::from(self.pcm.sample_rate());
        let samples = self.speech_frames as u128 * u128::from(spec.target_sample_rate) / rate;
        let (samples, needed) = (samples as usize, spec.n_fft);
        if samples < needed {
            return Err(AudioError::ReferenceTooShort { samples, needed });
        }
        Ok(())
    }
}

/// Clips a recording to twelve seconds (at long pauses, else at short ones, else hard), trims the
/// silence at both ends and appends [`TAIL_MS`] of it.
///
/// A recording that is silent throughout gives the tail alone, as upstream does;
/// [`Preprocessed::check`] refuses it.
///
/// # Errors
///
/// [`AudioError::Empty`] for a recording without samples.
pub fn preprocess(pcm: &Pcm) -> Result<Preprocessed, AudioError> {
    if pcm.samples().is_empty() {
        return Err(AudioError::Empty);
    }
    let source_duration = pcm.duration();
    let (mut kept, cut) = gather(pcm, &SilenceParams::LONG_PAUSES);
    let mut clipped = cut.then_some(Clip::LongPause);
    if kept.len_ms() > MAX_REFERENCE_MS {
        let (shorter, cut) = gather(pcm, &SilenceParams::SHORT_PAUSES);
        kept = shorter;
        clipped = cut.then_some(Clip::ShortPause);
    }
    if kept.len_ms() > MAX_REFERENCE_MS {
        kept = kept.slice_ms(0, MAX_REFERENCE_MS);
        clipped = Some(Clip::Hard);
    }
    let speech = silence::trim_edges(&kept, EDGE_THRESH_DBFS);
    let speech_frames = speech.frames();
    let pcm = speech.joined(&Pcm::silent(TAIL_MS, EMPTY_CLIP_HZ));
    Ok(Preprocessed {
        pcm,
        speech_frames,
        clipped,
        source_duration,
    })
}

/// Appends piece after piece while they fit; tells whether one was left out.
fn gather(pcm: &Pcm, params: &SilenceParams) -> (Pcm, bool) {
    let mut kept = Pcm::silent(0, EMPTY_CLIP_HZ);
    for piece in silence::split_on_silence(pcm, params) {
        let joined = kept.joined(&piece);
        if kept.len_ms() > ENOUGH_MS && joined.len_ms() > MAX_REFERENCE_MS {
            return (kept, true);
        }
        kept = joined;
    }
    (kept, false)
}
