//! A script that was spoken, whole or in pieces: its audio, and who said which word when.

use std::{ops::Range, path::Path, time::Duration};

use f5_core::{
    audio::{WavFormat, Waveform},
    timing::WordTiming,
};
use f5_timing::Track;

use crate::{error::Result, speech::Report};

/// Audio of a performance that is final.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PerformancePiece {
    /// Mono samples that follow those of the piece before. Not clipped: peaks may pass 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
    /// Where `samples` begin in the whole audio.
    pub first_sample: usize,
    /// Words of this line that are final; their times count from the beginning of the whole audio, their
    /// `chars` in the text of the line.
    pub words: Vec<WordTiming>,
    /// The line, from 0.
    pub line: usize,
    /// Name of the voice that speaks it.
    pub speaker: String,
    /// The line's seed.
    pub seed: u64,
    /// Samples of the line so far, in the whole audio: a little of their end may come with the next
    /// piece. Empty if there is nothing to say.
    pub spoken: Range<usize>,
    /// How the line came about: with its last piece, if anything is said in it.
    pub report: Option<Report>,
}

/// A script that was spoken.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Performance {
    /// Mono audio. Not clipped: peaks may pass 1.
    pub waveform: Waveform,
    /// The lines of the script, in order.
    pub lines: Vec<PerformedLine>,
    /// Every word of the script and when it was spoken. Its `chars` count in the text of its line.
    pub words: Vec<WordTiming>,
}

/// A line of a script that was spoken.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PerformedLine {
    /// Name of the voice in the cast.
    pub speaker: String,
    /// What was said.
    pub text: String,
    /// The seed that was used.
    pub seed: u64,
    /// Its samples in the whole; none if there was nothing to say.
    pub samples: Range<usize>,
    /// Its words among those of the whole.
    pub words: Range<usize>,
    /// How its speech came about; `None` if nothing is said.
    pub report: Option<Report>,
}

impl Performance {
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

    /// The words as a track, with the names of who says them where several voices speak.
    ///
    /// # Errors
    ///
    /// When the words are not in order, which the engine's own never are.
    pub fn timings(&self) -> Result<Track> {
        let mut track = Track::new();
        let alone = self
            .lines
            .windows(2)
            .all(|pair| pair[0].speaker == pair[1].speaker);
        for line in &self.lines {
            let speaker = Some(line.speaker.as_str()).filter(|_| !alone);
            track.push_words_of(speaker, &self.words[line.words.clone()])?;
        }
        Ok(track.with_duration(self.duration())?)
    }
}
