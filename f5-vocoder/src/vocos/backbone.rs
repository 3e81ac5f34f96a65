//! The ConvNeXt network of Vocos (upstream `VocosBackbone` and `ConvNeXtBlock`).

use burn::{
    module::{Initializer, Module, Param},
    nn::{
        LayerNorm, LayerNormConfig, Linear, LinearConfig, PaddingConfig1d,
        conv::{Conv1d, Conv1dConfig},
    },
    tensor::{Device, Tensor, activation::gelu},
};

use super::VocosConfig;

/// Frames that every convolution sees.
const KERNEL_SIZE: usize = 7;
const EPSILON: f64 = 1e-6;

/// From mel frames to features, one for one.
#[derive(Module, Debug)]
pub struct VocosBackbone {
    /// From mel bands to the width of the network.
    pub embed: Conv1d,
    /// Normalises the embedded frames.
    pub norm: LayerNorm,
    /// The blocks.
    pub convnext: Vec<ConvNeXtBlock>,
    /// Normalises the features.
    pub final_layer_norm: LayerNorm,
}

impl VocosBackbone {
    /// A network of the sizes in `config`, to be filled by a checkpoint.
    #[must_use]
    pub fn new(config: &VocosConfig, device: &Device) -> Self {
        Self {
            embed: conv(config.input_channels, config.dim, 1, device),
            norm: norm(config.dim, device),
            convnext: (0..config.num_layers)
                .map(|_| ConvNeXtBlock::new(config.dim, config.intermediate_dim, device))
                .collect(),
            final_layer_norm: norm(config.dim, device),
        }
    }

    /// # Shapes
    ///
    /// - `mel`: `[batch, n_mels, frames]`
    /// - output: `[batch, frames, dim]`
    #[must_use]
    pub fn forward(&self, mel: Tensor<3>) -> Tensor<3> {
        let x = self.norm.forward(self.embed.forward(mel).swap_dims(1, 2));
        self.final_layer_norm
            .forward(self.convnext.iter().fold(x, |x, block| block.forward(x)))
    }
}

/// A block of [ConvNeXt](https://arxiv.org/abs/2201.03545) in one dimension: every channel's frames
/// are convolved, then every frame's channels are mixed.
#[derive(Module, Debug)]
pub struct ConvNeXtBlock {
    /// Convolves each channel by itself.
    pub dwconv: Conv1d,
    /// Normalises each frame.
    pub norm: LayerNorm,
    /// Widens each frame.
    pub pwconv1: Linear,
    /// Narrows it again.
    pub pwconv2: Linear,
    /// Scale of every channel before the result is added to the input.
    pub gamma: Param<Tensor<1>>,
}

impl ConvNeXtBlock {
    /// A block of width `dim` that is `intermediate_dim` wide inside.
    #[must_use]
    pub fn new(dim: usize, intermediate_dim: usize, device: &Device) -> Self {
        Self {
            dwconv: conv(dim, dim, dim, device),
            norm: norm(dim, device),
            pwconv1: LinearConfig::new(dim, intermediate_dim).init(device),
            pwconv2: LinearConfig::new(intermediate_dim, dim).init(device),
            gamma: Initializer::Ones.init([dim], device),
        }
    }

    /// # Shapes
    ///
    /// - `x` and output: `[batch, frames, dim]`
    #[must_use]
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let y = self
            .dwconv
            .forward(x.clone().swap_dims(1, 2))
            .swap_dims(1, 2);
        let y = self.pwconv1.forward(self.norm.forward(y));
        let y = self.pwconv2.forward(gelu(y));
        x + y * self.gamma.val().unsqueeze()
    }
}

/// A convolution that keeps the number of frames.
fn conv(channels_in: usize, channels_out: usize, groups: usize, device: &Device) -> Conv1d {
    Conv1dConfig::new(channels_in, channels_out, KERNEL_SIZE)
        .with_padding(PaddingConfig1d::Explicit(KERNEL_SIZE / 2, KERNEL_SIZE / 2))
        .with_groups(groups)
        .init(device)
}

fn norm(dim: usize, device: &Device) -> LayerNorm {
    LayerNormConfig::new(dim).with_epsilon(EPSILON).init(device)
}
