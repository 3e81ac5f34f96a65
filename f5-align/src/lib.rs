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
//! sentences of each voice. `align` is an example of the facade `f5-tts`; its table comes from
//! `cargo run --release --example align -- --manifest FILE.jsonl --link all`, with `--noise 20` for
//! white noise 20 dB below the speech. No utterance failed anywhere.
//!
//! Two voices that the model was trained on, Festival's kal and slt, with other sentences:
//!
//! | aligner | noise | mean | median | within 20 ms | 50 ms | 100 ms |
//! |---|---|---|---|---|---|---|
//! | hmm, and the chain, which believed it each time | none | 9.9 ms | 7.0 ms | 87.4 % | 99.2 % | 99.9 % |
//! | | 20 dB | 12.5 ms | 8.6 ms | 80.1 % | 97.2 % | 99.9 % |
//! | | 10 dB | 18.2 ms | 10.4 ms | 70.1 % | 93.1 % | 98.7 % |
//! | energy | none | 87.1 ms | 64.6 ms | 23.9 % | 41.4 % | 63.2 % |
//! | | 20 dB | 87.9 ms | 64.6 ms | 24.0 % | 42.9 % | 64.6 % |
//! | | 10 dB | 159.9 ms | 128.1 ms | 8.7 % | 23.2 % | 39.6 % |
//! | proportional | none | 116.2 ms | 98.8 ms | 16.1 % | 29.7 % | 51.1 % |
//! | | 20 dB | 114.7 ms | 93.7 ms | 15.3 % | 30.6 % | 51.3 % |
//! | | 10 dB | 167.9 ms | 133.3 ms | 7.7 % | 19.7 % | 37.3 % |
//!
//! Two voices that are never trained on, with hmm (the word times of awb are put together from those
//! of its phones):
//!
//! | voice | noise | mean | median | within 20 ms | 50 ms | 100 ms |
//! |---|---|---|---|---|---|---|
//! | Flite's awb | none | 12.5 ms | 8.2 ms | 82.8 % | 96.9 % | 99.8 % |
//! | | 20 dB | 15.3 ms | 9.5 ms | 78.0 % | 95.0 % | 98.3 % |
//! | | 10 dB | 16.4 ms | 9.8 ms | 74.6 % | 93.5 % | 98.6 % |
//! | Festival's ked | none | 16.9 ms | 10.1 ms | 71.8 % | 94.5 % | 99.0 % |
//! | | 20 dB | 18.6 ms | 12.4 ms | 69.4 % | 92.8 % | 98.8 % |
//! | | 10 dB | 21.8 ms | 14.6 ms | 63.2 % | 90.9 % | 98.1 % |
//!
//! Voices left out of training for once (`cargo xtask train-aligner --without VOICE`, then `align --hmm
//! FILE`), which shows why training stretches the frequency axis: a voice unlike all others is where
//! it helps.
//!
//! | left out and judged by | noise | mean, stretched by 20 % | by 10 % |
//! |---|---|---|---|
//! | slt, the only woman, by Festival and Flite | none | 17.4 ms | 23.0 ms |
//! | | 20 dB | 24.2 ms | 39.0 ms |
//! | | 10 dB | 42.5 ms | 62.6 ms |
//! | kal | none | 18.7 ms | 18.7 ms |
//! | | 20 dB | 19.0 ms | 20.2 ms |
//! | | 10 dB | 22.5 ms | 23.4 ms |
//!
//! `CtcAligner` and `GoogleSpeechAligner` are not measured: their networks and servers are not at
//! hand here.
//!
//! # How fast
//!
//! `cargo bench -p f5-align --bench align`, one core of an Intel Xeon of 2 cores:
//!
//! | aligner | a minute of speech | of real time |
//! |---|---|---|
//! | chain, with hmm | 225 ms | 0.0038 |
//! | hmm | 229 ms | 0.0038 |
//! | energy | 1.7 ms | 0.00003 |
//! | proportional | 1.4 ms | 0.00002 |
//!
//! An hour takes the chain 14.0 s, 0.0039 of real time. The peak of that process was 302 MB, of which
//! 231 MB are the samples (`/usr/bin/time -v`, the bench run with `hour --profile-time 1`). Beyond about
//! five minutes audio is searched window by window.
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
