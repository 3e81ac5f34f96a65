//! From audio to log-mel frames, both front ends.

use std::{f64::consts::TAU, fmt, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};
use thiserror::Error;

use super::{
    Mel, MelSpec, MelSpecType,
    filterbank::{self, Filterbank},
};

/// Energy below which a band counts as silent; its logarithm is the lowest value of a mel.
const FLOOR: f32 = 1e-5;
/// What the BigVGAN front end adds under the root of every magnitude.
const BIGVGAN_EPSILON: f64 = 1e-9;

/// Why mel frames could not be computed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum MelError {
    /// A front end that cannot be built.
    #[error("mel_spec is unusable: {field} is {value}, it must be {expected}")]
    InvalidSpec {
        /// The field, as in the configuration.
        field: &'static str,
        /// Its value.
        value: u64,
        /// What it must be.
        expected: &'static str,
    },
    /// Audio that the padding cannot reflect.
    #[error(
        "audio of {got} samples is too short for a mel spectrogram, at least {needed} are needed"
    )]
    TooShort {
        /// Samples needed.
        needed: usize,
        /// Samples given.
        got: usize,
    },
    /// A sample that is NaN or infinite.
    #[error("sample {index} is {value}; audio must be finite")]
    NotFinite {
        /// Position of the sample.
        index: usize,
        /// The sample.
        value: f32,
    },
}

/// Computes the log-mel frames of a [`MelSpec`]; build it once and share it.
///
/// ```
/// use f5_core::mel::{MelExtractor, MelSpec};
///
/// # fn main() -> Result<(), f5_core::mel::MelError> {
/// let extractor = MelExtractor::new(&MelSpec::vocos())?;
/// let mel = extractor.extract(&[0.0; 24_000])?;
/// assert_eq!((mel.frames(), mel.n_mels()), (94, 100));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MelExtractor {
    spec: MelSpec,
    /// In `f64`: an `f32` transform adds to quiet bands about as much noise as upstream's has.
    fft: Arc<dyn RealToComplex<f64>>,
    window: Arc<[f32]>,
    filterbank: Arc<Filterbank>,
}

impl MelExtractor {
    /// Prepares window, transform and filterbank.
    ///
    /// # Errors
    ///
    /// [`MelError::InvalidSpec`] for sizes that are zero or do not fit together.
    pub fn new(spec: &MelSpec) -> Result<Self, MelError> {
        check_spec(spec)?;
        let build = match spec.mel_spec_type {
            MelSpecType::Vocos => filterbank::htk,
            MelSpecType::Bigvgan => filterbank::slaney,
        };
        Ok(Self {
            spec: spec.clone(),
            fft: RealFftPlanner::new().plan_fft_forward(spec.n_fft),
            window: hann(spec).into(),
            filterbank: build(spec.target_sample_rate, spec.n_fft, spec.n_mel_channels).into(),
        })
    }

    /// The front end.
    #[must_use]
    pub fn spec(&self) -> &MelSpec {
        &self.spec
    }

    /// Fewest samples [`extract`](Self::extract) accepts: reflection needs more than the padding.
    #[must_use]
    pub fn min_samples(&self) -> usize {
        let pad = self.padding();
        (pad + 1).max(self.spec.n_fft.saturating_sub(2 * pad))
    }

    /// Number of frames that `samples` samples give.
    #[must_use]
    pub fn frames(&self, samples: usize) -> usize {
        let padded = samples + 2 * self.padding();
        match padded.checked_sub(self.spec.n_fft) {
            Some(rest) if samples >= self.min_samples() => rest / self.spec.hop_length + 1,
            _ => 0,
        }
    }

    /// The natural logarithm of mel magnitudes, `[frames, n_mels]`, of audio at
    /// [`target_sample_rate`](MelSpec::target_sample_rate). As upstream's `MelSpec` module, frames
    /// first.
    ///
    /// # Errors
    ///
    /// [`MelError::TooShort`] below [`min_samples`](Self::min_samples), [`MelError::NotFinite`] for
    /// a NaN or infinite sample.
    pub fn extract(&self, samples: &[f32]) -> Result<Mel, MelError> {
        let needed = self.min_samples();
        if samples.len() < needed {
            return Err(MelError::TooShort {
                needed,
                got: samples.len(),
            });
        }
        if let Some(index) = samples.iter().position(|v| !v.is_finite()) {
            return Err(MelError::NotFinite {
                index,
                value: samples[index],
            });
        }
        let padded = reflect(samples, self.padding());
        let mut frame = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut magnitudes = vec![0.0; spectrum.len()];
        let mut data = Vec::with_capacity(self.frames(samples.len()) * self.spec.n_mel_channels);
        for audio in padded
            .windows(self.spec.n_fft)
            .step_by(self.spec.hop_length)
        {
            for ((out, v), w) in frame.iter_mut().zip(audio).zip(self.window.iter()) {
                *out = f64::from(v * w);
            }
            // Fails only for buffers of other lengths than the plan's own.
            let done = self
                .fft
                .process_with_scratch(&mut frame, &mut spectrum, &mut scratch);
            debug_assert!(done.is_ok());
            self.magnitudes(&spectrum, &mut magnitudes);
            data.extend((0..self.filterbank.n_mels()).map(|mel| {
                let (bins, weights) = self.filterbank.band(mel);
                let energy: f32 = magnitudes[bins]
                    .iter()
                    .zip(weights)
                    .map(|(m, w)| m * w)
                    .sum();
                energy.max(FLOOR).ln()
            }));
        }
        Ok(Mel::new(data, self.spec.n_mel_channels))
    }

    fn magnitudes(&self, spectrum: &[Complex<f64>], magnitudes: &mut [f32]) {
        let epsilon = match self.spec.mel_spec_type {
            MelSpecType::Vocos => 0.0,
            MelSpecType::Bigvgan => BIGVGAN_EPSILON,
        };
        for (magnitude, bin) in magnitudes.iter_mut().zip(spectrum) {
            *magnitude = (bin.norm_sqr() + epsilon).sqrt() as f32;
        }
    }

    /// Samples reflected at both ends.
    fn padding(&self) -> usize {
        match self.spec.mel_spec_type {
            MelSpecType::Vocos => self.spec.n_fft / 2,
            MelSpecType::Bigvgan => (self.spec.n_fft - self.spec.hop_length) / 2,
        }
    }
}

impl fmt::Debug for MelExtractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MelExtractor")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

fn check_spec(spec: &MelSpec) -> Result<(), MelError> {
    let at_least_one = "at least 1";
    let checks = [
        (
            "target_sample_rate",
            spec.target_sample_rate as usize,
            1,
            usize::MAX,
            at_least_one,
        ),
        ("n_fft", spec.n_fft, 2, usize::MAX, "at least 2"),
        (
            "hop_length",
            spec.hop_length,
            1,
            spec.n_fft,
            "from 1 to n_fft",
        ),
        (
            "win_length",
            spec.win_length,
            1,
            spec.n_fft,
            "from 1 to n_fft",
        ),
        (
            "n_mel_channels",
            spec.n_mel_channels,
            1,
            usize::MAX,
            at_least_one,
        ),
    ];
    for (field, value, min, max, expected) in checks {
        if !(min..=max).contains(&value) {
            return Err(MelError::InvalidSpec {
                field,
                value: value as u64,
                expected,
            });
        }
    }
    Ok(())
}

/// A periodic Hann window, centred in the transform. Rounded to `f32` where `torch.hann_window` does:
/// quiet bands show the difference.
fn hann(spec: &MelSpec) -> Vec<f32> {
    let mut window = vec![0.0; spec.n_fft];
    let start = (spec.n_fft - spec.win_length) / 2;
    for (i, v) in window[start..start + spec.win_length]
        .iter_mut()
        .enumerate()
    {
        let phase = i as f32 * (TAU / spec.win_length as f64) as f32;
        *v = 0.5 - 0.5 * f64::from(phase).cos() as f32;
    }
    window
}

/// Mirrors `pad` samples at both ends; the end samples themselves are not repeated.
fn reflect(samples: &[f32], pad: usize) -> Vec<f32> {
    let mut padded = Vec::with_capacity(samples.len() + 2 * pad);
    padded.extend(samples[1..=pad].iter().rev());
    padded.extend_from_slice(samples);
    padded.extend(samples.iter().rev().skip(1).take(pad));
    padded
}
