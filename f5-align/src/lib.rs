//! Forced alignment: when each word of a known text was spoken.
//!
//! Every aligner implements [`Aligner`]: it takes the audio, the text that was spoken in it and the
//! text's language, and answers with the times of *all* words of the text, in order, without
//! overlap and inside the audio, or with a typed error. They differ in what their times rest on:
//!
//! | aligner | rests on | needs | fails |
//! |---|---|---|---|
//! | [`ProportionalAligner`] | length of the words, spread from the first to the last sound | nothing | never on valid audio |
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod aligner;
mod alignment;
mod error;
mod proportional;
mod sound;
mod voice;
mod words;

pub use aligner::Aligner;
pub use alignment::{Alignment, Quality};
pub use error::AlignError;
pub use proportional::ProportionalAligner;
pub use words::{TextWord, split_words};
