//! Words and chunks on the joined audio: kept in order, and moved along when pauses are shortened.

use std::{ops::Range, time::Duration};

use f5_core::{
    audio::silence::{keep, kept_ranges},
    timing::WordTiming,
};

use crate::speech::Speech;

/// Chunks overlap where they fade, and so may the last word of one and the first of the next: the
/// later one wins.
pub(crate) fn keep_in_order(words: &mut [WordTiming]) {
    for index in 1..words.len() {
        let (before, after) = words.split_at_mut(index);
        let (previous, next) = (&mut before[index - 1], &mut after[0]);
        next.start = next.start.max(previous.start);
        next.end = next.end.max(next.start);
        previous.end = previous.end.min(next.start);
    }
}

/// `remove_silence` of f5-core, with the words and chunks moved along.
pub(crate) fn shorten_pauses(speech: &mut Speech) {
    let kept = kept_ranges(&speech.waveform);
    let rate = speech.sample_rate;
    speech.waveform = keep(&speech.waveform, &kept);
    let move_time = |time: Duration| {
        let sample = (time.as_secs_f64() * f64::from(rate)).round() as usize;
        seconds(moved(&kept, sample), rate).min(speech.waveform.duration())
    };
    for word in &mut speech.words {
        (word.start, word.end) = (move_time(word.start), move_time(word.end));
    }
    for chunk in &mut speech.chunks {
        chunk.samples = moved(&kept, chunk.samples.start)..moved(&kept, chunk.samples.end);
    }
}

/// Where a sample goes when only the `kept` ranges stay.
fn moved(kept: &[Range<usize>], sample: usize) -> usize {
    kept.iter()
        .map(|range| sample.clamp(range.start, range.end) - range.start)
        .sum()
}

/// Where a sample lies in time.
pub(crate) fn seconds(samples: usize, rate: u32) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(rate))
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
            source: TimingSource::Estimated,
            chars: 0..4,
        }
    }

    #[test]
    fn words_that_overlap_in_a_fade_are_parted() {
        let mut words = [word(0, 400), word(300, 700), word(250, 280)];
        keep_in_order(&mut words);
        let spans: Vec<_> = words
            .iter()
            .map(|w| (w.start.as_millis(), w.end.as_millis()))
            .collect();
        assert_eq!(spans, [(0, 300), (300, 300), (300, 300)]);
    }

    #[test]
    fn samples_move_by_what_is_cut_before_them() {
        let kept = [100..200, 500..600];
        let moved: Vec<_> = [0, 100, 150, 200, 300, 500, 550, 900]
            .map(|sample| moved(&kept, sample))
            .to_vec();
        assert_eq!(moved, [0, 0, 50, 100, 100, 100, 150, 200]);
    }
}
