//! Words and chunks on the joined audio, moved along when pauses are shortened.

use std::{ops::Range, time::Duration};

use f5_core::audio::silence::{keep, kept_ranges};

use crate::speech::Speech;

/// `remove_silence` of f5-core, with the words and chunks moved along.
pub(crate) fn shorten_pauses(speech: &mut Speech) {
    let kept = kept_ranges(&speech.waveform);
    let rate = speech.sample_rate;
    speech.waveform = keep(&speech.waveform, &kept);
    let move_time = |time: Duration| {
        seconds(moved(&kept, nearest_sample(time, rate)), rate).min(speech.waveform.duration())
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

/// The sample nearest to a time; the last there can be for times behind it.
pub(crate) fn nearest_sample(time: Duration, rate: u32) -> usize {
    let nearest = (time.as_nanos() * u128::from(rate) + 500_000_000) / 1_000_000_000;
    usize::try_from(nearest).unwrap_or(usize::MAX)
}

/// The whole samples that a duration has room for.
pub(crate) fn whole_samples(duration: Duration, rate: u32) -> usize {
    (duration.as_secs_f64() * f64::from(rate)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_move_by_what_is_cut_before_them() {
        let kept = [100..200, 500..600];
        let moved: Vec<_> = [0, 100, 150, 200, 300, 500, 550, 900]
            .map(|sample| moved(&kept, sample))
            .to_vec();
        assert_eq!(moved, [0, 0, 50, 100, 100, 100, 150, 200]);
    }
    #[test]
    fn times_without_end_are_no_short_ones() {
        assert_eq!(nearest_sample(Duration::MAX, 24_000), usize::MAX);
        assert_eq!(whole_samples(Duration::MAX, 24_000), usize::MAX);
        assert_eq!(nearest_sample(Duration::from_millis(1500), 1000), 1500);
    }
}
