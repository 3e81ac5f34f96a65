//! What enters the transformer: time, text, and the noised mel beside its condition.

mod input;
mod text;
mod timestep;

pub use input::InputEmbedding;
pub use text::{TextEmbedding, TextSpan};
pub(crate) use text::{average_upsampled_rows, pad_with_zeros, position_table};
pub use timestep::TimestepEmbedding;
pub(crate) use timestep::sinusoid;
