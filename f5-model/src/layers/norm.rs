//! LayerNorm modulated by the time embedding (upstream `AdaLayerNorm`, `AdaLayerNorm_Final`;
//! adaLN-Zero of [DiT](https://arxiv.org/abs/2212.09748)).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, activation::silu, module::layer_norm},
};

const EPSILON: f64 = 1e-6;

/// What one time step does to one block, each `[dim]`: all rows of a batch share their time.
#[derive(Debug, Clone)]
pub struct Modulation {
    /// Gate of the attention branch.
    pub gate_attn: Tensor<1>,
    /// Shift before the feed-forward branch.
    pub shift_ff: Tensor<1>,
    /// Scale before the feed-forward branch.
    pub scale_ff: Tensor<1>,
    /// Gate of the feed-forward branch.
    pub gate_ff: Tensor<1>,
}

/// LayerNorm without weights of its own, scaled and shifted by the time embedding.
#[derive(Module, Debug)]
pub struct AdaLayerNorm {
    /// Time embedding to shift, scale and gate of both branches, `[dim, 6 * dim]`.
    pub linear: Linear,
}

impl AdaLayerNorm {
    /// A layer for blocks of width `dim`.
    #[must_use]
    pub fn new(dim: usize, device: &Device) -> Self {
        Self {
            linear: LinearConfig::new(dim, dim * 6).init(device),
        }
    }

    /// Normalises `x` for the attention branch and returns what the rest of the block needs.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, frames, dim]`
    /// - `time`: `[1, dim]`
    #[must_use]
    pub fn forward(&self, x: Tensor<3>, time: Tensor<2>) -> (Tensor<3>, Modulation) {
        let [
            shift_attn,
            scale_attn,
            gate_attn,
            shift_ff,
            scale_ff,
            gate_ff,
        ] = chunks(self.linear.forward(silu(time)));
        let x = modulated_norm(x, scale_attn, shift_attn);
        (
            x,
            Modulation {
                gate_attn,
                shift_ff,
                scale_ff,
                gate_ff,
            },
        )
    }
}

/// The last normalisation: scale first, then shift, unlike in the blocks.
#[derive(Module, Debug)]
pub struct AdaLayerNormFinal {
    /// Time embedding to scale and shift, `[dim, 2 * dim]`.
    pub linear: Linear,
}

impl AdaLayerNormFinal {
    /// A layer for networks of width `dim`.
    #[must_use]
    pub fn new(dim: usize, device: &Device) -> Self {
        Self {
            linear: LinearConfig::new(dim, dim * 2).init(device),
        }
    }

    /// Normalises `x`.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, frames, dim]`
    /// - `time`: `[1, dim]`
    #[must_use]
    pub fn forward(&self, x: Tensor<3>, time: Tensor<2>) -> Tensor<3> {
        let [scale, shift] = chunks(self.linear.forward(silu(time)));
        modulated_norm(x, scale, shift)
    }
}

/// `LayerNorm(x) * (1 + scale) + shift`, in one pass: the modulation takes the place of the affine
/// weights.
pub(crate) fn modulated_norm(x: Tensor<3>, scale: Tensor<1>, shift: Tensor<1>) -> Tensor<3> {
    layer_norm(x, scale + 1.0, Some(shift), EPSILON)
}

/// Cuts `[1, N * dim]` into `N` vectors `[dim]`.
fn chunks<const N: usize>(modulation: Tensor<2>) -> [Tensor<1>; N] {
    let [_, width] = modulation.dims();
    let dim = width / N;
    let flat = modulation.reshape([width]);
    std::array::from_fn(|i| flat.clone().narrow(0, i * dim, dim))
}
