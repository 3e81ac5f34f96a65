//! An edited recording, and how it came about.

use std::{ops::Range, path::Path, time::Duration};

use f5_core::{
    audio::{WavFormat, Waveform},
    text::UnknownChar,
    timing::WordTiming,
};
use f5_timing::Track;

use crate::{error::Result, place::DeviceMove, speech::ChunkAlignment};

/// An edited recording.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Edited {
    /// Mono audio, at the recording's rate, or at the model's for
    /// [`Vocoded`](crate::EditOutput::Vocoded).
    pub waveform: Waveform,
    /// What is said in it now.
    pub text: String,
    /// Every word of `text` and when it is spoken: words that stayed were found in the recording, new
    /// ones in the new audio. Empty without [`word_timings`](crate::SynthesisParams::word_timings).
    pub words: Vec<WordTiming>,
    /// The seed that was used.
    pub seed: u64,
    /// How it came about.
    pub report: EditReport,
}

/// How an [`Edited`] came about.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct EditReport {
    /// What was changed, in order.
    pub spans: Vec<EditedSpan>,
    /// How the words of the original text were found in the recording; `None` for explicit spans.
    ///
    /// Where its [`aligner`](ChunkAlignment::aligner) is `energy`, the aligners that listen did not
    /// believe that this text is said in this recording, and words are cut where an even pace
    /// puts them; its `trail` says why.
    pub located: Option<ChunkAlignment>,
    /// Pieces of the recording that went through the model, in samples of the recording.
    pub heard: Vec<Range<usize>>,
    /// Characters of the edited text that the model's vocabulary lacks: they were read as spaces.
    pub unknown: Vec<UnknownChar>,
    /// The device that computed; empty if nothing had to be spoken.
    pub device: String,
    /// Precision and instruction set of the fused CPU engine; `None` where Burn computed.
    pub kernels: Option<String>,
    /// Where the call went on on another device.
    pub moves: Vec<DeviceMove>,
    /// Time spent sampling mels.
    pub sampling: Duration,
    /// Time spent in the vocoder.
    pub vocoding: Duration,
    /// Time spent on the words of recording and result.
    pub aligning: Duration,
    /// Time from the call to the result.
    pub elapsed: Duration,
}

/// A span that was changed. What lies outside the spans and the seams beside them is the recording.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EditedSpan {
    /// The words of the original text that went; `None` for explicit spans.
    pub old_words: Option<Range<usize>>,
    /// The words of the edited text that are said here; empty for a deletion.
    pub words: Range<usize>,
    /// Samples of the recording that went.
    pub old: Range<usize>,
    /// Samples of the result that came.
    pub new: Range<usize>,
    /// What the new samples were multiplied with, so that they are as loud as their surroundings: the ratio
    /// between the recording beside the span and what the vocoder made of the same frames.
    pub gain: f32,
    /// Root mean square of the new samples.
    pub rms: f32,
    /// How the new words were found.
    pub alignment: Option<ChunkAlignment>,
}

impl Edited {
    /// How long the audio lasts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.waveform.duration()
    }

    /// Writes the audio as a 16-bit WAV file; peaks beyond full scale are clipped.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; nothing is left half-written.
    pub fn save_wav(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(self.waveform.write_wav(path, WavFormat::Pcm16)?)
    }

    /// The words as a track for subtitle and timing files.
    ///
    /// # Errors
    ///
    /// When the words are not in order, which the engine's own never are.
    pub fn timings(&self) -> Result<Track> {
        Ok(Track::from_words(&self.words)?.with_duration(self.duration())?)
    }
}
