//! The F5-TTS diffusion transformer and its flow-matching sampler on [Burn](https://burn.dev).
//!
//! [`Dit`] is the network, loaded from a released checkpoint; [`Cfm`](cfm::Cfm) draws mel spectrograms
//! with it. Both run on whatever [`Device`](burn::tensor::Device) the network was loaded to. Mel goes
//! in and comes out on the host, as [`Mel`](f5_core::mel::Mel).
//!
//! ```no_run
//! use std::{ops::ControlFlow, sync::Arc};
//! use burn::tensor::Device;
//! use f5_core::{mel::Mel, noise::keyed_normal};
//! use f5_model::{Dit, ModelConfig, cfm::{Cfm, SampleRow, SamplingParams, total_frames}};
//!
//! # fn reference() -> (Mel, Vec<i32>) { unimplemented!() }
//! # fn main() -> Result<(), f5_model::Error> {
//! let config = ModelConfig::from_file("model/config.json")?;
//! let dit = Dit::load("model/model.safetensors", &config.arch, 2545, &Device::flex())?;
//! let cfm = Cfm::new(Arc::new(dit));
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
//! Reading order: [`cfm`] (the sampler), [`dit`] (the network), [`layers`] and [`embedding`].
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod cfm;
mod config;
pub mod cpu;
pub mod dit;
pub mod embedding;
mod error;
pub mod layers;
mod weights;

pub use config::{BackboneKind, DitConfig, MAX_TEXT_POSITIONS, ModelConfig, QkNorm};
pub use dit::Dit;
pub use error::{ConfigError, Error, Result, SampleError};
