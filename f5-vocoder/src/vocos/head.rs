//! From features to samples (upstream `ISTFTHead`).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use realfft::num_complex::Complex32;

use super::{Padding, VocosConfig};
use crate::{Error, Result, istft::Istft, vocoder::check_mel};

/// Upstream's safeguard against runaway magnitudes. Applied with `clamp`, which keeps NaN, unlike `min`.
const MAX_MAGNITUDE: f32 = 100.0;

/// Reads every frame's features as log-magnitudes and phases and transforms them back.
#[derive(Module, Debug)]
pub struct IstftHead {
    /// From features to `n_fft / 2 + 1` log-magnitudes and as many phases.
    pub out: Linear,
    #[module(skip)]
    istft: Istft,
    #[module(skip)]
    min_frames: usize,
}

impl IstftHead {
    /// A head of the sizes in `config`, to be filled by a checkpoint.
    #[must_use]
    pub fn new(config: &VocosConfig, device: &Device) -> Self {
        Self {
            out: LinearConfig::new(config.dim, config.n_fft + 2).init(device),
            istft: Istft::new(config.n_fft, config.hop_length, config.padding),
            min_frames: match config.padding {
                Padding::Center => 2,
                Padding::Same => 1,
            },
        }
    }

    /// The waveforms of a batch, one after the other, on the host.
    ///
    /// Only one tensor leaves the device: the projection. Magnitude, phase and transform are then
    /// computed frame by frame, the same way for every device.
    ///
    /// # Shapes
    ///
    /// - `features`: `[batch, frames, dim]`
    /// - output: `[batch, samples]`, row-major
    ///
    /// # Errors
    ///
    /// [`Error::Device`] if the device fails.
    pub fn forward(&self, features: Tensor<3>) -> Result<Vec<f32>> {
        let projected = self.out.forward(features);
        let [batch, frames, width] = projected.dims();
        let values: Vec<f32> = projected
            .try_into_vec_as()
            .map_err(|source| Error::Device(Box::new(source)))?;

        let mut waves = Vec::with_capacity(batch * self.samples_for(frames));
        for row in values.chunks_exact(frames * width) {
            waves.extend(self.synthesize(row, frames));
        }
        Ok(waves)
    }

    /// The waveform of one projection, `[frames, n_fft + 2]`.
    pub(super) fn synthesize(&self, projected: &[f32], frames: usize) -> Vec<f32> {
        let width = projected.len() / frames;
        self.istft.synthesize(frames, |frame, spectrum| {
            let (log_magnitudes, phases) =
                projected[frame * width..][..width].split_at(spectrum.len());
            for ((bin, log_magnitude), phase) in spectrum.iter_mut().zip(log_magnitudes).zip(phases)
            {
                *bin = Complex32::from_polar(log_magnitude.exp().clamp(0.0, MAX_MAGNITUDE), *phase);
            }
        })
    }

    /// Makes sure that `[batch, bands, frames]` can be decoded.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyBatch`], [`Error::MelBands`], [`Error::TooFewFrames`].
    pub(super) fn check(&self, mel: [usize; 3], n_mels: usize) -> Result<()> {
        check_mel(mel, n_mels, self.min_frames)
    }

    /// Samples that `frames` frames make.
    #[must_use]
    pub fn samples_for(&self, frames: usize) -> usize {
        self.istft.samples_for(frames)
    }
}
