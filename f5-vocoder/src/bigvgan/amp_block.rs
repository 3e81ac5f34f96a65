//! Residual block with periodic activations (upstream `AMPBlock1`: anti-aliased multi-periodicity).

use burn::{
    module::Module,
    nn::{
        PaddingConfig1d,
        conv::{Conv1d, Conv1dConfig},
    },
    tensor::{Device, Tensor},
};

use super::{
    BigVganConfig,
    activation::{Activation1d, AliasFilter},
};

/// For every dilation two activations and two convolutions, added to their input.
#[derive(Module, Debug)]
pub struct AmpBlock {
    /// Dilated convolutions.
    pub convs1: Vec<Conv1d>,
    /// Convolutions of neighbouring samples.
    pub convs2: Vec<Conv1d>,
    /// Before the first and before the second convolution of each dilation, in turn.
    pub activations: Vec<Activation1d>,
}

impl AmpBlock {
    /// A block of `channels` channels whose convolutions have `kernel` taps.
    #[must_use]
    pub fn new(
        config: &BigVganConfig,
        channels: usize,
        kernel: usize,
        dilations: &[usize],
        device: &Device,
    ) -> Self {
        let conv = |dilation| same_conv(channels, channels, kernel, dilation, true, device);
        let activation =
            |_| Activation1d::new(channels, config.activation, config.snake_logscale, device);
        Self {
            convs1: dilations.iter().map(|&dilation| conv(dilation)).collect(),
            convs2: dilations.iter().map(|_| conv(1)).collect(),
            activations: (0..2 * dilations.len()).map(activation).collect(),
        }
    }

    /// # Shapes
    ///
    /// - `x` and output: `[batch, channels, samples]`
    #[must_use]
    pub(super) fn forward(&self, x: Tensor<3>, filter: &AliasFilter) -> Tensor<3> {
        let convs = self.convs1.iter().zip(&self.convs2);
        convs
            .zip(self.activations.chunks_exact(2))
            .fold(x, |x, ((conv1, conv2), activations)| {
                let y = conv1.forward(activations[0].forward(x.clone(), filter));
                conv2.forward(activations[1].forward(y, filter)) + x
            })
    }
}

/// A convolution that keeps the number of samples.
pub(super) fn same_conv(
    channels_in: usize,
    channels_out: usize,
    kernel: usize,
    dilation: usize,
    bias: bool,
    device: &Device,
) -> Conv1d {
    let padding = (kernel - 1) * dilation / 2;
    Conv1dConfig::new(channels_in, channels_out, kernel)
        .with_dilation(dilation)
        .with_padding(PaddingConfig1d::Explicit(padding, padding))
        .with_bias(bias)
        .init(device)
}
