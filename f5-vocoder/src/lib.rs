//! Vocoders: from the log-mel spectrograms that F5-TTS samples to waveforms, on
//! [Burn](https://burn.dev).
//!
//! [`Vocoder`] is what the engine asks for; [`Vocos`] is the vocoder of the released models
//! but one, which has [`BigVgan`]. The networks run on whichever [`Device`](burn::tensor::Device) they
//! were loaded to, the inverse Fourier transform that closes Vocos on the host. [`VocoderConfig`] reads the `vocoder` block of a model's
//! `config.json` and loads the vocoder that it names.
//!
//! ```no_run
//! use burn::tensor::{Device, Tensor};
//! use f5_core::mel::MelSpec;
//! use f5_vocoder::{VocoderConfig, VocosConfig};
//!
//! # fn main() -> Result<(), f5_vocoder::Error> {
//! let device = Device::flex();
//! let config = VocoderConfig::Vocos(VocosConfig::mel_24khz());
//! let vocoder = config.load("vocos-mel-24khz/model.safetensors", &device)?;
//! vocoder.check_mel_spec(&MelSpec::vocos())?;
//!
//! // Two spectrograms of one second; what they hold is up to the backbone.
//! let mel = Tensor::<3>::zeros([2, 100, 94], &device);
//! let waves = vocoder.decode(mel)?;
//! assert_eq!(waves.dims(), [2, vocoder.samples_for(94)]);
//! # Ok(())
//! # }
//! ```
//!
//! Rows of a batch do not influence each other, so spectrograms of equal length may be decoded
//! together; shorter ones are decoded on their own, because padding frames would be heard.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod bigvgan;
mod error;
mod istft;
mod vocoder;
pub mod vocos;

pub use bigvgan::{BigVgan, BigVganConfig, CpuBigVgan};
pub use error::{Error, Result};
pub use vocoder::{Vocoder, VocoderConfig};
pub use vocos::{CpuVocos, Padding, Vocos, VocosConfig};
