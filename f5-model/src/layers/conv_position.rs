//! Convolutional position embedding (upstream `ConvPositionEmbedding`).

use burn::{
    module::Module,
    nn::{
        PaddingConfig1d,
        conv::{Conv1d, Conv1dConfig},
    },
    tensor::{Bool, Device, Tensor, activation::mish},
};

use super::zero_padding;

const KERNEL_SIZE: usize = 31;
const GROUPS: usize = 16;

/// Two grouped convolutions over time, each followed by Mish.
#[derive(Module, Debug)]
pub struct ConvPositionEmbedding {
    /// `conv1d.0` of the checkpoint, `[dim, dim / 16, 31]`.
    pub conv1d_0: Conv1d,
    /// `conv1d.2` of the checkpoint, `[dim, dim / 16, 31]`.
    pub conv1d_2: Conv1d,
}

impl ConvPositionEmbedding {
    /// An embedding of width `dim`, a multiple of 16.
    #[must_use]
    pub fn new(dim: usize, device: &Device) -> Self {
        let conv = || {
            Conv1dConfig::new(dim, dim, KERNEL_SIZE)
                .with_groups(GROUPS)
                .with_padding(PaddingConfig1d::Explicit(KERNEL_SIZE / 2, KERNEL_SIZE / 2))
                .init(device)
        };
        Self {
            conv1d_0: conv(),
            conv1d_2: conv(),
        }
    }

    /// # Shapes
    ///
    /// - `x` and output: `[batch, frames, dim]`
    /// - `padding`: `[batch, frames, 1]`, true where a frame is padding
    #[must_use]
    pub fn forward(&self, x: Tensor<3>, padding: Option<&Tensor<3, Bool>>) -> Tensor<3> {
        let convolve = |conv: &Conv1d, x: Tensor<3>| {
            mish(zero_padding(
                conv.forward(x.swap_dims(1, 2)).swap_dims(1, 2),
                padding,
            ))
        };
        let x = convolve(&self.conv1d_0, zero_padding(x, padding));
        convolve(&self.conv1d_2, x)
    }
}
