//! Dubbed audio, and how well each cue met its time.

use std::{ops::Range, path::Path, time::Duration};

use f5_core::{
    audio::{WavFormat, Waveform},
    timing::WordTiming,
};
use f5_timing::Track;

use crate::{error::Result, speech::Report};

/// Cues, spoken at their times.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Dub {
    /// Mono audio, silent between the cues. Not clipped: peaks may pass 1.
    pub waveform: Waveform,
    /// The seed that every cue was spoken with.
    pub seed: u64,
    /// What became of each cue, in the order they were given.
    pub cues: Vec<DubbedCue>,
    /// Time from the call to the result.
    pub elapsed: Duration,
}

/// What became of a cue.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DubbedCue {
    /// Its text as it was spoken: lines joined. Empty if there was nothing to say.
    pub text: String,
    /// Who says it.
    pub speaker: Option<String>,
    /// When it should be spoken.
    pub wanted: Range<Duration>,
    /// When its audio begins and ends; empty if nothing is said.
    pub spoken: Range<Duration>,
    /// The same in samples of [`Dub::waveform`].
    pub samples: Range<usize>,
    /// How long it lasts at the pace of its voice.
    pub natural: Duration,
    /// Its pace over that of the voice: above 1 it had to hurry.
    pub speed: f64,
    /// How much of it was cut off because the next cue began.
    pub clipped: Duration,
    /// Its words, timed in the whole audio; those that were cut off are left out. Their `chars` are
    /// those of `text`.
    pub words: Vec<WordTiming>,
    /// How its speech came about; `None` if nothing is said.
    pub report: Option<Report>,
}

impl DubbedCue {
    /// Seconds that it begins late.
    #[must_use]
    pub fn start_drift(&self) -> f64 {
        self.spoken.start.as_secs_f64() - self.wanted.start.as_secs_f64()
    }

    /// Seconds that it ends late; negative if it is over early.
    #[must_use]
    pub fn end_drift(&self) -> f64 {
        self.spoken.end.as_secs_f64() - self.wanted.end.as_secs_f64()
    }
}

impl Dub {
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

    /// The words of all cues with their speakers, as a track for subtitle and timing files. Where cues
    /// are spoken at once, the later word of two begins when the earlier one ends.
    ///
    /// # Errors
    ///
    /// When times lie beyond what tracks can hold.
    pub fn timings(&self) -> Result<Track> {
        let words = self.cues.iter().flat_map(|cue| {
            let speaker = cue.speaker.as_deref();
            cue.words.iter().map(move |word| (speaker, word.clone()))
        });
        let mut words: Vec<_> = words.collect();
        words.sort_by_key(|(_, word)| word.start);
        let mut track = Track::new();
        let mut earliest = Duration::ZERO;
        for (speaker, mut word) in words {
            word.start = word.start.max(earliest);
            word.end = word.end.max(word.start);
            earliest = word.end;
            track.push_words_of(speaker, &[word])?;
        }
        Ok(track.with_duration(self.duration().max(earliest))?)
    }
}
