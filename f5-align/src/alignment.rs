//! The answer of an aligner: words with their times, where they come from and how good they look.

use std::{ops::Range, time::Duration};

use f5_core::timing::{TimingSource, WordTiming};

use crate::words::TextWord;

/// The words of a text with their times in the audio.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Alignment {
    /// Every word of the text, in order and without overlap.
    pub words: Vec<WordTiming>,
    /// Length of the audio.
    pub duration: Duration,
    /// Name of the aligner that gave the times.
    pub aligner: &'static str,
    /// How far the times can be trusted.
    pub quality: Quality,
}

/// What an aligner knows about the worth of its times; a chain of aligners decides by it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Quality {
    /// Share of the words whose sound was found in the audio, from 0 to 1; 1 for no words.
    pub coverage: f32,
    /// Mean of the words' scores, from 0 to 1; `None` where the aligner has no such measure.
    pub score: Option<f32>,
    /// How far the frames of the path are behind the best phone of each frame, as a mean natural
    /// log-likelihood, 0 at best; `None` where the aligner has no model. [`HmmAligner`] gives -1.0
    /// to -5.5 for the right text in clean audio, -3.0 to -5.9 at 10 dB of white noise, and -7.5 to
    /// -15.4 for a wrong text (93, 93 and 40 utterances of five voices).
    ///
    /// [`HmmAligner`]: crate::HmmAligner
    pub log_likelihood: Option<f32>,
    /// Words per second of the time from the first word's start to the last word's end.
    pub words_per_second: f32,
}

impl Alignment {
    /// Puts words and their spans in seconds together, bending the spans as little as needed for
    /// the promises of an alignment: in order, without overlap, inside the audio.
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
            duration,
            aligner,
            quality,
        }
    }
}

/// Where one word lies, in seconds.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) time: Range<f64>,
    pub(crate) score: Option<f32>,
    pub(crate) source: TimingSource,
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
            coverage: if words.is_empty() {
                1.0
            } else {
                found as f32 / words.len() as f32
            },
            score: (!scores.is_empty()).then(|| scores.iter().sum::<f32>() / scores.len() as f32),
            log_likelihood: None,
            words_per_second: if spoken.is_zero() {
                0.0
            } else {
                words.len() as f32 / spoken.as_secs_f32()
            },
        }
    }
}

fn seconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time).unwrap_or(Duration::ZERO)
}
