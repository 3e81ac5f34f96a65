//! Which network a configuration describes, and what the networks' configurations have in common.

use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{DitConfig, MmDitConfig, UNetTConfig};
use crate::{
    ConfigError, Dit, MmDit, Result, UNetT,
    cfm::Backbone,
    cpu::{self, Architecture, Cpu, Pool, Precision},
};

/// A network of the F5-TTS family with its constructor arguments: `backbone` and `arch` of a model's
/// `config.json`.
///
/// ```
/// use f5_model::BackboneConfig;
///
/// let json = r#"{ "backbone": "UNetT", "arch": { "dim": 1024, "depth": 24, "heads": 16 } }"#;
/// let config: BackboneConfig = serde_json::from_str(json)?;
/// assert!(matches!(config, BackboneConfig::UNetT(arch) if arch.ff_mult == 4));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "backbone", content = "arch")]
#[non_exhaustive]
pub enum BackboneConfig {
    /// Diffusion transformer: F5-TTS.
    #[serde(rename = "DiT")]
    Dit(DitConfig),
    /// Flat U-Net transformer: E2-TTS.
    UNetT(UNetTConfig),
    /// Two-stream transformer; no released weights.
    #[serde(rename = "MMDiT")]
    MmDit(MmDitConfig),
}

impl BackboneConfig {
    /// Mel bands per frame.
    #[must_use]
    pub fn mel_dim(&self) -> usize {
        match self {
            Self::Dit(config) => config.mel_dim,
            Self::UNetT(config) => config.mel_dim,
            Self::MmDit(config) => config.mel_dim,
        }
    }

    /// Whether the CPU kernels know the network; Burn computes the others on processors too.
    #[must_use]
    pub fn has_cpu_kernels(&self) -> bool {
        matches!(self, Self::Dit(_) | Self::UNetT(_))
    }

    /// Refuses combinations that describe no network.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Contradiction`] with the argument and what is wrong with it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        match self {
            Self::Dit(config) => config.validate(),
            Self::UNetT(config) => config.validate(),
            Self::MmDit(config) => config.validate(),
        }
    }

    /// Loads the network from a checkpoint of the released tensor names to `device`.
    ///
    /// # Errors
    ///
    /// As [`Dit::load`].
    pub fn load(
        &self,
        path: impl AsRef<Path>,
        vocab_size: usize,
        device: &Device,
    ) -> Result<Box<dyn Backbone>> {
        Ok(match self {
            Self::Dit(config) => Box::new(Dit::load(path, config, vocab_size, device)?),
            Self::UNetT(config) => Box::new(UNetT::load(path, config, vocab_size, device)?),
            Self::MmDit(config) => Box::new(MmDit::load(path, config, vocab_size, device)?),
        })
    }

    /// As [`load`](Self::load), on the processor's own kernels with the threads of `pool` where
    /// [`has_cpu_kernels`](Self::has_cpu_kernels) says that there are any, else on `device`.
    ///
    /// # Errors
    ///
    /// As [`Dit::load`].
    pub fn load_cpu(
        &self,
        path: impl AsRef<Path>,
        vocab_size: usize,
        device: &Device,
        precision: Precision,
        cpu: Cpu,
        pool: Pool,
    ) -> Result<Box<dyn Backbone>> {
        let architecture = match self {
            Self::Dit(config) => Architecture::Dit(config),
            Self::UNetT(config) => Architecture::UNetT(config),
            Self::MmDit(_) => return self.load(path, vocab_size, device),
        };
        cpu::load(path, architecture, vocab_size, device, precision, cpu, pool)
    }
}

/// Normalisation of queries and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QkNorm {
    /// Root-mean-square normalisation per head, before the rotary embedding.
    RmsNorm,
}

/// Values of arguments that a configuration leaves out, the same for all networks.
pub(super) mod defaults {
    pub(crate) fn depth() -> usize {
        8
    }
    pub(crate) fn heads() -> usize {
        8
    }
    pub(crate) fn dim_head() -> usize {
        64
    }
    pub(crate) fn ff_mult() -> usize {
        4
    }
    pub(crate) fn mel_dim() -> usize {
        100
    }
    pub(crate) fn yes() -> bool {
        true
    }
}

/// The arguments that every transformer of the family has.
pub(super) struct Shape {
    pub(super) dim: usize,
    pub(super) depth: usize,
    pub(super) heads: usize,
    pub(super) dim_head: usize,
    pub(super) ff_mult: usize,
    pub(super) mel_dim: usize,
    pub(super) pe_attn_head: Option<usize>,
}

impl Shape {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let positive = [
            ("dim", self.dim),
            ("depth", self.depth),
            ("heads", self.heads),
            ("dim_head", self.dim_head),
            ("ff_mult", self.ff_mult),
            ("mel_dim", self.mel_dim),
        ];
        if let Some((argument, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return contradiction(argument, "must be at least 1");
        }
        if !self.dim.is_multiple_of(16) {
            return contradiction(
                "dim",
                "must be a multiple of 16, the groups of the position convolution",
            );
        }
        if !self.dim_head.is_multiple_of(2) {
            return contradiction("dim_head", "must be even: the rotary embedding turns pairs");
        }
        if self
            .pe_attn_head
            .is_some_and(|heads| heads == 0 || heads > self.heads)
        {
            return contradiction("pe_attn_head", "must be between 1 and heads");
        }
        Ok(())
    }
}

/// Refuses a text encoder that cannot be built.
pub(super) fn check_text(text_dim: usize, conv_layers: usize) -> Result<(), ConfigError> {
    if text_dim == 0 {
        return contradiction("text_dim", "must be at least 1");
    }
    if conv_layers > 0 && !text_dim.is_multiple_of(2) {
        return contradiction(
            "text_dim",
            "must be even: text positions are pairs of cosine and sine",
        );
    }
    Ok(())
}

pub(super) fn contradiction(
    argument: &'static str,
    reason: &'static str,
) -> Result<(), ConfigError> {
    Err(ConfigError::Contradiction { argument, reason })
}
