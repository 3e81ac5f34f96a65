//! What enters the transformer: time, text, and the noised mel beside its condition.

mod input;
mod text;
mod timestep;

pub(crate) use input::ConditionedInput;
pub use input::InputEmbedding;
pub use text::{TextEmbedding, TextEmbeddingConfig, TextSpan};
pub(crate) use text::{average_upsampled_rows, pad_with_zeros, position_table, positions};
pub use timestep::TimestepEmbedding;
pub(crate) use timestep::sinusoid;
