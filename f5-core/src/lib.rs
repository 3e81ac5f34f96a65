//! Audio, text, mel features, seeds and the types that every crate of the F5-TTS engine shares.
//!
//! Nothing here knows Burn, a device or the network; a crate that wants only the shared types
//! depends on `f5-core` with `default-features = false`.
//!
//! | module | what lives there | feature |
//! |---|---|---|
//! | [`audio`] | waveforms, WAV files, resampling, silence, references (`symphonia` adds other files) | `audio` |
//! | [`files`] | files that appear whole or not at all | `audio` |
//! | [`mel`] | mel spectrograms and both front ends (the extractor needs `audio`) | |
//! | [`noise`] | starting noise keyed by seed, torch's CPU stream | `noise` |
//! | [`panics`] | what a panic of foreign code said | |
//! | [`text`] | vocabularies, tokenizers, chunking, duration rules (`zh` adds pinyin) | |
//! | [`timing`] | [`WordTiming`](timing::WordTiming), the type aligners and subtitle writers share | |
//! | [`weights`] | checkpoint files checked against the tensors a network needs | `weights` |
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "audio")]
pub mod audio;
#[cfg(feature = "audio")]
pub mod files;
pub mod mel;
#[cfg(feature = "noise")]
pub mod noise;
pub mod panics;
pub mod text;
pub mod timing;
#[cfg(feature = "weights")]
pub mod weights;
