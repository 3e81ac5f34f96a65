//! The networks of the F5-TTS family and their flow-matching sampler on [Burn](https://burn.dev).
//!
//! [`Dit`] is the network of F5-TTS, [`UNetT`] that of E2-TTS, [`MmDit`] a third without released
//! weights; [`BackboneConfig`] loads whichever a configuration names. [`Cfm`](cfm::Cfm) draws mel
//! spectrograms with it. All run on whatever [`Device`](burn::tensor::Device) the network was loaded to. Mel goes
//! in and comes out on the host, as [`Mel`](f5_core::mel::Mel).
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use burn::tensor::Device;
//! use f5_core::{mel::Mel, noise::keyed_normal};
//! use f5_model::{ModelConfig, cfm::{Cfm, SampleRow, SamplingParams, total_frames}};
//!
//! # fn reference() -> (Mel, Vec<i32>) { unimplemented!() }
//! # fn main() -> Result<(), f5_model::Error> {
//! let config = ModelConfig::from_file("model/config.json")?;
//! let backbone = config.arch.load("model/model.safetensors", 2545, &Device::flex())?;
//! let cfm = Cfm::new(backbone.into());
//!
//! let (cond, text) = reference();
//! let duration = total_frames(text.len(), cond.frames(), 800);
//! let noise = keyed_normal(7, 0, duration * cond.n_mels());
//! let row = SampleRow { cond: &cond, text: &text, duration, noise: &noise, edit_mask: None };
//! let mel = &cfm.sample(&[row], &SamplingParams::default(), |_| ControlFlow::Continue(()))?[0];
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: [`cfm`] (the sampler), [`dit`] (the network of F5-TTS), [`unett`] and [`mmdit`] (its
//! relatives), [`layers`] and [`embedding`].
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod cfm;
mod config;
pub mod cpu;
pub mod dit;
pub mod embedding;
mod error;
pub mod layers;
pub mod mmdit;
pub mod unett;
mod weights;

pub use config::{
    BackboneConfig, DitConfig, MAX_TEXT_POSITIONS, MmDitConfig, ModelConfig, QkNorm,
    SkipConnectType, UNetTConfig,
};
pub use dit::Dit;
pub use error::{ConfigError, Error, Result, SampleError};
pub use mmdit::MmDit;
pub use unett::UNetT;
