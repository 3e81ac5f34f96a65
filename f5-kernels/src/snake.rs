//! Periodic activations without aliases ([BigVGAN](https://arxiv.org/abs/2206.04658)): to twice the
//! rate, `x + sin²(alpha x) / beta`, and back, through a low-pass filter of twelve taps.
//!
//! The even and the odd samples of the double rate are two sequences of the single rate that see six
//! taps each, so nothing is multiplied with zero. Rows are positions and channels lie side by side:
//! neighbours in time are a row apart, and every loop runs along channels and rows alike.

use std::ops::Range;

use crate::{
    buffer::Buffer,
    isa::{Cpu, vectorize},
    math::MulAdd,
};

/// Taps that either sequence sees.
const TAPS: usize = 6;
/// Rows before and after a row that it depends on at the double rate.
const REACH: usize = 3;
/// The parameters of the channels are repeated to at least this many, so that narrow rows make long
/// loops.
const PERIOD: usize = 96;
/// Minimax polynomial of `sin(pi r) / r` in `r²` for `r` in -0.5..=0.5; the sine is good to 5e-8.
const SINE: [f32; 5] = [
    3.141_592_5,
    -5.167_707,
    2.550_031_4,
    -0.598_045_2,
    0.077_220_105,
];

/// An activation of rows `[positions, channels]`.
#[derive(Debug)]
pub struct Snake {
    channels: usize,
    /// `alpha / pi`, repeated.
    frequency: Vec<f32>,
    /// `1 / beta`, repeated.
    magnitude: Vec<f32>,
    /// Taps 1, 3, 5, … of the filter; the others are the same backwards.
    odd_taps: [f32; TAPS],
}

/// Memory of one task: rows of the double rate, and results.
#[derive(Debug, Default)]
pub struct SnakeScratch {
    even: Buffer<f32>,
    odd: Buffer<f32>,
    out: Buffer<f32>,
}

impl Snake {
    /// An activation with `alpha` and `1 / beta` of each channel; `odd_taps` are taps 1, 3, 5, … of a
    /// symmetric filter of twelve.
    ///
    /// # Panics
    ///
    /// When there are no channels, or not one magnitude to each frequency.
    #[must_use]
    pub fn new(alpha: &[f32], magnitude: &[f32], odd_taps: [f32; TAPS]) -> Self {
        let channels = alpha.len();
        assert!(
            channels > 0 && magnitude.len() == channels,
            "one magnitude for each frequency"
        );
        let len = PERIOD.div_ceil(channels) * channels;
        let repeated = |values: &[f32], factor: f32| {
            let values = values.iter().map(|value| value * factor);
            values.cycle().take(len).collect()
        };
        Self {
            channels,
            frequency: repeated(alpha, std::f32::consts::FRAC_1_PI),
            magnitude: repeated(magnitude, 1.0),
            odd_taps,
        }
    }

    /// Channels of a row.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The activation of the rows `rows` of `x`, `[positions, channels]`; both ends of `x` are repeated.
    /// The result lies in `scratch`.
    ///
    /// # Panics
    ///
    /// When there are no such rows.
    pub fn apply<'a>(
        &self,
        cpu: Cpu,
        x: &[f32],
        rows: Range<usize>,
        scratch: &'a mut SnakeScratch,
    ) -> &'a [f32] {
        let (channels, positions) = (self.channels, x.len() / self.channels);
        assert!(
            rows.start < rows.end && rows.end <= positions,
            "no rows {rows:?}"
        );
        // At the double rate `REACH` more rows on both sides; row 0 of the scratch is `rows.start - REACH`.
        let count = rows.len() + 2 * REACH;
        let SnakeScratch { even, odd, out } = scratch;
        for buffer in [&mut *even, &mut *odd] {
            buffer.grow(count * channels);
        }
        out.grow(rows.len() * channels);
        let (even, odd) = (&mut even[..count * channels], &mut odd[..count * channels]);
        let first = rows.start.max(REACH) - REACH;
        let last = (rows.end + REACH).min(positions);
        let local = |row: usize| (row + REACH - rows.start) * channels;
        // Rows whose neighbours all exist are one long loop, the others a loop each.
        let inner = first.max(REACH)..last.min(positions.saturating_sub(REACH));
        let mut stretch = |from: usize, to: usize, neighbour: &dyn Fn(usize, usize) -> usize| {
            let len = (to - from) * channels;
            let neighbours = std::array::from_fn(|tap| {
                let row = neighbour(from, tap);
                &x[row * channels..][..len]
            });
            let at = local(from);
            self.double(
                cpu,
                neighbours,
                &mut even[at..][..len],
                &mut odd[at..][..len],
            );
        };
        let clamped =
            |row: usize, tap: usize| (row + tap).max(REACH).min(positions - 1 + REACH) - REACH;
        if inner.start < inner.end {
            stretch(inner.start, inner.end, &|row, tap| row + tap - REACH);
        }
        for row in (first..last).filter(|row| !inner.contains(row)) {
            stretch(row, row + 1, &clamped);
        }
        // Beyond the ends, both sequences are the first or the last sample of the double rate.
        if first + REACH > rows.start {
            let at = local(first);
            let sample = even[at..][..channels].to_vec();
            for row in 0..at / channels {
                even[row * channels..][..channels].copy_from_slice(&sample);
                odd[row * channels..][..channels].copy_from_slice(&sample);
            }
        }
        if last < rows.end + REACH {
            let at = local(last);
            let sample = odd[at - channels..at].to_vec();
            for row in at / channels..count {
                even[row * channels..][..channels].copy_from_slice(&sample);
                odd[row * channels..][..channels].copy_from_slice(&sample);
            }
        }
        let out = &mut out[..rows.len() * channels];
        self.halve(cpu, even, odd, out);
        out
    }

    /// Both samples of the double rate at each row, activated: `rows` are the rows from three before to
    /// three after.
    fn double(&self, cpu: Cpu, rows: [&[f32]; 2 * REACH + 1], even: &mut [f32], odd: &mut [f32]) {
        // Half of the samples are silent while stretching, hence the factor.
        let taps = self.odd_taps.map(|tap| 2.0 * tap);
        let (frequency, magnitude) = (&self.frequency, &self.magnitude);
        let (period, len) = (frequency.len(), even.len());
        vectorize!(cpu.level, m => for start in (0..len).step_by(period) {
            let count = period.min(len - start);
            let (even, odd) = (&mut even[start..][..count], &mut odd[start..][..count]);
            each_run(count, Doubling { m, taps, rows, start, frequency, magnitude, even, odd });
        });
    }

    /// Back to the single rate.
    fn halve(&self, cpu: Cpu, even: &[f32], odd: &[f32], out: &mut [f32]) {
        let (taps, channels) = (self.odd_taps, self.channels);
        vectorize!(cpu.level, m => {
            let count = out.len();
            each_run(count, Halving { m, taps, channels, even, odd, out });
        });
    }
}

/// Numbers that are computed together: a register of the widest instructions.
const RUN: usize = 16;

/// A loop whose body the compiler sees as operations on whole registers. Written over single numbers it
/// has so many slices, any of which could be the output, that it is left scalar.
trait Body {
    /// Numbers `at..at + N`.
    fn run<const N: usize>(&mut self, at: usize);
}

/// Runs `body` over `count` numbers. The last run begins early enough to be whole.
#[inline(always)]
fn each_run(count: usize, mut body: impl Body) {
    if count < RUN {
        for at in 0..count {
            body.run::<1>(at);
        }
        return;
    }
    for at in (0..count).step_by(RUN) {
        body.run::<RUN>(at.min(count - RUN));
    }
}

#[inline(always)]
fn load<const N: usize>(values: &[f32], at: usize) -> [f32; N] {
    let mut out = [0.0; N];
    out.copy_from_slice(&values[at..][..N]);
    out
}

/// `sums + tap * x`
#[inline(always)]
fn add_tap<const N: usize>(m: impl MulAdd, sums: &mut [f32; N], tap: f32, x: &[f32; N]) {
    for (sum, x) in sums.iter_mut().zip(x) {
        *sum = m.mul_add(tap, *x, *sum);
    }
}

struct Doubling<'a, M> {
    m: M,
    taps: [f32; TAPS],
    rows: [&'a [f32]; 2 * REACH + 1],
    /// Where `even` and `odd` begin in the rows.
    start: usize,
    frequency: &'a [f32],
    magnitude: &'a [f32],
    even: &'a mut [f32],
    odd: &'a mut [f32],
}

impl<M: MulAdd> Body for Doubling<'_, M> {
    #[inline(always)]
    fn run<const N: usize>(&mut self, at: usize) {
        let (mut even, mut odd) = ([0.0; N], [0.0; N]);
        for (tap, row) in self.rows.iter().enumerate() {
            let x = load::<N>(row, self.start + at);
            if tap < TAPS {
                add_tap(self.m, &mut even, self.taps[TAPS - 1 - tap], &x);
            }
            if tap > 0 {
                add_tap(self.m, &mut odd, self.taps[tap - 1], &x);
            }
        }
        let frequency = load::<N>(self.frequency, at);
        let magnitude = load::<N>(self.magnitude, at);
        for i in 0..N {
            even[i] = snake(self.m, even[i], frequency[i], magnitude[i]);
            odd[i] = snake(self.m, odd[i], frequency[i], magnitude[i]);
        }
        self.even[at..][..N].copy_from_slice(&even);
        self.odd[at..][..N].copy_from_slice(&odd);
    }
}

struct Halving<'a, M> {
    m: M,
    taps: [f32; TAPS],
    channels: usize,
    even: &'a [f32],
    odd: &'a [f32],
    out: &'a mut [f32],
}

impl<M: MulAdd> Body for Halving<'_, M> {
    #[inline(always)]
    fn run<const N: usize>(&mut self, at: usize) {
        let (mut a, mut b) = ([0.0; N], [0.0; N]);
        for tap in 0..TAPS {
            let even = load::<N>(self.even, (tap + 1) * self.channels + at);
            add_tap(self.m, &mut a, self.taps[tap], &even);
            let odd = load::<N>(self.odd, tap * self.channels + at);
            add_tap(self.m, &mut b, self.taps[TAPS - 1 - tap], &odd);
        }
        for (a, b) in a.iter_mut().zip(b) {
            *a += b;
        }
        self.out[at..][..N].copy_from_slice(&a);
    }
}

/// `x + sin²(pi frequency x) * magnitude`.
#[inline(always)]
fn snake(m: impl MulAdd, x: f32, frequency: f32, magnitude: f32) -> f32 {
    // Adding 1.5 * 2^23 leaves the nearest integer in the lowest bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    let turns = x * frequency;
    // sin² has the period pi; beyond 2^22 turns there is no fraction left to speak of.
    let r = (turns - ((turns + ROUND) - ROUND)).clamp(-0.5, 0.5);
    let s = r * r;
    let p = m.mul_add(SINE[4], s, SINE[3]);
    let p = m.mul_add(p, s, SINE[2]);
    let p = m.mul_add(p, s, SINE[1]);
    let p = m.mul_add(p, s, SINE[0]);
    let sine = p * r;
    m.mul_add(sine * sine, magnitude, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;

    /// Any six taps; the other six mirror them.
    const ODD: [f32; 6] = [0.01, -0.06, 0.44, 0.13, -0.03, 0.002];

    /// By definition: zeros inserted, all samples convolved, in float64.
    fn reference(x: &[f64], alpha: f64, magnitude: f64) -> Vec<f64> {
        let filter: Vec<f64> = (0..12)
            .map(|tap| {
                f64::from(if tap % 2 == 1 {
                    ODD[tap / 2]
                } else {
                    ODD[5 - tap / 2]
                })
            })
            .collect();
        let at = |x: &[f64], i: isize| x[i.clamp(0, x.len() as isize - 1) as usize];
        let (len, mut double) = (x.len() as isize, vec![0.0; 2 * x.len() + 40]);
        for i in -5..len + 5 {
            for (tap, factor) in filter.iter().enumerate() {
                let place = 2 * (i + 5) + tap as isize - 15;
                if (0..2 * len).contains(&place) {
                    double[place as usize] += 2.0 * factor * at(x, i);
                }
            }
        }
        double.truncate(2 * x.len());
        for x in &mut double {
            *x += (alpha * *x).sin().powi(2) * magnitude;
        }
        let halved = |i: isize| {
            let taps = filter.iter().enumerate();
            taps.map(|(tap, factor)| factor * at(&double, 2 * i + tap as isize - 5))
                .sum()
        };
        (0..len).map(halved).collect()
    }

    #[test]
    fn every_row_is_as_defined() {
        for channels in [1, 5, 24, 100] {
            let parameter = |i: usize| 0.3 + (i * 7 % 11) as f32;
            let alpha: Vec<f32> = (0..channels).map(parameter).collect();
            let magnitude: Vec<f32> = (0..channels).map(|i| 1.0 / parameter(i + 3)).collect();
            let snake = Snake::new(&alpha, &magnitude, ODD);
            for positions in [1, 2, 5, 6, 7, 8, 40] {
                let x: Vec<f32> = (0..positions * channels)
                    .map(|i| ((i * 37 % 101) as f32 - 50.0) / 25.0)
                    .collect();
                let expected: Vec<Vec<f64>> = (0..channels)
                    .map(|channel| {
                        let x = x.iter().skip(channel).step_by(channels);
                        let x: Vec<f64> = x.map(|&x| f64::from(x)).collect();
                        reference(&x, alpha[channel].into(), magnitude[channel].into())
                    })
                    .collect();
                for isa in [Isa::Portable, Isa::Amx] {
                    let mut scratch = SnakeScratch::default();
                    for start in 0..positions {
                        let end = (start + 1 + start * 5 % 13).min(positions);
                        let got = snake.apply(Cpu::up_to(isa), &x, start..end, &mut scratch);
                        assert_eq!(got.len(), (end - start) * channels);
                        for (i, &got) in got.iter().enumerate() {
                            let (row, channel) = (start + i / channels, i % channels);
                            let error = (f64::from(got) - expected[channel][row]).abs();
                            assert!(
                                error < 2e-5,
                                "{channels} {positions} {row} {channel}: {error}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn sine_is_accurate_and_large_values_stay_finite() {
        for i in -4000..4000 {
            let x = i as f32 / 97.0;
            let sine = snake(crate::math::Fused, x, std::f32::consts::FRAC_1_PI, 1.0) - x;
            assert!(
                (f64::from(sine) - f64::from(x).sin().powi(2)).abs() < 2e-5,
                "{x}: {sine}"
            );
        }
        for x in [1e9, -3e20, 1e30] {
            assert!(snake(crate::math::Unfused, x, 1.0, 1.0).is_finite());
        }
    }
}
