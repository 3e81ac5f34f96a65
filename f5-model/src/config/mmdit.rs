//! Configuration of the two-stream transformer.

use serde::{Deserialize, Serialize};

use super::backbone::{QkNorm, Shape, check_text, defaults};
use crate::ConfigError;

/// Constructor arguments of upstream's `MMDiT`, under its names and with its defaults.
///
/// `dropout`, `checkpoint_activations` and `attn_backend` are accepted and have no effect; an unknown
/// argument is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MmDitConfig {
    /// Width of both streams.
    pub dim: usize,
    /// Number of transformer blocks.
    #[serde(default = "defaults::depth")]
    pub depth: usize,
    /// Attention heads.
    #[serde(default = "defaults::heads")]
    pub heads: usize,
    /// Width of one head.
    #[serde(default = "defaults::dim_head")]
    pub dim_head: usize,
    /// Width of the feed-forward layers in multiples of `dim`.
    #[serde(default = "defaults::ff_mult")]
    pub ff_mult: usize,
    /// Mel bands per frame.
    #[serde(default = "defaults::mel_dim")]
    pub mel_dim: usize,
    /// Vocabulary size without the filler row; taken from the vocabulary when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_num_embeds: Option<usize>,
    /// Whether the padding of a batch's texts is zeroed.
    #[serde(default = "defaults::yes")]
    pub text_mask_padding: bool,
    /// Normalisation of queries and keys.
    #[serde(default)]
    pub qk_norm: Option<QkNorm>,
    /// Whether upstream masks the keys of padded frames and tokens in a batch.
    #[serde(default)]
    pub attn_mask_enabled: bool,
    #[serde(default, skip_serializing)]
    dropout: Option<f64>,
    #[serde(default, skip_serializing)]
    checkpoint_activations: Option<bool>,
    #[serde(default, skip_serializing)]
    attn_backend: Option<String>,
}

impl MmDitConfig {
    /// Refuses combinations that describe no network.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Contradiction`] with the argument and what is wrong with it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        Shape {
            dim: self.dim,
            depth: self.depth,
            heads: self.heads,
            dim_head: self.dim_head,
            ff_mult: self.ff_mult,
            mel_dim: self.mel_dim,
            pe_attn_head: None,
        }
        .validate()?;
        check_text(self.dim, 0)
    }
}
