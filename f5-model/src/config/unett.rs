//! Configuration of the flat U-Net transformer.

use serde::{Deserialize, Serialize};

use super::backbone::{QkNorm, Shape, check_text, contradiction, defaults};
use crate::ConfigError;

/// How the second half of a [`UNetT`](crate::UNetT) hears the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SkipConnectType {
    /// A projection of both side by side.
    #[default]
    Concat,
    /// Their sum.
    Add,
    /// Not at all.
    None,
}

/// Constructor arguments of upstream's `UNetT`, under its names and with its defaults.
///
/// `dropout` and `attn_backend` are accepted and have no effect; an unknown argument is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UNetTConfig {
    /// Width of the transformer.
    pub dim: usize,
    /// Number of transformer layers; even.
    #[serde(default = "defaults::depth")]
    pub depth: usize,
    /// Attention heads.
    #[serde(default = "defaults::heads")]
    pub heads: usize,
    /// Width of one head.
    #[serde(default = "defaults::dim_head")]
    pub dim_head: usize,
    /// Width of the feed-forward layer in multiples of `dim`.
    #[serde(default = "defaults::ff_mult")]
    pub ff_mult: usize,
    /// Mel bands per frame.
    #[serde(default = "defaults::mel_dim")]
    pub mel_dim: usize,
    /// Vocabulary size without the filler row; taken from the vocabulary when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_num_embeds: Option<usize>,
    /// Width of the text embedding; `mel_dim` when absent, as in the released models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_dim: Option<usize>,
    /// Whether filler positions are zeroed around every text block; without blocks it has no effect.
    #[serde(default = "defaults::yes")]
    pub text_mask_padding: bool,
    /// Normalisation of queries and keys.
    #[serde(default)]
    pub qk_norm: Option<QkNorm>,
    /// ConvNeXt V2 blocks of the text encoder; none in the released models.
    #[serde(default)]
    pub conv_layers: usize,
    /// How many heads carry the rotary embedding: all when absent, 1 in the released models.
    #[serde(default)]
    pub pe_attn_head: Option<usize>,
    /// Whether upstream masks the keys of padded frames in a batch.
    #[serde(default)]
    pub attn_mask_enabled: bool,
    /// How the second half of the layers hears the first.
    #[serde(default)]
    pub skip_connect_type: SkipConnectType,
    #[serde(default, skip_serializing)]
    dropout: Option<f64>,
    #[serde(default, skip_serializing)]
    attn_backend: Option<String>,
}

impl UNetTConfig {
    /// A released E2-TTS.
    pub(super) fn released(dim: usize, depth: usize, heads: usize) -> Self {
        Self {
            dim,
            depth,
            heads,
            dim_head: 64,
            ff_mult: 4,
            mel_dim: defaults::mel_dim(),
            text_num_embeds: None,
            text_dim: None,
            text_mask_padding: false,
            qk_norm: None,
            conv_layers: 0,
            pe_attn_head: Some(1),
            attn_mask_enabled: false,
            skip_connect_type: SkipConnectType::Concat,
            dropout: None,
            attn_backend: None,
        }
    }

    /// Width of the text embedding.
    #[must_use]
    pub fn text_dim(&self) -> usize {
        self.text_dim.unwrap_or(self.mel_dim)
    }

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
            pe_attn_head: self.pe_attn_head,
        }
        .validate()?;
        check_text(self.text_dim(), self.conv_layers)?;
        if !self.depth.is_multiple_of(2) {
            return contradiction(
                "depth",
                "must be even: half of the layers answer the other half",
            );
        }
        Ok(())
    }
}
