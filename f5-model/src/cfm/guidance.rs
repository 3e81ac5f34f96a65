//! Classifier-free guidance ([Ho & Salimans](https://arxiv.org/abs/2207.12598)): away from what the
//! network would say without reference and text.

use burn::tensor::Tensor;

use super::Velocity;

/// Below this strength upstream skips the unconditional pass.
pub(crate) const NO_GUIDANCE: f32 = 1e-5;

/// `c + (c - u) * cfg_strength`, `[batch, frames, n_mels]`; the conditional velocity alone when there is no
/// unconditional one.
#[must_use]
pub fn guided(velocity: Velocity, cfg_strength: f32) -> Tensor<3> {
    let Velocity {
        conditional,
        unconditional,
    } = velocity;
    match unconditional {
        Some(unconditional) => conditional.clone() + (conditional - unconditional) * cfg_strength,
        None => conditional,
    }
}
