//! The feed-forward branch of a transformer block (upstream `FeedForward`).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, activation::sigmoid},
};

/// Linear, GELU in its tanh form, linear.
#[derive(Module, Debug)]
pub struct FeedForward {
    /// `ff.0.0` of the checkpoint, `[dim, dim * mult]`.
    pub linear_in: Linear,
    /// `ff.2` of the checkpoint, `[dim * mult, dim]`.
    pub linear_out: Linear,
}

impl FeedForward {
    /// A branch of width `dim` that is `mult` times as wide inside.
    #[must_use]
    pub fn new(dim: usize, mult: usize, device: &Device) -> Self {
        Self {
            linear_in: LinearConfig::new(dim, dim * mult).init(device),
            linear_out: LinearConfig::new(dim * mult, dim).init(device),
        }
    }

    /// # Shapes
    ///
    /// - `x` and output: `[batch, frames, dim]`
    #[must_use]
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.linear_out
            .forward(gelu_tanh(self.linear_in.forward(x)))
    }
}

/// `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, written with the logistic function:
/// `0.5 (1 + tanh z) = sigmoid(2 z)`, and without a general power, which costs ten times as much.
pub(crate) fn gelu_tanh(x: Tensor<3>) -> Tensor<3> {
    const TWO_SQRT_2_OVER_PI: f64 = 1.595_769_121_605_730_7;
    let z =
        x.clone() * (x.clone().square() * (0.044_715 * TWO_SQRT_2_OVER_PI) + TWO_SQRT_2_OVER_PI);
    x * sigmoid(z)
}
