//! Finding silence and cutting at it, in whole milliseconds as pydub 0.25.1 does.

use std::ops::Range;

use super::{
    Pcm, SampleWidth, Waveform,
    pcm::{integer_rms, slice_filled, square},
};

/// When a stretch of audio counts as silence and how much of it is kept when cutting.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SilenceParams {
    /// Length in milliseconds of the windows that are looked at; shorter silence is not seen.
    pub min_silence_ms: u32,
    /// A window is silent up to this level in decibels of full scale.
    pub silence_thresh_dbfs: f64,
    /// Milliseconds of silence kept on both sides of a piece.
    pub keep_silence_ms: u32,
    /// Milliseconds between the starts of windows; 0 counts as 1.
    pub seek_step_ms: u32,
}

impl SilenceParams {
    /// The pauses at which a reference is cut first.
    pub const LONG_PAUSES: Self = Self::new(1000, -50.0, 1000);
    /// The pauses at which a reference is cut when the long ones do not bring it down to 12 s.
    pub const SHORT_PAUSES: Self = Self::new(100, -40.0, 1000);
    /// The pauses that [`remove_silence`] shortens in generated speech.
    pub const OUTPUT: Self = Self::new(1000, -50.0, 500);

    /// Windows of `min_silence_ms` every 10 ms.
    #[must_use]
    pub const fn new(min_silence_ms: u32, silence_thresh_dbfs: f64, keep_silence_ms: u32) -> Self {
        Self {
            min_silence_ms,
            silence_thresh_dbfs,
            keep_silence_ms,
            seek_step_ms: 10,
        }
    }
}

/// The silent stretches of a clip in milliseconds, in order (pydub's `detect_silence`).
#[must_use]
pub fn detect_silence(pcm: &Pcm, params: &SilenceParams) -> Vec<Range<u64>> {
    let len = pcm.len_ms();
    let window = u64::from(params.min_silence_ms);
    if len < window {
        return Vec::new();
    }
    let threshold =
        10_f64.powf(params.silence_thresh_dbfs / 20.0) * pcm.sample_width().full_scale();
    let energy = EnergyTable::new(pcm);
    let step = u64::from(params.seek_step_ms.max(1));
    let last = len - window;
    let starts = (0..=last)
        .step_by(step as usize)
        .chain((!last.is_multiple_of(step)).then_some(last));

    let mut ranges: Vec<Range<u64>> = Vec::new();
    let mut previous = 0;
    for start in starts.filter(|&at| energy.rms(at, at + window) as f64 <= threshold) {
        match ranges.last_mut() {
            // Two blips can make a window between silent ones loud; overlapping ones still join.
            Some(range) if start == previous + step || start <= previous + window => {
                range.end = start + window;
            }
            _ => ranges.push(start..start + window),
        }
        previous = start;
    }
    ranges
}

/// What [`detect_silence`] leaves: the whole clip if nothing is silent, nothing if all is.
#[must_use]
pub fn detect_nonsilent(pcm: &Pcm, params: &SilenceParams) -> Vec<Range<u64>> {
    let len = pcm.len_ms();
    let silent = detect_silence(pcm, params);
    if silent.first().is_some_and(|range| *range == (0..len)) {
        return Vec::new();
    }
    let mut ranges = Vec::with_capacity(silent.len() + 1);
    let mut end = 0;
    for range in &silent {
        ranges.push(end..range.start);
        end = range.end;
    }
    if silent.is_empty() || end != len {
        ranges.push(end..len);
    }
    if ranges.first() == Some(&(0..0)) && !silent.is_empty() {
        ranges.remove(0);
    }
    ranges
}

/// The pieces of a clip between its silences in milliseconds, with the silence kept around them;
/// where two pieces would overlap, they meet half-way.
#[must_use]
pub fn split_ranges(pcm: &Pcm, params: &SilenceParams) -> Vec<Range<u64>> {
    let len = pcm.len_ms() as i64;
    let keep = i64::from(params.keep_silence_ms);
    let mut ranges: Vec<_> = detect_nonsilent(pcm, params)
        .into_iter()
        .map(|range| (range.start as i64 - keep, range.end as i64 + keep))
        .collect();
    for next in 1..ranges.len() {
        let (end, start) = (ranges[next - 1].1, ranges[next].0);
        if start < end {
            let middle = (end + start).div_euclid(2);
            ranges[next - 1].1 = middle;
            ranges[next].0 = middle;
        }
    }
    ranges
        .into_iter()
        .map(|(start, end)| start.max(0) as u64..end.clamp(0, len) as u64)
        .collect()
}

/// The pieces of [`split_ranges`] as clips (pydub's `split_on_silence`).
#[must_use]
pub fn split_on_silence(pcm: &Pcm, params: &SilenceParams) -> Vec<Pcm> {
    split_ranges(pcm, params)
        .into_iter()
        .map(|r| pcm.slice_ms(r.start, r.end))
        .collect()
}

/// Milliseconds before the first 10 ms that reach `silence_thresh_dbfs`; the clip's length if none
/// do.
#[must_use]
pub fn leading_silence_ms(pcm: &Pcm, silence_thresh_dbfs: f64) -> u64 {
    const HOP: u64 = 10;
    let len = pcm.len_ms();
    let mut at = 0;
    while at < len && pcm.slice_ms(at, at + HOP).dbfs() < silence_thresh_dbfs {
        at += HOP;
    }
    at.min(len)
}

/// The clip without the silence at both ends, in steps of 10 ms.
#[must_use]
pub fn trim_edges(pcm: &Pcm, silence_thresh_dbfs: f64) -> Pcm {
    let lead = leading_silence_ms(pcm, silence_thresh_dbfs);
    let pcm = pcm.slice_ms(lead, pcm.len_ms());
    match leading_silence_ms(&pcm.reversed(), silence_thresh_dbfs) {
        0 => pcm,
        tail => pcm.slice_ms(0, pcm.len_ms() - tail),
    }
}

/// Shortens every pause of a second or more to half a second at each side, upstream's output
/// option `remove_silence`. Audio that is silent throughout becomes empty.
///
/// Silence is measured on the samples as a 16-bit file would hold them; the samples that stay are
/// not changed.
#[must_use]
pub fn remove_silence(wave: &Waveform) -> Waveform {
    keep(wave, &kept_ranges(wave))
}

/// The given sample ranges, one after the other; where a range passes the end, zeros are appended.
#[must_use]
pub fn keep(wave: &Waveform, ranges: &[Range<usize>]) -> Waveform {
    let mut samples = Vec::with_capacity(wave.samples().len());
    for range in ranges {
        samples.extend(slice_filled(wave.samples(), 1, range.start, range.end));
    }
    Waveform::from_finite(samples, wave.sample_rate())
}

/// The sample ranges that [`remove_silence`] keeps, in order and without overlap. Times move by
/// what lies between them. The last may end up to half a millisecond after the audio, where zeros
/// are appended.
#[must_use]
pub fn kept_ranges(wave: &Waveform) -> Vec<Range<usize>> {
    let pcm = wave.to_pcm(SampleWidth::Bits16);
    split_ranges(&pcm, &SilenceParams::OUTPUT)
        .into_iter()
        .map(|range| pcm.frame_at_ms(range.start)..pcm.frame_at_ms(range.end))
        .collect()
}

/// Energy of a clip up to every millisecond, so that a window costs two look-ups.
struct EnergyTable {
    /// Per millisecond: samples before it (frames times channels, the zero filling included), and
    /// the sum of their squares.
    marks: Vec<(usize, u128)>,
}

impl EnergyTable {
    fn new(pcm: &Pcm) -> Self {
        let channels = usize::from(pcm.channels());
        let mut sum = 0;
        let mut samples = pcm.samples().iter();
        let mut before = 0;
        let marks = (0..=pcm.len_ms())
            .map(|ms| {
                let mark = pcm.frame_at_ms(ms) * channels;
                sum += samples
                    .by_ref()
                    .take(mark - before)
                    .map(|&v| square(v))
                    .sum::<u128>();
                before = mark;
                (mark, sum)
            })
            .collect();
        Self { marks }
    }

    fn rms(&self, start_ms: u64, end_ms: u64) -> u64 {
        let (start, end) = (self.marks[start_ms as usize], self.marks[end_ms as usize]);
        integer_rms(end.1 - start.1, end.0 - start.0)
    }
}
