//! The answer of an aligner: words with their times, where they come from and how good they look.

use std::time::Duration;

use f5_core::timing::{CharTiming, TimingSource, WordTiming};

use crate::{AlignError, LinkReport, Span, proportional::weight, split_words, words::TextWord};

/// The words of a text with their times in the audio.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Alignment {
    /// Every word of the text, in order and without overlap.
    pub words: Vec<WordTiming>,
    /// The characters of the words in order, each inside its word; empty where the aligner knows no
    /// times of characters.
    ///
    /// [`HmmAligner`](crate::HmmAligner) knows phones, not letters: it lays the letters of a word
    /// over its phones and marks them [`TimingSource::Interpolated`].
    pub chars: Vec<CharTiming>,
    /// Length of the audio.
    pub duration: Duration,
    /// Name of the aligner that gave the times.
    pub aligner: &'static str,
    /// How far the times can be trusted.
    pub quality: Quality,
    /// What each link of an [`AlignerChain`](crate::AlignerChain) said; empty for a single aligner.
    pub trail: Vec<LinkReport>,
}

/// What an aligner knows about the worth of its times; a chain of aligners decides by it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Quality {
    /// Share of the words whose sound was found in the audio, from 0 to 1; 1 for no words.
    pub coverage: f32,
    /// Mean of the words' scores, from 0 to 1; `None` where the aligner has no such measure.
    pub score: Option<f32>,
    /// How far the frames of a word are behind the best phone of each frame, as a natural
    /// log-likelihood, 0 at best: the mean over the words, silences left out; `None` where the
    /// aligner has no model. [`HmmAligner`] gives -1.1 to -5.4 for the right text in clean audio,
    /// -2.8 to -5.6 at 10 dB of white noise, -3.5 to -6.7 at 5 dB, and -8.0 to -19.5 for a wrong text,
    /// -6.9 to -11.9 at 10 dB (80 utterances of four voices, two of them not trained on).
    ///
    /// [`HmmAligner`]: crate::HmmAligner
    pub log_likelihood: Option<f32>,
    /// Words per second of the time from the first word's start to the last word's end.
    pub words_per_second: f32,
    /// Share of the words found in the audio whose pace is out of proportion: less than 0.3 or more
    /// than 4 times the one that all found words have together, by letters and syllables.
    pub odd_pace: f32,
}

impl Alignment {
    /// An alignment of `text` from the place of each of its words, as
    /// [`split_words`] cuts them; for implementations of [`Aligner`](crate::Aligner).
    ///
    /// Spans are bent as little as needed for the promises of an alignment: in order, without
    /// overlap, inside the audio.
    ///
    /// # Errors
    ///
    /// [`AlignError::Broken`] if there is not one span for each word, or a time or score is not a
    /// number.
    pub fn new(
        aligner: &'static str,
        duration: Duration,
        text: &str,
        spans: &[Span],
    ) -> Result<Self, AlignError> {
        let words = split_words(text);
        let usable = spans
            .iter()
            .filter(|s| {
                let score = s.score.is_none_or(f32::is_finite);
                s.time.start.is_finite() && s.time.end.is_finite() && score
            })
            .count();
        if usable != words.len() || usable != spans.len() {
            return Err(AlignError::Broken {
                aligner,
                words: words.len(),
                spans: usable,
            });
        }
        Ok(Self::assemble(aligner, duration, words, spans))
    }

    /// As [`new`](Self::new), for as many spans as words, all of them numbers.
    pub(crate) fn assemble(
        aligner: &'static str,
        duration: Duration,
        words: Vec<TextWord>,
        spans: &[Span],
    ) -> Self {
        debug_assert_eq!(words.len(), spans.len());
        let mut earliest = Duration::ZERO;
        let words: Vec<_> = words
            .into_iter()
            .zip(spans)
            .map(|(word, span)| {
                let start = seconds(span.time.start).clamp(earliest, duration);
                let end = seconds(span.time.end).clamp(start, duration);
                earliest = end;
                WordTiming {
                    word: word.text,
                    start,
                    end,
                    score: span.score,
                    source: span.source,
                    chars: word.chars,
                }
            })
            .collect();
        let quality = Quality::of(&words);
        Self {
            words,
            chars: Vec::new(),
            duration,
            aligner,
            quality,
            trail: Vec::new(),
        }
    }

    /// The alignment with times of characters: the span of each, by its position in the text.
    ///
    /// Characters that are not part of a word are left out, the others bent into their words.
    #[must_use]
    pub fn with_chars(mut self, chars: impl IntoIterator<Item = (usize, Span)>) -> Self {
        let mut words = self.words.iter();
        let mut word = words.next();
        let mut earliest = Duration::ZERO;
        self.chars = chars
            .into_iter()
            .filter_map(|(position, span)| {
                while word.is_some_and(|w| w.chars.end <= position) {
                    word = words.next();
                }
                let word = word.filter(|w| w.chars.start <= position)?;
                let start = seconds(span.time.start).max(earliest);
                let start = start.clamp(word.start, word.end);
                let end = seconds(span.time.end).clamp(start, word.end);
                earliest = end;
                Some(CharTiming {
                    character: word.word.chars().nth(position - word.chars.start)?,
                    position,
                    start,
                    end,
                    score: span.score,
                    source: span.source,
                })
            })
            .collect();
        self
    }

    /// The alignment with a mean log-likelihood of its frames, see [`Quality::log_likelihood`].
    #[must_use]
    pub fn with_log_likelihood(mut self, log_likelihood: f32) -> Self {
        self.quality.log_likelihood = Some(log_likelihood);
        self
    }
}

impl Quality {
    fn of(words: &[WordTiming]) -> Self {
        let found = words
            .iter()
            .filter(|w| w.source == TimingSource::Acoustic)
            .count();
        let scores: Vec<f32> = words.iter().filter_map(|w| w.score).collect();
        let spoken = match words {
            [] => Duration::ZERO,
            [first, ..] => words[words.len() - 1].end - first.start,
        };
        Self {
            coverage: share(found, words.len()).unwrap_or(1.0),
            score: (!scores.is_empty()).then(|| scores.iter().sum::<f32>() / scores.len() as f32),
            log_likelihood: None,
            words_per_second: if spoken.is_zero() {
                0.0
            } else {
                words.len() as f32 / spoken.as_secs_f32()
            },
            odd_pace: odd_pace(words),
        }
    }
}

/// Share of the found words that are spoken much slower or faster than all of them together.
fn odd_pace(words: &[WordTiming]) -> f32 {
    let found = words.iter().filter(|w| w.source == TimingSource::Acoustic);
    let found: Vec<(f64, f64)> = found
        .map(|w| (weight(&w.word), (w.end - w.start).as_secs_f64()))
        .filter(|(weight, _)| *weight > 0.0)
        .collect();
    let (letters, time) = found
        .iter()
        .fold((0.0, 0.0), |sum, w| (sum.0 + w.0, sum.1 + w.1));
    if time == 0.0 {
        return 0.0;
    }
    let odd = found.iter().filter(|(weight, length)| {
        let pace = weight * time / (letters * length);
        !(0.3..=4.0).contains(&pace)
    });
    share(odd.count(), found.len()).unwrap_or(0.0)
}

fn share(part: usize, whole: usize) -> Option<f32> {
    (whole > 0).then(|| part as f32 / whole as f32)
}

fn seconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time).unwrap_or(Duration::ZERO)
}
