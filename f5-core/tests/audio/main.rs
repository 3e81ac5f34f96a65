//! Audio and mel features against upstream's results, and their behaviour on bad input.
#![cfg(feature = "audio")]
#![allow(
    clippy::unwrap_used,
    reason = "the helpers of tests state expectations as tests do"
)]
#![allow(
    clippy::single_range_in_vec_init,
    reason = "lists of one range are meant"
)]

mod bad_input;
mod check;
mod encoded;
mod golden;
mod joining;
mod mel_input;
mod odd_wavs;
mod properties;
mod reference;
mod silence;
mod support;
mod wav_files;
