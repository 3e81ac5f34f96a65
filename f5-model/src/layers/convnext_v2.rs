//! ConvNeXt V2 block of the text encoder (upstream `ConvNeXtV2Block`, `GRN`;
//! [ConvNeXt V2](https://arxiv.org/abs/2301.00808)).

use burn::{
    module::{Module, Param},
    nn::{
        Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig, PaddingConfig1d,
        conv::{Conv1d, Conv1dConfig},
    },
    tensor::{Device, Tensor, activation::gelu},
};

/// Global response normalisation: compares a channel's energy over the whole sequence with the mean
/// of all channels.
///
/// Every position counts, filler included, so the features of a text depend on how many frames it is
/// padded to.
#[derive(Module, Debug)]
pub struct Grn {
    /// `[1, 1, dim]`
    pub gamma: Param<Tensor<3>>,
    /// `[1, 1, dim]`
    pub beta: Param<Tensor<3>>,
}

impl Grn {
    /// A layer over `dim` channels.
    #[must_use]
    pub fn new(dim: usize, device: &Device) -> Self {
        let zeros = || Initializer::Zeros.init([1, 1, dim], device);
        Self {
            gamma: zeros(),
            beta: zeros(),
        }
    }

    /// # Shapes
    ///
    /// - `x` and output: `[batch, positions, dim]`
    #[must_use]
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let energy = x.clone().square().sum_dim(1).sqrt();
        let response = energy.clone() / (energy.mean_dim(2) + 1e-6);
        self.gamma.val() * (x.clone() * response) + self.beta.val() + x
    }
}

/// Depthwise convolution, LayerNorm, two pointwise layers around GELU and [`Grn`], residual.
#[derive(Module, Debug)]
pub struct ConvNextV2Block {
    /// `[dim, 1, 7]`
    pub dwconv: Conv1d,
    /// Normalises channels.
    pub norm: LayerNorm,
    /// `[dim, inner]`
    pub pwconv1: Linear,
    /// Global response normalisation of the inner channels.
    pub grn: Grn,
    /// `[inner, dim]`
    pub pwconv2: Linear,
}

impl ConvNextV2Block {
    /// A block of `dim` channels that is `inner` channels wide inside.
    #[must_use]
    pub fn new(dim: usize, inner: usize, device: &Device) -> Self {
        Self {
            dwconv: Conv1dConfig::new(dim, dim, 7)
                .with_groups(dim)
                .with_padding(PaddingConfig1d::Explicit(3, 3))
                .init(device),
            norm: LayerNormConfig::new(dim).with_epsilon(1e-6).init(device),
            pwconv1: LinearConfig::new(dim, inner).init(device),
            grn: Grn::new(inner, device),
            pwconv2: LinearConfig::new(inner, dim).init(device),
        }
    }

    /// # Shapes
    ///
    /// - `x` and output: `[batch, positions, dim]`
    #[must_use]
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let residual = x.clone();
        let x = self.dwconv.forward(x.swap_dims(1, 2)).swap_dims(1, 2);
        let x = gelu(self.pwconv1.forward(self.norm.forward(x)));
        residual + self.pwconv2.forward(self.grn.forward(x))
    }
}
