//! What a chain asks of an alignment before it believes it.

use std::ops::RangeInclusive;

use super::Refusal;
use crate::{Alignment, TextWord};

/// What a chain asks of an alignment before it believes it.
///
/// A measure that a link does not have, such as the log-likelihood of an
/// [`EnergyAligner`](crate::EnergyAligner), is not asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Least share of the words that have to be found; [`Quality::coverage`](crate::Quality).
    pub coverage: f32,
    /// Least mean log-likelihood of a frame; [`Quality::log_likelihood`](crate::Quality).
    pub log_likelihood: f32,
    /// Pace of all words together; not asked of a single word.
    pub words_per_second: RangeInclusive<f32>,
    /// Most of the words that may be out of pace; [`Quality::odd_pace`](crate::Quality).
    pub odd_pace: f32,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            coverage: 0.5,
            log_likelihood: -6.8,
            words_per_second: 0.3..=9.0,
            odd_pace: 0.34,
        }
    }
}

impl Gate {
    /// Whether an alignment of these words is to be believed.
    ///
    /// # Errors
    ///
    /// The first [`Refusal`], if it is not.
    pub fn check(&self, alignment: &Alignment, words: &[TextWord]) -> Result<(), Refusal> {
        promises(alignment, words)?;
        let quality = &alignment.quality;
        if quality.coverage < self.coverage {
            return Err(Refusal::Coverage {
                found: quality.coverage,
                least: self.coverage,
            });
        }
        if let Some(found) = quality.log_likelihood.filter(|l| *l < self.log_likelihood) {
            let least = self.log_likelihood;
            return Err(Refusal::LogLikelihood { found, least });
        }
        let found = quality.words_per_second;
        if words.len() > 1 && !self.words_per_second.contains(&found) {
            return Err(Refusal::WordsPerSecond {
                found,
                least: *self.words_per_second.start(),
                most: *self.words_per_second.end(),
            });
        }
        if quality.odd_pace > self.odd_pace {
            return Err(Refusal::OddPace {
                found: quality.odd_pace,
                most: self.odd_pace,
            });
        }
        Ok(())
    }
}

/// What every aligner promises, checked because not every aligner is ours.
fn promises(alignment: &Alignment, words: &[TextWord]) -> Result<(), Refusal> {
    let mut earliest = std::time::Duration::ZERO;
    for (index, word) in words.iter().enumerate() {
        let kept = alignment.words.get(index).is_some_and(|found| {
            let in_order = found.start >= earliest && found.end >= found.start;
            earliest = found.end;
            found.word == word.text
                && found.chars == word.chars
                && in_order
                && found.end <= alignment.duration
        });
        if !kept {
            return Err(Refusal::Broken { index });
        }
    }
    if alignment.words.len() > words.len() {
        return Err(Refusal::Broken { index: words.len() });
    }
    Ok(())
}
