//! One layer of the flat U-Net transformer.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig, RmsNorm, RmsNormConfig},
    tensor::{Device, Tensor},
};

use crate::{
    config::UNetTConfig,
    layers::{Attention, AttentionConfig, BatchMask, FeedForward, RotaryEmbedding, zero_padding},
};

/// Attention and feed-forward, each behind a norm of its own and added to its input.
#[derive(Module, Debug)]
pub struct UNetTLayer {
    /// Joins a layer of the first half to the input, `[2 * dim, dim]`; `0` of the checkpoint.
    pub skip_proj: Option<Linear>,
    /// Normalises what attention sees; `1` of the checkpoint.
    pub attn_norm: RmsNorm,
    /// Self-attention; `2` of the checkpoint.
    pub attn: Attention,
    /// Normalises what the feed-forward branch sees; `3` of the checkpoint.
    pub ff_norm: RmsNorm,
    /// Feed-forward branch; `4` of the checkpoint.
    pub ff: FeedForward,
}

impl UNetTLayer {
    /// A layer with the sizes of `config`, which with `joins` is given a skip projection.
    #[must_use]
    pub fn new(config: &UNetTConfig, joins: bool, device: &Device) -> Self {
        let dim = config.dim;
        Self {
            skip_proj: joins.then(|| {
                LinearConfig::new(dim * 2, dim)
                    .with_bias(false)
                    .init(device)
            }),
            attn_norm: rms_norm(dim, device),
            attn: Attention::new(AttentionConfig::from(config), device),
            ff_norm: rms_norm(dim, device),
            ff: FeedForward::new(dim, config.ff_mult, device),
        }
    }

    /// The layer without its skip connection.
    ///
    /// # Shapes
    ///
    /// - `x` and output: `[rows, positions, dim]`
    #[must_use]
    pub fn forward(&self, x: Tensor<3>, rope: &RotaryEmbedding, mask: &BatchMask) -> Tensor<3> {
        let normed = self.attn_norm.forward(x.clone());
        let attended = self.attn.forward(normed, rope, mask.keys.as_ref());
        let x = x + zero_padding(attended, mask.padding.as_ref());
        self.ff.forward(self.ff_norm.forward(x.clone())) + x
    }
}

/// x-transformers' `RMSNorm`, `x / max(|x|, 1e-12) * sqrt(dim) * g`: the same as Burn's with an epsilon
/// that matters as little.
pub(super) fn rms_norm(dim: usize, device: &Device) -> RmsNorm {
    RmsNormConfig::new(dim).with_epsilon(1e-24).init(device)
}
