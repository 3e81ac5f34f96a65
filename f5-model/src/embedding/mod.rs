//! What enters the transformer: time, text, and the noised mel beside its condition.

mod input;
mod text;
mod timestep;

pub use input::InputEmbedding;
pub(crate) use text::pad_with_zeros;
pub use text::{TextEmbedding, TextSpan};
pub use timestep::TimestepEmbedding;
