//! When each word was spoken: the type that aligners produce and timing formats consume.

use std::{ops::Range, time::Duration};

use serde::{Deserialize, Serialize};

/// One word of a text and the span of audio in which it was spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordTiming {
    /// The word as it stands in the text, punctuation included.
    pub word: String,
    /// Start, from the beginning of the audio.
    pub start: Duration,
    /// End, from the beginning of the audio; never before `start`.
    pub end: Duration,
    /// How well the audio fits the word, from 0 to 1; `None` where the source has no such measure.
    pub score: Option<f32>,
    /// What the times rest on.
    pub source: TimingSource,
    /// The word's characters in the text that was aligned, counted in `char`s.
    pub chars: Range<usize>,
}

impl WordTiming {
    /// Whether the times were filled in instead of found in the audio: everything but
    /// [`TimingSource::Acoustic`].
    #[must_use]
    pub fn is_interpolated(&self) -> bool {
        self.source != TimingSource::Acoustic
    }
}

/// One character of a text and the span of audio in which it was spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CharTiming {
    /// The character as it stands in the text.
    pub character: char,
    /// Which `char` of the text that was aligned it is, from 0.
    pub position: usize,
    /// Start, from the beginning of the audio.
    pub start: Duration,
    /// End, from the beginning of the audio; never before `start`.
    pub end: Duration,
    /// How well the audio fits the character, from 0 to 1; `None` where the source has no such
    /// measure.
    pub score: Option<f32>,
    /// What the times rest on.
    pub source: TimingSource,
}

/// What the times of a word or character rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimingSource {
    /// An acoustic model found it in the audio.
    Acoustic,
    /// Placed between neighbours that were found: it has no sound of its own, or none that was found.
    Interpolated,
    /// Spread over the voiced audio in proportion to the text; the audio of the word was not looked at.
    Estimated,
}
