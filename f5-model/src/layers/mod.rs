//! Layers shared by the networks of the family (upstream `model/modules.py`).

mod attention;
mod conv_position;
mod convnext_v2;
mod feed_forward;
mod mask;
mod norm;
mod rope;

pub use attention::{Attention, AttentionConfig};
pub(crate) use attention::{attend, head_norm, merge_heads, normalised, split_heads};
pub use conv_position::ConvPositionEmbedding;
pub use convnext_v2::{ConvNextV2Block, Grn};
pub use feed_forward::FeedForward;
pub use mask::BatchMask;
pub(crate) use norm::modulated_norm;
pub use norm::{AdaLayerNorm, AdaLayerNormFinal, Modulation};
pub use rope::RotaryEmbedding;

use burn::tensor::{Bool, Tensor};

/// Sets padded frames to zero.
///
/// # Shapes
///
/// - `x`: `[batch, frames, dim]`
/// - `padding`: `[batch, frames, 1]`, true where a frame is padding
pub(crate) fn zero_padding(x: Tensor<3>, padding: Option<&Tensor<3, Bool>>) -> Tensor<3> {
    match padding {
        Some(padding) => {
            let shape = x.shape();
            x.mask_fill(padding.clone().expand(shape), 0.0)
        }
        None => x,
    }
}
