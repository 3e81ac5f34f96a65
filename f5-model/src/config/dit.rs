//! Configuration of the diffusion transformer.

use serde::{Deserialize, Serialize};

use super::backbone::{QkNorm, Shape, check_text, contradiction, defaults};
use crate::ConfigError;

/// Constructor arguments of upstream's `DiT`, under its names and with its defaults.
///
/// Arguments that only matter in training (`dropout`, `checkpoint_activations`) or that choose an
/// implementation (`attn_backend`) are accepted and have no effect. Anything else is an error, so that
/// a misspelt flag cannot silently turn into a different network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DitConfig {
    /// Width of the transformer.
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
    /// Width of the feed-forward layer in multiples of `dim`.
    #[serde(default = "defaults::ff_mult")]
    pub ff_mult: usize,
    /// Mel bands per frame.
    #[serde(default = "defaults::mel_dim")]
    pub mel_dim: usize,
    /// Vocabulary size without the filler row; taken from the vocabulary when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_num_embeds: Option<usize>,
    /// Width of the text embedding; `mel_dim` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_dim: Option<usize>,
    /// Whether filler positions are zeroed around every text block (version 1 of the released models).
    #[serde(default = "defaults::yes")]
    pub text_mask_padding: bool,
    /// Whether the encoded text is stretched evenly over all frames.
    #[serde(default)]
    pub text_embedding_average_upsampling: bool,
    /// Normalisation of queries and keys.
    #[serde(default)]
    pub qk_norm: Option<QkNorm>,
    /// ConvNeXt V2 blocks of the text encoder.
    #[serde(default)]
    pub conv_layers: usize,
    /// How many heads carry the rotary embedding: all when absent, 1 in version 0.
    #[serde(default)]
    pub pe_attn_head: Option<usize>,
    /// Whether upstream masks the keys of padded frames in a batch.
    #[serde(default)]
    pub attn_mask_enabled: bool,
    /// Whether the input embedding is joined again before the output.
    #[serde(default)]
    pub long_skip_connection: bool,
    #[serde(default, skip_serializing)]
    dropout: Option<f64>,
    #[serde(default, skip_serializing)]
    checkpoint_activations: Option<bool>,
    #[serde(default, skip_serializing)]
    attn_backend: Option<String>,
}

/// Frames whose text positions the network knows: 8192, or 87 seconds (upstream's
/// `precompute_max_pos`).
pub const MAX_TEXT_POSITIONS: usize = 8192;

impl DitConfig {
    /// A released F5-TTS, of version 1 or 0.
    pub(super) fn released(dim: usize, depth: usize, heads: usize, v1: bool) -> Self {
        Self {
            dim,
            depth,
            heads,
            dim_head: 64,
            ff_mult: 2,
            mel_dim: defaults::mel_dim(),
            text_num_embeds: None,
            text_dim: Some(512),
            text_mask_padding: v1,
            text_embedding_average_upsampling: false,
            qk_norm: None,
            conv_layers: 4,
            pe_attn_head: (!v1).then_some(1),
            attn_mask_enabled: false,
            long_skip_connection: false,
            dropout: None,
            checkpoint_activations: None,
            attn_backend: None,
        }
    }

    /// Width of the text embedding.
    #[must_use]
    pub fn text_dim(&self) -> usize {
        self.text_dim.unwrap_or(self.mel_dim)
    }

    /// Longest sample in frames, where the network has a limit.
    #[must_use]
    pub fn max_frames(&self) -> Option<usize> {
        (self.conv_layers > 0).then_some(MAX_TEXT_POSITIONS)
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
        if self.text_embedding_average_upsampling && !self.text_mask_padding {
            return contradiction(
                "text_embedding_average_upsampling",
                "needs text_mask_padding",
            );
        }
        Ok(())
    }
}
