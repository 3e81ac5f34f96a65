//! One transformer block (upstream `DiTBlock`).

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

use crate::{
    config::DitConfig,
    layers::{
        AdaLayerNorm, Attention, AttentionConfig, BatchMask, FeedForward, RotaryEmbedding,
        modulated_norm, zero_padding,
    },
};

/// Attention and feed-forward, each behind a modulated LayerNorm and a gate.
#[derive(Module, Debug)]
pub struct DitBlock {
    /// Modulation by time.
    pub attn_norm: AdaLayerNorm,
    /// Self-attention.
    pub attn: Attention,
    /// Feed-forward branch.
    pub ff: FeedForward,
}

impl DitBlock {
    /// A block with the sizes of `config`.
    #[must_use]
    pub fn new(config: &DitConfig, device: &Device) -> Self {
        Self {
            attn_norm: AdaLayerNorm::new(config.dim, device),
            attn: Attention::new(AttentionConfig::from(config), device),
            ff: FeedForward::new(config.dim, config.ff_mult, device),
        }
    }

    /// # Shapes
    ///
    /// - `x` and output: `[rows, frames, dim]`
    /// - `time`: `[1, dim]`
    #[must_use]
    pub fn forward(
        &self,
        x: Tensor<3>,
        time: Tensor<2>,
        rope: &RotaryEmbedding,
        mask: &BatchMask,
    ) -> Tensor<3> {
        let (normed, m) = self.attn_norm.forward(x.clone(), time);
        let attended = self.attn.forward(normed, rope, mask.keys.as_ref());
        let x = x + zero_padding(attended, mask.padding.as_ref()) * m.gate_attn.unsqueeze();
        let normed = modulated_norm(x.clone(), m.scale_ff, m.shift_ff);
        x + self.ff.forward(normed) * m.gate_ff.unsqueeze()
    }
}
