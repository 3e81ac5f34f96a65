//! Alignment with networks that write letters frame by frame (connectionist temporal
//! classification).
//!
//! [`forced_align`] lays tokens over the [`Emissions`] of any such network. With feature `ctc`,
//! `CtcAligner` runs the network too: wav2vec 2.0 from the files that `transformers` writes.

#[cfg(feature = "ctc")]
mod aligner;
mod emissions;
#[cfg(feature = "ctc")]
mod error;
#[cfg(feature = "ctc")]
mod network;
mod path;
#[cfg(feature = "ctc")]
mod vocabulary;
#[cfg(feature = "ctc")]
mod wav2vec2;

#[cfg(feature = "ctc")]
pub use aligner::CtcAligner;
pub use emissions::{Emissions, PathError};
#[cfg(feature = "ctc")]
pub use error::{ModelError, NetworkPanic};
pub use path::{CtcPath, TokenSpan, forced_align};
