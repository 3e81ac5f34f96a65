//! BigVGAN: transposed convolutions that turn mel frames into samples, and periodic activations in
//! between ([paper](https://arxiv.org/abs/2206.04658), upstream package `bigvgan` 2.4.1).
//!
//! Reading order: [`BigVganConfig`], `activation` (the anti-aliased snake), [`AmpBlock`], then
//! [`BigVgan`], which joins them; `cpu` is the same once more for processors.

mod activation;
mod amp_block;
mod config;
mod cpu;

use std::path::Path;

use burn::{
    module::Module,
    nn::conv::{Conv1d, ConvTranspose1d, ConvTranspose1dConfig},
    tensor::{DType, Device, Tensor, TensorData},
};
use f5_core::{mel::MelSpec, weights::Checkpoint};

pub use activation::{Activation1d, Snake};
pub use amp_block::AmpBlock;
pub use config::{ActivationKind, BigVganConfig, ResBlock};
pub use cpu::CpuBigVgan;

use crate::{
    Error, Result, Vocoder,
    vocoder::{check_mel, check_waves},
};
use activation::AliasFilter;
use amp_block::same_conv;

/// Taps of the first and the last convolution.
const KERNEL_SIZE: usize = 7;

/// The vocoder of `F5TTS_Base_bigvgan` (upstream `BigVGAN`).
///
/// Fields are named as in the checkpoint.
#[derive(Module, Debug)]
pub struct BigVgan {
    /// From mel bands to the first stage's width.
    pub conv_pre: Conv1d,
    /// Stretches time, one for each stage.
    pub ups: Vec<ConvTranspose1d>,
    /// Residual blocks, those of the first stage first.
    pub resblocks: Vec<AmpBlock>,
    /// Before the last convolution.
    pub activation_post: Activation1d,
    /// To one channel, the waveform.
    pub conv_post: Conv1d,
    #[module(skip)]
    blocks_per_stage: usize,
    #[module(skip)]
    use_tanh_at_final: bool,
    #[module(skip)]
    mel_spec: MelSpec,
}

impl BigVgan {
    /// Loads a safetensors file of upstream's tensor names, or with feature `pickle` upstream's own
    /// `bigvgan_generator.pt`, to `device`.
    ///
    /// Weight norm is undone while loading, so the file may hold `weight_g` and `weight_v`, the
    /// names of PyTorch's parametrizations, or their product `weight`. The filters of the
    /// activations are known here, so the file may hold them or not.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if `config` describes no network, [`Error::Weights`] if the checkpoint
    /// cannot be read or does not fit it.
    pub fn load(path: impl AsRef<Path>, config: &BigVganConfig, device: &Device) -> Result<Self> {
        let network = Self::new(config, device)?;
        let checkpoint = open(path.as_ref())?;
        Ok(f5_weights::load(network, checkpoint, checkpoint_name)?)
    }

    /// A network of the sizes in `config`, to be filled by a checkpoint.
    fn new(config: &BigVganConfig, device: &Device) -> Result<Self> {
        config.validate()?;
        let mut width = config.upsample_initial_channel;
        let conv_pre = same_conv(config.num_mels, width, KERNEL_SIZE, 1, true, device);
        let (mut ups, mut resblocks) = (Vec::new(), Vec::new());
        let stages = config
            .upsample_rates
            .iter()
            .zip(&config.upsample_kernel_sizes);
        for ((&rate, &kernel), narrower) in stages.zip(config.widths()) {
            ups.push(
                ConvTranspose1dConfig::new([width, narrower], kernel)
                    .with_stride(rate)
                    .with_padding((kernel - rate) / 2)
                    .init(device),
            );
            let blocks = config.resblock_kernel_sizes.iter();
            for (&kernel, dilations) in blocks.zip(&config.resblock_dilation_sizes) {
                resblocks.push(AmpBlock::new(config, narrower, kernel, dilations, device));
            }
            width = narrower;
        }
        let (kind, logscale) = (config.activation, config.snake_logscale);
        Ok(Self {
            conv_pre,
            ups,
            resblocks,
            activation_post: Activation1d::new(width, kind, logscale, device),
            conv_post: same_conv(width, 1, KERNEL_SIZE, 1, config.use_bias_at_final, device),
            blocks_per_stage: config.resblock_kernel_sizes.len(),
            use_tanh_at_final: config.use_tanh_at_final,
            mel_spec: config.mel_spec(),
        })
    }

    /// What enters the residual blocks of the first stage: `[batch, channels, samples]` of
    /// `[batch, n_mels, frames]`.
    #[must_use]
    pub fn first_stage(&self, mel: Tensor<3>) -> Tensor<3> {
        self.ups[0].forward(self.conv_pre.forward(mel))
    }

    /// The first activation of the first residual block, on what [`first_stage`](Self::first_stage)
    /// gives; same shape.
    #[must_use]
    pub fn first_activation(&self, x: Tensor<3>) -> Tensor<3> {
        let filter = AliasFilter::new(&x.device());
        self.resblocks[0].activations[0].forward(x, &filter)
    }

    fn forward(&self, mel: Tensor<3>) -> Tensor<3> {
        let filter = AliasFilter::new(&mel.device());
        let stages = self
            .ups
            .iter()
            .zip(self.resblocks.chunks(self.blocks_per_stage));
        let x = stages.fold(self.conv_pre.forward(mel), |x, (up, blocks)| {
            let x = up.forward(x);
            let outputs = blocks.iter().map(|block| block.forward(x.clone(), &filter));
            let sum = outputs.reduce(|sum, output| sum + output);
            // There is at least one block; the configuration has been checked.
            sum.unwrap_or(x) / blocks.len() as f64
        });
        let wave = self
            .conv_post
            .forward(self.activation_post.forward(x, &filter));
        if self.use_tanh_at_final {
            wave.tanh()
        } else {
            wave.clamp(-1.0, 1.0)
        }
    }
}

/// A checkpoint without what is known here.
fn open(path: &Path) -> Result<Checkpoint> {
    let is_filter = |name: &str| {
        name.ends_with(".upsample.filter") || name.ends_with(".downsample.lowpass.filter")
    };
    Ok(f5_weights::open(path)?.ignore(is_filter).fuse_weight_norm())
}

/// The checkpoint's name of the parameter at `path` in the module: stages could hold several
/// transposed convolutions there.
fn checkpoint_name(path: &str) -> String {
    let stage = path
        .strip_prefix("ups.")
        .and_then(|rest| rest.split_once('.'));
    match stage {
        Some((stage, parameter)) => format!("ups.{stage}.0.{parameter}"),
        None => path.to_owned(),
    }
}

impl Vocoder for BigVgan {
    fn mel_spec(&self) -> &MelSpec {
        &self.mel_spec
    }

    fn device(&self) -> Device {
        self.conv_pre.weight.lazy_device()
    }

    fn samples_for(&self, frames: usize) -> usize {
        frames * self.mel_spec.hop_length
    }

    fn decode(&self, mel: Tensor<3>) -> Result<Tensor<2>> {
        let [batch, _, frames] = mel.dims();
        check_mel(mel.dims(), self.mel_spec.n_mel_channels, 1)?;
        let device = self.device();
        let waves: Vec<f32> = self
            .forward(mel.to_device(&device).cast(DType::F32))
            .try_into_vec_as()
            .map_err(|source| Error::Device(Box::new(source)))?;
        let samples = self.samples_for(frames);
        check_waves(&waves, samples)?;
        Ok(Tensor::from_data(
            TensorData::new(waves, [batch, samples]),
            &device,
        ))
    }
}
