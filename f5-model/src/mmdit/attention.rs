//! Attention over audio and text together (upstream `Attention` with `JointAttnProcessor`).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig, RmsNorm},
    tensor::{Device, Tensor},
};

use super::Streams;
use crate::{
    config::MmDitConfig,
    layers::{attend, head_norm, merge_heads, normalised, split_heads},
};

/// Multi-head attention of two streams: each has its own projections and positions, both see both.
#[derive(Module, Debug)]
pub struct JointAttention {
    /// Queries of the audio, `[dim, heads * dim_head]`.
    pub to_q: Linear,
    /// Keys of the audio.
    pub to_k: Linear,
    /// Values of the audio.
    pub to_v: Linear,
    /// Queries of the text.
    pub to_q_c: Linear,
    /// Keys of the text.
    pub to_k_c: Linear,
    /// Values of the text.
    pub to_v_c: Linear,
    /// Normalises queries of the audio per head.
    pub q_norm: Option<RmsNorm>,
    /// Normalises keys of the audio per head.
    pub k_norm: Option<RmsNorm>,
    /// Normalises queries of the text per head.
    pub c_q_norm: Option<RmsNorm>,
    /// Normalises keys of the text per head.
    pub c_k_norm: Option<RmsNorm>,
    /// Output projection of the audio, `[heads * dim_head, dim]`.
    pub to_out: Linear,
    /// Output projection of the text; the last block has none.
    pub to_out_c: Option<Linear>,
    #[module(skip)]
    heads: usize,
}

impl JointAttention {
    /// A layer with the sizes of `config`; after the `last` one, nobody asks for the text.
    #[must_use]
    pub fn new(config: &MmDitConfig, last: bool, device: &Device) -> Self {
        let inner = config.heads * config.dim_head;
        let project = || LinearConfig::new(config.dim, inner).init(device);
        let out = || LinearConfig::new(inner, config.dim).init(device);
        let norm = || head_norm(config.qk_norm, config.dim_head, device);
        Self {
            to_q: project(),
            to_k: project(),
            to_v: project(),
            to_q_c: project(),
            to_k_c: project(),
            to_v_c: project(),
            q_norm: norm(),
            k_norm: norm(),
            c_q_norm: norm(),
            c_k_norm: norm(),
            to_out: out(),
            to_out_c: (!last).then(out),
            heads: config.heads,
        }
    }

    /// Attends from every frame and token to every frame and token that is not hidden; the second result
    /// is absent in the last block.
    ///
    /// # Shapes
    ///
    /// - `x` and first result: `[rows, frames, dim]`
    /// - `c` and second result: `[rows, tokens, dim]`
    #[must_use]
    pub fn forward(
        &self,
        x: Tensor<3>,
        c: Tensor<3>,
        streams: &Streams,
    ) -> (Tensor<3>, Option<Tensor<3>>) {
        let ([_, frames, _], [_, tokens, _]) = (x.dims(), c.dims());
        let split = |x| split_heads(x, self.heads);
        let turn_x = |x, norm| streams.rope.rotate(normalised(split(x), norm), None);
        let turn_c = |c, norm| {
            streams
                .context_rope
                .rotate(normalised(split(c), norm), None)
        };
        let q = vec![
            turn_x(self.to_q.forward(x.clone()), &self.q_norm),
            turn_c(self.to_q_c.forward(c.clone()), &self.c_q_norm),
        ];
        let k = vec![
            turn_x(self.to_k.forward(x.clone()), &self.k_norm),
            turn_c(self.to_k_c.forward(c.clone()), &self.c_k_norm),
        ];
        let v = vec![split(self.to_v.forward(x)), split(self.to_v_c.forward(c))];
        let join = |parts| Tensor::cat(parts, 2);
        let attended = attend(join(q), join(k), join(v), streams.keys.as_ref());
        let attended = merge_heads(attended);
        let x = self.to_out.forward(attended.clone().narrow(1, 0, frames));
        let c = self
            .to_out_c
            .as_ref()
            .map(|out| out.forward(attended.narrow(1, frames, tokens)));
        (x, c)
    }
}
