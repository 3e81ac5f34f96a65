//! The numbers that make one BigVGAN different from another.

use f5_core::mel::{MelSpec, MelSpecType};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Sizes and flags of a [`BigVgan`](super::BigVgan), under the names of the `config.json` that NVIDIA
/// publishes beside the weights. That file also says how the network was trained; keys that are not
/// listed here are not looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BigVganConfig {
    /// Samples per second.
    pub sampling_rate: u32,
    /// Mel bands.
    pub num_mels: usize,
    /// Length of the Fourier transform of the mel front end in samples.
    pub n_fft: usize,
    /// Samples of every frame; the product of `upsample_rates`.
    pub hop_size: usize,
    /// Length of the analysis window in samples.
    pub win_size: usize,
    /// Lowest frequency of the mel bands in Hz; 0 is the only one there is a front end for.
    #[serde(default)]
    pub fmin: f32,
    /// Highest frequency of the mel bands in Hz: half of `sampling_rate`, or `None` for the same.
    #[serde(default)]
    pub fmax: Option<f32>,
    /// How many samples each stage makes of one.
    pub upsample_rates: Vec<usize>,
    /// Taps of the transposed convolution of each stage.
    pub upsample_kernel_sizes: Vec<usize>,
    /// Width before the first stage; each stage halves it.
    pub upsample_initial_channel: usize,
    /// Kind of residual block.
    #[serde(default)]
    pub resblock: ResBlock,
    /// Taps of the convolutions in each residual block of a stage.
    pub resblock_kernel_sizes: Vec<usize>,
    /// Dilations inside each residual block of a stage.
    pub resblock_dilation_sizes: Vec<Vec<usize>>,
    /// What a neuron answers.
    pub activation: ActivationKind,
    /// Whether the parameters of the activations are logarithms.
    pub snake_logscale: bool,
    /// Whether the waveform is bounded by tanh; by cutting it off otherwise.
    #[serde(default = "yes")]
    pub use_tanh_at_final: bool,
    /// Whether the last convolution has a bias.
    #[serde(default = "yes")]
    pub use_bias_at_final: bool,
}

/// What upstream takes a flag for that the file leaves out.
fn yes() -> bool {
    true
}

/// Kinds of residual block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ResBlock {
    /// Two convolutions to each dilation (upstream `AMPBlock1`), which all released models have.
    #[default]
    #[serde(rename = "1")]
    Amp1,
}

/// Periodic activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivationKind {
    /// `x + sin²(alpha x) / alpha`.
    Snake,
    /// `x + sin²(alpha x) / beta`.
    SnakeBeta,
}

impl BigVganConfig {
    /// The released `bigvgan_v2_24khz_100band_256x`, which `F5TTS_Base_bigvgan` uses.
    #[must_use]
    pub fn v2_24khz_100band_256x() -> Self {
        Self {
            sampling_rate: 24_000,
            num_mels: 100,
            n_fft: 1024,
            hop_size: 256,
            win_size: 1024,
            fmin: 0.0,
            fmax: None,
            upsample_rates: vec![4, 4, 2, 2, 2, 2],
            upsample_kernel_sizes: vec![8, 8, 4, 4, 4, 4],
            upsample_initial_channel: 1536,
            resblock: ResBlock::Amp1,
            resblock_kernel_sizes: vec![3, 7, 11],
            resblock_dilation_sizes: vec![vec![1, 3, 5]; 3],
            activation: ActivationKind::SnakeBeta,
            snake_logscale: true,
            use_tanh_at_final: false,
            use_bias_at_final: false,
        }
    }

    /// The mel front end that the vocoder was trained with.
    #[must_use]
    pub fn mel_spec(&self) -> MelSpec {
        MelSpec {
            mel_spec_type: MelSpecType::Bigvgan,
            target_sample_rate: self.sampling_rate,
            n_fft: self.n_fft,
            hop_length: self.hop_size,
            win_length: self.win_size,
            n_mel_channels: self.num_mels,
        }
    }

    /// Channels after each stage.
    pub(super) fn widths(&self) -> impl Iterator<Item = usize> + '_ {
        (1..=self.upsample_rates.len()).map(|stage| self.upsample_initial_channel >> stage)
    }

    /// Makes sure that the numbers describe a network.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], naming the first field at fault.
    pub fn validate(&self) -> Result<()> {
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
        let sizes = [
            ("sampling_rate", self.sampling_rate as usize),
            ("num_mels", self.num_mels),
            ("n_fft", self.n_fft),
            ("hop_size", self.hop_size),
            ("win_size", self.win_size),
            ("upsample_rates", self.upsample_rates.len()),
            ("resblock_kernel_sizes", self.resblock_kernel_sizes.len()),
        ];
        for (field, value) in sizes {
            check(value > 0, field, value, "at least 1")?;
        }
        let (rates, kernels) = (&self.upsample_rates, &self.upsample_kernel_sizes);
        let field = "upsample_kernel_sizes";
        check(
            kernels.len() == rates.len(),
            field,
            kernels.len(),
            "as many as upsample_rates",
        )?;
        for (&rate, &kernel) in rates.iter().zip(kernels) {
            check(rate > 0, "upsample_rates", rate, "at least 1")?;
            let fits = kernel >= rate && (kernel - rate).is_multiple_of(2);
            check(
                fits,
                field,
                kernel,
                "the rate of its stage and an even number more",
            )?;
        }
        let product = rates
            .iter()
            .try_fold(1usize, |product, &rate| product.checked_mul(rate));
        let (hop, expected) = (self.hop_size, "the product of upsample_rates");
        check(product == Some(hop), "hop_size", hop, expected)?;
        let (initial, stages) = (self.upsample_initial_channel, rates.len() as u32);
        let halves = initial > 0 && initial.trailing_zeros() >= stages;
        let expected = "divisible by 2 as often as there are stages";
        check(halves, "upsample_initial_channel", initial, expected)?;
        for &kernel in &self.resblock_kernel_sizes {
            check(kernel % 2 == 1, "resblock_kernel_sizes", kernel, "odd")?;
        }
        let dilations = &self.resblock_dilation_sizes;
        let (field, expected) = (
            "resblock_dilation_sizes",
            "as many as resblock_kernel_sizes",
        );
        let agree = dilations.len() == self.resblock_kernel_sizes.len();
        check(agree, field, dilations.len(), expected)?;
        for dilations in dilations {
            check(
                !dilations.is_empty(),
                field,
                0,
                "at least one for each block",
            )?;
            let least = dilations.iter().copied().min().unwrap_or(0);
            check(least > 0, field, least, "at least 1")?;
        }
        let expected = "0, which the mel front end has";
        check(self.fmin == 0.0, "fmin", self.fmin as usize, expected)?;
        let whole = self
            .fmax
            .is_none_or(|fmax| fmax * 2.0 == self.sampling_rate as f32);
        let fmax = self.fmax.unwrap_or_default() as usize;
        check(whole, "fmax", fmax, "null or half of sampling_rate")
    }
}
