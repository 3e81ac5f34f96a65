//! Forced alignment: when each word of a known text was spoken.
//!
//! Every aligner implements [`Aligner`]: it takes the audio, the text that was spoken in it and the
//! text's language, and answers with the times of *all* words of the text, in order, without
//! overlap and inside the audio, or with a typed error. They differ in what their times rest on:
//!
//! | aligner | rests on | needs | fails |
//! |---|---|---|---|
//! | [`ProportionalAligner`] | length of the words, spread from the first to the last sound | nothing | never on valid audio |
//! | [`EnergyAligner`] | pauses and punctuation | nothing | never on valid audio |
//! | [`HmmAligner`] | models of the phones of English | nothing | text without English words, too little audio |
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod aligner;
mod alignment;
mod energy;
mod english;
mod error;
mod hmm;
mod proportional;
mod sound;
#[cfg(feature = "train")]
pub mod train;
mod voice;
mod words;

pub use aligner::Aligner;
pub use alignment::{Alignment, Quality};
pub use energy::EnergyAligner;
pub use error::AlignError;
pub use hmm::HmmAligner;
pub use proportional::ProportionalAligner;
pub use words::{TextWord, split_words};
