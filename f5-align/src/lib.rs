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
//! | `CtcAligner`, feature `ctc` | letters that a wav2vec2 network hears | the network's files | another language, text without letters, too little audio |
//! | `google::GoogleSpeechAligner`, feature `google-speech` | words that Google's Speech-to-Text recognises | credentials, consent, the network | nothing recognised, no answer |
//! | [`AlignerChain`] | the first link that is believed | what its links need | never, unless its last link does |
//!
//! A [`Transcriber`] writes down a recording whose text is not known; `CtcAligner` is one.
//!
//! ```
//! use f5_align::{Aligner, HmmAligner};
//! use f5_core::audio::Waveform;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let audio = Waveform::read_wav("tests/data/awb_19.wav")?;
//! let text = "Nobody knew where the sound was coming from.";
//! let alignment = HmmAligner::new().align(&audio, text, "en-US")?;
//! let sound = &alignment.words[4];
//! assert_eq!(sound.word, "sound");
//! assert!((sound.start.as_secs_f64() - 1.3548).abs() < 0.02);
//! # Ok(())
//! # }
//! ```
//!
//! # How good the times are
//!
//! Errors of word starts and ends against synthesisers that know their own times, over the same 20
//! sentences (`cargo run --release -p f5-align --example evaluate -- FOLDER`):
//!
//! | aligner, voices | mean | median | within 50 ms | within 100 ms |
//! |---|---|---|---|---|
//! | hmm, two voices it was trained on | 9.5 ms | 7.1 ms | 99.5 % | 100 % |
//! | hmm, three voices nobody trained on | 13.5 ms | 8.6 ms | 96.7 % | 99.5 % |
//! | the same with white noise at 20 dB | 14.7 ms | 9.0 ms | 95.8 % | 99.3 % |
//! | the same with white noise at 10 dB | 18.4 ms | 11.2 ms | 93.4 % | 98.3 % |
//! | energy, the same three voices | 80.6 ms | 63.9 ms | 42.1 % | 69.2 % |
//! | proportional, the same three voices | 103.0 ms | 78.6 ms | 35.2 % | 59.8 % |
//!
//! The trained voices are Festival's kal and slt, the others Festival's ked, Flite's awb and
//! espeak-ng. No utterance failed. On one core `HmmAligner` takes 0.005 of the audio's length, on
//! an hour of audio 0.007 and 460 MB, half of it the samples.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod aligner;
mod alignment;
mod chain;
pub mod ctc;
mod energy;
mod english;
mod error;
#[cfg(feature = "google-speech")]
pub mod google;
mod hmm;
mod language;
mod proportional;
mod score;
mod sound;
mod span;
#[cfg(feature = "train")]
pub mod train;
mod transcriber;
mod voice;
mod words;

pub use aligner::Aligner;
pub use alignment::{Alignment, Quality};
pub use chain::{AlignerChain, Gate, LinkReport, Refusal, Verdict};
#[cfg(feature = "ctc")]
pub use ctc::CtcAligner;
pub use energy::EnergyAligner;
pub use error::{AlignError, Cause};
pub use hmm::HmmAligner;
pub use proportional::ProportionalAligner;
pub use score::BoundaryErrors;
pub use span::Span;
pub use transcriber::{TranscribeError, Transcriber};
pub use words::{TextWord, split_words};
