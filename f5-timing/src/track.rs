//! Words and their times, checked once: everything that is written comes from here.

use std::time::Duration;

use f5_core::timing::WordTiming;

use crate::{
    error::{Result, TimeField, TimingError},
    time,
};

/// Words in order of time, none overlapping, every time finite; blank words are allowed.
///
/// Times are kept in whole nanoseconds. All texts lie in one buffer, so a track of a million words
/// is two allocations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track {
    text: String,
    pub(crate) spans: Vec<Span>,
    /// Names of speakers; a span counts them from 1.
    pub(crate) speakers: Vec<String>,
    duration: u64,
    language: Option<String>,
    title: Option<String>,
}

/// One word of a [`Track`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WordRef<'a> {
    /// The word as it was given.
    pub text: &'a str,
    /// Start from the beginning of the audio.
    pub start: Duration,
    /// End from the beginning of the audio.
    pub end: Duration,
    /// How well the audio fits the word.
    pub score: Option<f32>,
    /// Who says it, where that is known.
    pub speaker: Option<&'a str>,
}

impl Track {
    /// A track without words.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the words of an aligner.
    ///
    /// # Errors
    ///
    /// If a word ends before it starts, overlaps the word before it or stands before it, or lies
    /// beyond [`MAX_SECONDS`](crate::MAX_SECONDS); the error names the word.
    pub fn from_words(words: &[WordTiming]) -> Result<Self> {
        let mut track = Self::new();
        track.spans.reserve_exact(words.len());
        // A guess: adding up the lengths would fetch every word from memory once more.
        track.text.reserve(6 * words.len());
        for word in words {
            track.push(&word.word, word.start, word.end, word.score)?;
        }
        Ok(track)
    }

    /// Takes `(word, start, end)` with times in seconds.
    ///
    /// # Errors
    ///
    /// As [`Track::from_words`], and if a time is NaN, infinite or negative.
    pub fn from_seconds<S: AsRef<str>>(
        words: impl IntoIterator<Item = (S, f64, f64)>,
    ) -> Result<Self> {
        let mut track = Self::new();
        for (word, start, end) in words {
            track.push_seconds(word.as_ref(), Some(start), Some(end), None)?;
        }
        Ok(track)
    }

    /// Adds a word at the end.
    ///
    /// # Errors
    ///
    /// As [`Track::from_words`]; the track is then unchanged.
    #[inline]
    pub fn push(
        &mut self,
        word: &str,
        start: Duration,
        end: Duration,
        score: Option<f32>,
    ) -> Result<()> {
        let index = self.spans.len();
        let start = time::from_duration(start, index, TimeField::Start)?;
        let end = time::from_duration(end, index, TimeField::End)?;
        self.push_nanos(word, start, end, score)
    }

    /// Adds a word whose times are seconds and may be absent.
    ///
    /// # Errors
    ///
    /// As [`Track::from_seconds`], and if a time is `None`; the track is then unchanged.
    pub fn push_seconds(
        &mut self,
        word: &str,
        start: Option<f64>,
        end: Option<f64>,
        score: Option<f32>,
    ) -> Result<()> {
        let index = self.spans.len();
        let nanos = |value: Option<f64>, field| match value {
            Some(value) => time::from_seconds(value, index, field),
            None => Err(TimingError::Missing { index, field }),
        };
        let start = nanos(start, TimeField::Start)?;
        let end = nanos(end, TimeField::End)?;
        self.push_nanos(word, start, end, score)
    }

    /// Names the language of the words, a BCP 47 tag such as `en` or `zh-Hans`.
    #[must_use]
    pub fn with_language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Names what was spoken.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets how long the audio is; without it the audio ends with its last word.
    ///
    /// # Errors
    ///
    /// If the last word ends later.
    pub fn with_duration(mut self, duration: Duration) -> Result<Self> {
        let nanos = time::from_duration(duration, self.len(), TimeField::End)?;
        let last_end = self.last_end();
        if nanos < last_end {
            let duration = duration.as_secs_f64();
            return Err(TimingError::DurationTooShort {
                duration,
                last_end: time::seconds(last_end),
            });
        }
        self.duration = nanos;
        Ok(self)
    }

    /// Number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The word at `index`, counted from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<WordRef<'_>> {
        let span = self.spans.get(index)?;
        Some(WordRef {
            text: self.text_of(index),
            start: Duration::from_nanos(span.start),
            end: Duration::from_nanos(span.end),
            score: span.score(),
            speaker: self.speaker_of(index),
        })
    }

    /// The words in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = WordRef<'_>> {
        (0..self.len()).map(|index| WordRef {
            text: self.text_of(index),
            start: Duration::from_nanos(self.spans[index].start),
            end: Duration::from_nanos(self.spans[index].end),
            score: self.spans[index].score(),
            speaker: self.speaker_of(index),
        })
    }

    /// How long the audio is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.duration_nanos())
    }

    /// Language of the words, where it is known.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// What was spoken, where it has a name.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    #[inline]
    pub(crate) fn push_nanos(
        &mut self,
        word: &str,
        start: u64,
        end: u64,
        score: Option<f32>,
    ) -> Result<()> {
        let previous = self
            .spans
            .last()
            .map_or((0, 0), |span| (span.start, span.end));
        check(self.spans.len(), start, end, previous, score)?;
        self.text.push_str(word);
        let score = score.unwrap_or(f32::NAN);
        self.spans.push(Span {
            start,
            end,
            text_end: self.text.len(),
            score,
            speaker: 0,
        });
        Ok(())
    }

    #[inline]
    pub(crate) fn text_of(&self, index: usize) -> &str {
        let from = if index == 0 {
            0
        } else {
            self.spans[index - 1].text_end
        };
        &self.text[from..self.spans[index].text_end]
    }

    /// 16 bytes that begin with a word, and how many of them are its own; not for words that are
    /// empty, longer, or too near the end of the last.
    #[inline]
    pub(crate) fn chunk_of(&self, index: usize) -> Option<(&[u8; 16], usize)> {
        let length = self.text_of(index).len();
        let from = self.spans[index].text_end - length;
        let chunk = self.text.as_bytes().get(from..)?.first_chunk()?;
        (1..=chunk.len())
            .contains(&length)
            .then_some((chunk, length))
    }

    #[inline]
    pub(crate) fn nanos_of(&self, index: usize) -> (u64, u64) {
        let span = &self.spans[index];
        (span.start, span.end)
    }

    #[inline]
    pub(crate) fn score_of(&self, index: usize) -> Option<f32> {
        self.spans[index].score()
    }

    pub(crate) fn duration_nanos(&self) -> u64 {
        self.duration.max(self.last_end())
    }

    pub(crate) fn last_end(&self) -> u64 {
        self.spans.last().map_or(0, |span| span.end)
    }

    /// Forgets the first `count` words; what a stream has written.
    pub(crate) fn drain_front(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let cut = self.spans[count - 1].text_end;
        self.text.drain(..cut);
        self.spans.drain(..count);
        for span in &mut self.spans {
            span.text_end -= cut;
        }
    }
}

/// Checks what can only be wrong between whole times; `previous` is the word before.
#[inline]
pub(crate) fn check(
    index: usize,
    start: u64,
    end: u64,
    previous: (u64, u64),
    score: Option<f32>,
) -> Result<()> {
    if start < previous.1 || end < start || score.is_some_and(|score| !score.is_finite()) {
        return Err(explain(index, start, end, previous, score));
    }
    Ok(())
}

#[cold]
fn explain(
    index: usize,
    start: u64,
    end: u64,
    previous: (u64, u64),
    score: Option<f32>,
) -> TimingError {
    let (start_seconds, end_seconds) = (time::seconds(start), time::seconds(end));
    if end < start {
        return TimingError::EndBeforeStart {
            index,
            start: start_seconds,
            end: end_seconds,
        };
    }
    if start < previous.0 {
        let previous_start = time::seconds(previous.0);
        return TimingError::OutOfOrder {
            index,
            start: start_seconds,
            previous_start,
        };
    }
    if start < previous.1 {
        let previous_end = time::seconds(previous.1);
        return TimingError::Overlap {
            index,
            start: start_seconds,
            previous_end,
        };
    }
    TimingError::BadScore {
        index,
        value: score.unwrap_or(f32::NAN),
    }
}

/// Times of a word and where its text ends; it begins where the text before it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    start: u64,
    end: u64,
    text_end: usize,
    /// NaN stands for none: a score that is not finite never gets in.
    score: f32,
    /// From 1; 0 is nobody in particular.
    pub(crate) speaker: u32,
}

impl Span {
    #[inline]
    fn score(&self) -> Option<f32> {
        (!self.score.is_nan()).then_some(self.score)
    }
}

impl PartialEq for Span {
    fn eq(&self, other: &Self) -> bool {
        self.score() == other.score()
            && (self.start, self.end, self.text_end, self.speaker)
                == (other.start, other.end, other.text_end, other.speaker)
    }
}
