//! The Hann-windowed sinc resampler of torchaudio (`sinc_interp_hann`, width 6, roll-off 0.99).

use std::f64::consts::PI;

use super::reduced;
use crate::audio::AudioError;

/// Zero crossings of the sinc on each side.
const LOWPASS_FILTER_WIDTH: f64 = 6.0;
/// Cut-off as a fraction of the lower Nyquist frequency.
const ROLLOFF: f64 = 0.99;

/// A resampler for one pair of rates; its filter is built once.
///
/// The results agree with `torchaudio.transforms.Resample` to rounding, which upstream's reference
/// audio goes through.
#[derive(Debug, Clone)]
pub struct SincResampler {
    /// Rates after division by the common factor: `from` input samples make `to` output samples.
    from: usize,
    to: usize,
    /// One filter per output sample of a group.
    phases: Vec<Phase>,
}

/// The taps of one phase that are not zero.
#[derive(Debug, Clone)]
struct Phase {
    /// Input sample under the first tap, relative to the group's first.
    offset: i64,
    taps: Vec<f32>,
}

impl SincResampler {
    /// Largest value either rate may have after division by the common factor; beyond it the filter
    /// would need hundreds of megabytes.
    pub const MAX_REDUCED_RATE: u32 = 1 << 20;

    /// Builds the filter.
    ///
    /// # Errors
    ///
    /// [`AudioError::ZeroSampleRate`], or [`AudioError::UnsupportedRatio`] beyond
    /// [`MAX_REDUCED_RATE`](Self::MAX_REDUCED_RATE).
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, AudioError> {
        if from_hz == 0 || to_hz == 0 {
            return Err(AudioError::ZeroSampleRate);
        }
        let (from, to) = reduced(from_hz, to_hz);
        let limit = Self::MAX_REDUCED_RATE;
        if from.max(to) > limit {
            return Err(AudioError::UnsupportedRatio {
                from_hz,
                to_hz,
                from,
                to,
                limit,
            });
        }
        let phases = match (from, to) {
            (1, 1) => vec![Phase {
                offset: 0,
                taps: vec![1.0],
            }],
            _ => (0..to).map(|phase| Phase::new(phase, from, to)).collect(),
        };
        Ok(Self {
            from: from as usize,
            to: to as usize,
            phases,
        })
    }

    /// Number of samples that `samples` input samples become, rounded up.
    #[must_use]
    pub fn output_len(&self, samples: usize) -> usize {
        (samples as u128 * self.to as u128).div_ceil(self.from as u128) as usize
    }

    /// Converts a whole clip; what lies outside of it counts as silence.
    #[must_use]
    pub fn resample(&self, samples: &[f32]) -> Vec<f32> {
        let len = self.output_len(samples.len());
        let mut out = Vec::with_capacity(len);
        let mut group = 0;
        while out.len() < len {
            let phases = self.phases.iter().take(len - out.len());
            out.extend(phases.map(|phase| phase.apply(samples, group)));
            group += self.from as i64;
        }
        out
    }
}

impl Phase {
    fn new(phase: u32, from: u32, to: u32) -> Self {
        let base = ROLLOFF * f64::from(from.min(to));
        let from = f64::from(from);
        let width = (LOWPASS_FILTER_WIDTH * from / base).ceil();
        // torchaudio rounds the phase to f32 before it goes on in f64.
        let shift = f64::from(-(phase as f32) / to as f32);
        // Taps farther than the window reaches are zero, torchaudio stores and multiplies them.
        let reach = LOWPASS_FILTER_WIDTH * from / base;
        let first = (-shift * from - reach).ceil().max(-width) as i64;
        let last = (-shift * from + reach).floor().min(width + from - 1.0) as i64;
        let taps = (first..=last).map(|tap| {
            let t = (shift + tap as f64 / from) * base;
            let t = t.clamp(-LOWPASS_FILTER_WIDTH, LOWPASS_FILTER_WIDTH);
            let window = (t * PI / LOWPASS_FILTER_WIDTH / 2.0).cos().powi(2);
            let t = t * PI;
            let sinc = if t == 0.0 { 1.0 } else { t.sin() / t };
            (sinc * (window * (base / from))) as f32
        });
        Self {
            offset: first,
            taps: taps.collect(),
        }
    }

    fn apply(&self, samples: &[f32], group: i64) -> f32 {
        let start = group + self.offset;
        let skipped = (-start).clamp(0, self.taps.len() as i64) as usize;
        let from = usize::try_from(start + skipped as i64)
            .unwrap_or(0)
            .min(samples.len());
        self.taps[skipped..]
            .iter()
            .zip(&samples[from..])
            .map(|(tap, v)| tap * v)
            .sum()
    }
}
