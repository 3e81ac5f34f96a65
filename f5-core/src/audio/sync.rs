//! Bringing two clips to one rate and channel count, in integers.

use super::{SampleWidth, resample::reduced};

/// Repeats a mono clip in every channel; a clip that has `to` channels stays as it is.
pub(super) fn spread_mono(samples: &[i32], from: u16, to: u16) -> Vec<i32> {
    let copies = if from == 1 { usize::from(to) } else { 1 };
    samples
        .iter()
        .flat_map(|&v| std::iter::repeat_n(v, copies))
        .collect()
}

/// Linear interpolation between neighbouring frames, as Python's `audioop.ratecv` does it: on
/// samples scaled to 32 bits, in `f64`, truncated toward zero and then shifted back.
pub(super) fn rate_convert(
    samples: &[i32],
    width: SampleWidth,
    channels: u16,
    from_hz: u32,
    to_hz: u32,
) -> Vec<i32> {
    let (from, to) = reduced(from_hz, to_hz);
    let (from, to) = (i64::from(from), i64::from(to));
    let shift = 32 - width.bits();
    let channels = usize::from(channels);
    let silence = vec![0; channels];
    let mut previous = silence.as_slice();
    let mut out = Vec::new();
    // How far the current frame lies after the wanted position, in 1/to of an input frame; the
    // first output lies on the first frame.
    let mut ahead = -to;
    for current in samples.chunks_exact(channels) {
        ahead += to;
        while ahead >= 0 {
            for (&before, &after) in previous.iter().zip(current) {
                let [before, after] = [before, after].map(|v| f64::from(v << shift));
                let mixed = (before * ahead as f64 + after * (to - ahead) as f64) / to as f64;
                out.push((mixed as i32) >> shift);
            }
            ahead -= from;
        }
        previous = current;
    }
    out
}
