//! Where a recording is cut: at the quietest point near the edge of a word.

use std::{ops::Range, time::Duration};

use f5_core::timing::WordTiming;

use crate::timeline::nearest_sample;

use super::script::Change;

/// Loudness is looked at in windows of this many seconds.
const WINDOW: f64 = 0.01;
/// Aligners are off by about as much: a cut may lie this far inside a word.
const SLACK: f64 = 0.02;
/// As far from a word that goes, a pause stays as it is.
const REACH: f64 = 0.15;

/// A recording and the words that were found in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located<'a> {
    pub(super) samples: &'a [f32],
    pub(super) rate: u32,
    pub(super) words: &'a [WordTiming],
}

impl Located<'_> {
    /// Where a time lies, never behind the end.
    pub(super) fn sample(&self, time: Duration) -> usize {
        nearest_sample(time, self.rate).min(self.samples.len())
    }

    /// The samples that go for each change, in order and apart; none for an insertion.
    pub(super) fn cuts(&self, changes: &[Change]) -> Vec<Range<usize>> {
        let mut earliest = 0;
        let mut cuts = Vec::with_capacity(changes.len());
        for change in changes {
            let start = self.before(change.old.start, Side::Right).max(earliest);
            let end = match change.old.is_empty() {
                true => start,
                false => self.before(change.old.end, Side::Left).max(start),
            };
            earliest = end;
            cuts.push(start..end);
        }
        cuts
    }

    /// The quietest point right before a word.
    pub(super) fn pause(&self, word: usize) -> usize {
        self.before(word, Side::Right)
    }

    /// The quietest point right behind the first words.
    pub(super) fn pause_after(&self, words: usize) -> usize {
        self.before(words, Side::Left)
    }

    /// The quietest point between this word and the one before it, near the word on one side.
    fn before(&self, word: usize, near: Side) -> usize {
        let end = self.seconds(self.samples.len());
        let left = word.checked_sub(1).and_then(|left| self.words.get(left));
        let left = left.map_or(0.0, |left| left.end.as_secs_f64());
        let right = self.words.get(word);
        let right = right
            .map_or(end, |right| right.start.as_secs_f64())
            .max(left);
        // The edges of the recording are no words: nothing is to be found inside them.
        let slack = |is_word: bool| if is_word { SLACK } else { 0.0 };
        let (mut first, mut last) = (
            left - slack(word > 0),
            right + slack(word < self.words.len()),
        );
        match near {
            // Behind the last word there is no word on the right.
            Side::Right if word < self.words.len() => first = first.max(right - REACH),
            _ => last = last.min(left + REACH),
        }
        self.quietest(first.max(0.0), last.min(end))
    }

    fn quietest(&self, first: f64, last: f64) -> usize {
        let at = |time: f64| ((time * f64::from(self.rate)) as usize).min(self.samples.len());
        let half = ((WINDOW * f64::from(self.rate) / 2.0) as usize).max(1);
        let energy = |center: usize| -> f64 {
            let window = center.saturating_sub(half)..(center + half).min(self.samples.len());
            let length = window.len().max(1) as f64;
            let sum: f64 = self.samples[window]
                .iter()
                .map(|&x| f64::from(x).powi(2))
                .sum();
            sum / length
        };
        let (first, last) = (at(first), at(last).max(at(first)));
        let centers = (first..=last).step_by((half / 4).max(1));
        // The middle of them, where several are as quiet: in digital silence all are.
        let middle = first.midpoint(last);
        let quietest = centers.min_by(|&a, &b| {
            let distance = |center: usize| center.abs_diff(middle);
            energy(a)
                .total_cmp(&energy(b))
                .then(distance(a).cmp(&distance(b)))
        });
        quietest.unwrap_or(middle)
    }

    fn seconds(&self, samples: usize) -> f64 {
        samples as f64 / f64::from(self.rate)
    }
}

/// The word that a cut belongs to.
#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Right,
}

#[cfg(test)]
mod tests {
    use f5_core::timing::TimingSource;

    use super::*;

    fn word(start: u64, end: u64) -> WordTiming {
        WordTiming {
            word: "word".to_owned(),
            start: Duration::from_millis(start),
            end: Duration::from_millis(end),
            score: None,
            source: TimingSource::Acoustic,
            chars: 0..4,
        }
    }

    fn change(old: Range<usize>) -> Change {
        Change {
            old,
            new: 0..0,
            fix_duration: None,
        }
    }

    #[test]
    fn cuts_lie_in_pauses_near_the_words_that_go() {
        // Loud words at 0.5 to 1.0, 1.0 to 1.5 and 2.5 to 3.0; the rest is silence.
        let words = [word(500, 1000), word(1000, 1500), word(2500, 3000)];
        let mut samples = vec![0.0; 4000];
        for word in &words {
            let [start, end] = [word.start, word.end].map(|time| time.as_millis() as usize);
            samples[start..end].fill(0.5);
        }
        samples[995..1005].fill(0.01);
        let located = Located {
            samples: &samples,
            rate: 1000,
            words: &words,
        };
        let cut = |old| located.cuts(&[change(old)]).swap_remove(0);
        let near = |cut: Range<usize>, start: usize, end: usize| {
            assert!(cut.start.abs_diff(start) <= 12, "{cut:?} at {start}");
            assert!(cut.end.abs_diff(end) <= 12, "{cut:?} to {end}");
        };
        near(cut(1..2), 1000, 1575);
        near(cut(2..3), 2425, 3075);
        near(cut(0..1), 425, 1000);
        near(cut(0..3), 425, 3075);
        near(cut(1..1), 1000, 1000);
        near(cut(3..3), 3075, 3075);
        // Nothing is cut twice.
        let cuts = located.cuts(&[change(0..1), change(1..1), change(1..2)]);
        assert!(cuts.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}
