//! What engines of one process can share, held by the caller: weights, and prepared voices.

mod voices;
mod weights;

pub use voices::{VoiceCache, VoiceCacheStats};
pub use weights::WeightCache;
pub(crate) use weights::WeightKey;
