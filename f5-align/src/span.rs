//! Where words lie before they become an alignment, and how words that were not found are placed.

use std::ops::Range;

use f5_core::timing::TimingSource;

use crate::{TextWord, proportional::spread};

/// Where one word lies, in seconds from the beginning of the audio.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Start and end.
    pub time: Range<f64>,
    /// How well the audio fits the word, from 0 to 1.
    pub score: Option<f32>,
    /// What the time rests on.
    pub source: TimingSource,
}

/// The spans of all words: found ones as they are, the others sharing the time between their
/// neighbours by how long they take to say.
///
/// Words before the first found one reach back to `ends.start`, those after the last one on to
/// `ends.end`; without `ends` they have no time at all, which is right for marks. They are
/// [`TimingSource::Interpolated`] and have no score.
pub(crate) fn interpolate(
    words: &[TextWord],
    mut spans: Vec<Option<Span>>,
    ends: Option<Range<f64>>,
) -> Vec<Span> {
    let mut filled: Vec<Span> = Vec::with_capacity(words.len());
    while filled.len() < words.len() {
        let first = filled.len();
        if let Some(span) = spans[first].take() {
            filled.push(span);
            continue;
        }
        let run = spans[first..].iter().take_while(|s| s.is_none()).count();
        let before = filled.last().map(|s| s.time.end);
        let after = spans
            .get(first + run)
            .and_then(|s| s.as_ref())
            .map(|s| s.time.start);
        let ends = ends.as_ref();
        let from = before.or(ends.map(|e| e.start)).or(after).unwrap_or(0.0);
        let to = after.or(ends.map(|e| e.end)).unwrap_or(from);
        // Found words may lie beyond the ends that were given.
        let (from, to) = match (before, after) {
            (None, Some(after)) => (from.min(after), after),
            _ => (from, to.max(from)),
        };
        let placed = spread(&words[first..first + run], from, to);
        filled.extend(placed.into_iter().map(|span| Span {
            source: TimingSource::Interpolated,
            ..span
        }));
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split_words;

    fn found(time: Range<f64>) -> Option<Span> {
        Some(Span {
            time,
            score: Some(1.0),
            source: TimingSource::Acoustic,
        })
    }

    fn times(ends: Option<Range<f64>>) -> Vec<Range<f64>> {
        let words = split_words("a b c d e f");
        let spans = vec![None, found(1.0..2.0), None, None, found(4.0..5.0), None];
        let filled = interpolate(&words, spans, ends);
        filled.into_iter().map(|s| s.time).collect()
    }

    #[test]
    fn words_between_found_ones_share_the_time() {
        let inner = [1.0..2.0, 2.0..3.0, 3.0..4.0, 4.0..5.0];
        let without = times(None);
        assert_eq!(without[1..5], inner);
        assert_eq!((&without[0], &without[5]), (&(1.0..1.0), &(5.0..5.0)));
        let with = times(Some(0.5..9.0));
        assert_eq!(with[1..5], inner);
        assert_eq!((&with[0], &with[5]), (&(0.5..1.0), &(5.0..9.0)));
        let narrow = times(Some(3.0..4.5));
        assert_eq!((&narrow[0], &narrow[5]), (&(1.0..1.0), &(5.0..5.0)));
    }

    #[test]
    fn nothing_found_spreads_the_words_over_the_ends() {
        let words = split_words("a b");
        let filled = interpolate(&words, vec![None, None], Some(1.0..2.0));
        assert_eq!(filled[0].time, 1.0..1.5);
        assert_eq!(filled[1].time, 1.5..2.0);
    }
}
