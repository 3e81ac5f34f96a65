//! Self-attention with rotary positions (upstream `Attention` with `AttnProcessor`).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig, RmsNorm, RmsNormConfig},
    tensor::{Bool, Device, Tensor, module::attention, ops::AttentionModuleOptions},
};

use super::RotaryEmbedding;
use crate::config::{DitConfig, QkNorm};

/// Sizes and flags of an attention layer.
#[derive(Debug, Clone, Copy)]
pub struct AttentionConfig {
    /// Width of the input and output.
    pub dim: usize,
    /// Number of heads.
    pub heads: usize,
    /// Width of one head.
    pub dim_head: usize,
    /// Normalisation of queries and keys.
    pub qk_norm: Option<QkNorm>,
    /// How many heads carry the rotary embedding; all when `None`.
    pub pe_attn_head: Option<usize>,
}

impl From<&DitConfig> for AttentionConfig {
    fn from(config: &DitConfig) -> Self {
        Self {
            dim: config.dim,
            heads: config.heads,
            dim_head: config.dim_head,
            qk_norm: config.qk_norm,
            pe_attn_head: config.pe_attn_head,
        }
    }
}

/// Multi-head self-attention over frames.
#[derive(Module, Debug)]
pub struct Attention {
    /// Queries, `[dim, heads * dim_head]`.
    pub to_q: Linear,
    /// Keys, `[dim, heads * dim_head]`.
    pub to_k: Linear,
    /// Values, `[dim, heads * dim_head]`.
    pub to_v: Linear,
    /// Normalises queries per head.
    pub q_norm: Option<RmsNorm>,
    /// Normalises keys per head.
    pub k_norm: Option<RmsNorm>,
    /// Output projection, `[heads * dim_head, dim]`.
    pub to_out: Linear,
    #[module(skip)]
    heads: usize,
    #[module(skip)]
    pe_attn_head: Option<usize>,
}

impl Attention {
    /// A layer with these sizes.
    #[must_use]
    pub fn new(config: AttentionConfig, device: &Device) -> Self {
        let inner = config.heads * config.dim_head;
        let project = || LinearConfig::new(config.dim, inner).init(device);
        let norm = || {
            config.qk_norm.map(|QkNorm::RmsNorm| {
                RmsNormConfig::new(config.dim_head)
                    .with_epsilon(1e-6)
                    .init(device)
            })
        };
        Self {
            to_q: project(),
            to_k: project(),
            to_v: project(),
            q_norm: norm(),
            k_norm: norm(),
            to_out: LinearConfig::new(inner, config.dim).init(device),
            heads: config.heads,
            pe_attn_head: config.pe_attn_head,
        }
    }

    /// Attends from every frame to every frame that `key_padding` does not hide.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, frames, dim]`
    /// - `key_padding`: `[batch, 1, 1, frames]`, true where a key is hidden
    /// - output: `[batch, frames, dim]`
    #[must_use]
    pub fn forward(
        &self,
        x: Tensor<3>,
        rope: &RotaryEmbedding,
        key_padding: Option<&Tensor<4, Bool>>,
    ) -> Tensor<3> {
        let [batch, frames, _] = x.dims();
        let q = self.split_heads(self.to_q.forward(x.clone()));
        let k = self.split_heads(self.to_k.forward(x.clone()));
        let v = self.split_heads(self.to_v.forward(x));
        let normalised = |x: Tensor<4>, norm: &Option<RmsNorm>| match norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        let q = rope.rotate(normalised(q, &self.q_norm), self.pe_attn_head);
        let k = rope.rotate(normalised(k, &self.k_norm), self.pe_attn_head);
        let mask = key_padding.map(|mask| mask.clone().expand([batch, self.heads, frames, frames]));
        let out = attention(q, k, v, mask, None, AttentionModuleOptions::default());
        let [_, heads, _, dim_head] = out.dims();
        self.to_out.forward(
            out.swap_dims(1, 2)
                .reshape([batch, frames, heads * dim_head]),
        )
    }

    /// `[batch, frames, heads * dim_head]` to `[batch, heads, frames, dim_head]`.
    fn split_heads(&self, x: Tensor<3>) -> Tensor<4> {
        let [batch, frames, inner] = x.dims();
        x.reshape([batch, frames, self.heads, inner / self.heads])
            .swap_dims(1, 2)
    }
}
