//! Self-attention with rotary positions (upstream `Attention` with `AttnProcessor`).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig, RmsNorm, RmsNormConfig},
    tensor::{Bool, Device, Tensor, module::attention, ops::AttentionModuleOptions},
};

use super::RotaryEmbedding;
use crate::config::{DitConfig, QkNorm, UNetTConfig};

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

impl From<&UNetTConfig> for AttentionConfig {
    fn from(config: &UNetTConfig) -> Self {
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
        let norm = || head_norm(config.qk_norm, config.dim_head, device);
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
        let split = |x| split_heads(x, self.heads);
        let q = normalised(split(self.to_q.forward(x.clone())), &self.q_norm);
        let k = normalised(split(self.to_k.forward(x.clone())), &self.k_norm);
        let v = split(self.to_v.forward(x));
        let q = rope.rotate(q, self.pe_attn_head);
        let k = rope.rotate(k, self.pe_attn_head);
        self.to_out
            .forward(merge_heads(attend(q, k, v, key_padding)))
    }
}

/// The normalisation of queries or keys that `qk_norm` asks for.
pub(crate) fn head_norm(
    qk_norm: Option<QkNorm>,
    dim_head: usize,
    device: &Device,
) -> Option<RmsNorm> {
    qk_norm.map(|QkNorm::RmsNorm| RmsNormConfig::new(dim_head).with_epsilon(1e-6).init(device))
}

pub(crate) fn normalised(x: Tensor<4>, norm: &Option<RmsNorm>) -> Tensor<4> {
    match norm {
        Some(norm) => norm.forward(x),
        None => x,
    }
}

/// `[batch, positions, heads * dim_head]` to `[batch, heads, positions, dim_head]`.
pub(crate) fn split_heads(x: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, positions, inner] = x.dims();
    x.reshape([batch, positions, heads, inner / heads])
        .swap_dims(1, 2)
}

/// `[batch, heads, positions, dim_head]` to `[batch, positions, heads * dim_head]`.
pub(crate) fn merge_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, heads, positions, dim_head] = x.dims();
    x.swap_dims(1, 2)
        .reshape([batch, positions, heads * dim_head])
}

/// Attends from every position to every position that `key_padding`, `[batch, 1, 1, positions]`, does
/// not hide; all else is `[batch, heads, positions, dim_head]`.
pub(crate) fn attend(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    key_padding: Option<&Tensor<4, Bool>>,
) -> Tensor<4> {
    let [batch, heads, positions, _] = q.dims();
    let mask = key_padding.map(|mask| mask.clone().expand([batch, heads, positions, positions]));
    attention(q, k, v, mask, None, AttentionModuleOptions::default())
}
