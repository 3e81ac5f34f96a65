//! The numbers that make one Vocos different from another.

use f5_core::mel::{MelSpec, MelSpecType};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Sizes of a [`Vocos`](super::Vocos), under upstream's names; what a file leaves out is as in
/// [`VocosConfig::mel_24khz`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VocosConfig {
    /// Samples per second.
    pub sample_rate: u32,
    /// Mel bands.
    pub input_channels: usize,
    /// Width of the network.
    pub dim: usize,
    /// Width inside its blocks.
    pub intermediate_dim: usize,
    /// Number of blocks.
    pub num_layers: usize,
    /// Length of the inverse Fourier transform in samples; even.
    pub n_fft: usize,
    /// Distance between frames in samples; at most half of `n_fft`.
    pub hop_length: usize,
    /// How frames lie on the waveform.
    pub padding: Padding,
}

/// How the frames of a spectrogram lie on the waveform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// The first frame is centred on the first sample: `(frames - 1) * hop_length` samples.
    Center,
    /// A frame to every hop: `frames * hop_length` samples.
    Same,
}

impl VocosConfig {
    /// The released `vocos-mel-24khz`, which all released F5-TTS models but one use.
    #[must_use]
    pub fn mel_24khz() -> Self {
        Self {
            sample_rate: 24_000,
            input_channels: 100,
            dim: 512,
            intermediate_dim: 1536,
            num_layers: 8,
            n_fft: 1024,
            hop_length: 256,
            padding: Padding::Center,
        }
    }

    /// The mel front end of a vocoder of these sizes.
    #[must_use]
    pub fn mel_spec(&self) -> MelSpec {
        MelSpec {
            mel_spec_type: MelSpecType::Vocos,
            target_sample_rate: self.sample_rate,
            n_fft: self.n_fft,
            hop_length: self.hop_length,
            win_length: self.n_fft,
            n_mel_channels: self.input_channels,
        }
    }

    /// Makes sure that the sizes describe a network.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], naming the first field at fault.
    pub fn validate(&self) -> Result<()> {
        let sizes = [
            ("sample_rate", self.sample_rate as usize),
            ("input_channels", self.input_channels),
            ("dim", self.dim),
            ("intermediate_dim", self.intermediate_dim),
            ("num_layers", self.num_layers),
            ("n_fft", self.n_fft),
            ("hop_length", self.hop_length),
        ];
        let check = |holds: bool, field, value, expected| {
            if holds {
                Ok(())
            } else {
                Err(Error::Config {
                    field,
                    value,
                    expected,
                })
            }
        };
        for (field, value) in sizes {
            check(value > 0, field, value, "at least 1")?;
        }
        check(self.n_fft.is_multiple_of(2), "n_fft", self.n_fft, "even")?;
        // Windows that overlap less leave samples that no window reaches.
        let hop = self.hop_length;
        check(
            hop <= self.n_fft / 2,
            "hop_length",
            hop,
            "at most half of n_fft",
        )
    }
}

impl Default for VocosConfig {
    fn default() -> Self {
        Self::mel_24khz()
    }
}
