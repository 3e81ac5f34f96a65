//! Model configuration: `config.json` beside the weights, and the released models by name.

use std::path::Path;

use f5_core::{mel::MelSpec, text::Tokenizer};
use serde::{Deserialize, Serialize};

use crate::{ConfigError, Result};

/// Everything a checkpoint does not say about itself; the contents of a model's `config.json`.
///
/// Version 0 and version 1 checkpoints have the same tensor names and shapes, so the weights cannot
/// tell how they want to be read: the configuration is always explicit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Name of the model, as in upstream's configuration files.
    pub name: String,
    /// Which network the weights belong to.
    pub backbone: BackboneKind,
    /// How text becomes token ids.
    pub tokenizer: Tokenizer,
    /// Constructor arguments of the network, under upstream's names.
    pub arch: DitConfig,
    /// The mel front end the model was trained with.
    pub mel_spec: MelSpec,
    /// The vocoder shipped beside the model, in the words of the vocoder that reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vocoder: Option<serde_json::Value>,
}

/// The networks of the F5-TTS family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BackboneKind {
    /// Diffusion transformer: F5-TTS.
    #[serde(rename = "DiT")]
    Dit,
    /// Flat U-Net transformer: E2-TTS.
    UNetT,
    /// Two-stream transformer; no released weights.
    #[serde(rename = "MMDiT")]
    MmDit,
}

/// Normalisation of queries and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QkNorm {
    /// Root-mean-square normalisation per head, before the rotary embedding.
    RmsNorm,
}

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
    #[serde(default = "default_depth")]
    pub depth: usize,
    /// Attention heads.
    #[serde(default = "default_heads")]
    pub heads: usize,
    /// Width of one head.
    #[serde(default = "default_dim_head")]
    pub dim_head: usize,
    /// Width of the feed-forward layer in multiples of `dim`.
    #[serde(default = "default_ff_mult")]
    pub ff_mult: usize,
    /// Mel bands per frame.
    #[serde(default = "default_mel_dim")]
    pub mel_dim: usize,
    /// Vocabulary size without the filler row; taken from the vocabulary when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_num_embeds: Option<usize>,
    /// Width of the text embedding; `mel_dim` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_dim: Option<usize>,
    /// Whether filler positions are zeroed around every text block (version 1 of the released models).
    #[serde(default = "default_true")]
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

fn default_depth() -> usize {
    8
}
fn default_heads() -> usize {
    8
}
fn default_dim_head() -> usize {
    64
}
fn default_ff_mult() -> usize {
    4
}
fn default_mel_dim() -> usize {
    100
}
fn default_true() -> bool {
    true
}

/// Frames whose text positions the network knows: 8192, or 87 seconds (upstream's
/// `precompute_max_pos`).
pub const MAX_TEXT_POSITIONS: usize = 8192;

impl DitConfig {
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
        let positive = [
            ("dim", self.dim),
            ("depth", self.depth),
            ("heads", self.heads),
            ("dim_head", self.dim_head),
            ("ff_mult", self.ff_mult),
            ("mel_dim", self.mel_dim),
            ("text_dim", self.text_dim()),
        ];
        let wrong = |argument, reason| Err(ConfigError::Contradiction { argument, reason });
        if let Some((argument, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return wrong(argument, "must be at least 1");
        }
        if !self.dim.is_multiple_of(16) {
            return wrong(
                "dim",
                "must be a multiple of 16, the groups of the position convolution",
            );
        }
        if !self.dim_head.is_multiple_of(2) {
            return wrong("dim_head", "must be even: the rotary embedding turns pairs");
        }
        if self.conv_layers > 0 && !self.text_dim().is_multiple_of(2) {
            return wrong(
                "text_dim",
                "must be even: text positions are pairs of cosine and sine",
            );
        }
        if self.text_embedding_average_upsampling && !self.text_mask_padding {
            return wrong(
                "text_embedding_average_upsampling",
                "needs text_mask_padding",
            );
        }
        if self
            .pe_attn_head
            .is_some_and(|heads| heads == 0 || heads > self.heads)
        {
            return wrong("pe_attn_head", "must be between 1 and heads");
        }
        Ok(())
    }
}

impl ModelConfig {
    /// Names that [`ModelConfig::preset`] knows.
    pub const PRESETS: &[&str] = &[
        "F5TTS_v1_Base",
        "F5TTS_Base",
        "F5TTS_v1_Small",
        "F5TTS_Small",
        "F5TTS_Base_bigvgan",
    ];

    /// The configuration of a released model (upstream's `configs/*.yaml`).
    ///
    /// # Errors
    ///
    /// [`ConfigError::UnknownPreset`] with the names there are.
    pub fn preset(name: &str) -> Result<Self> {
        let (dim, depth, heads) = if name.contains("Small") {
            (768, 18, 12)
        } else {
            (1024, 22, 16)
        };
        let v1 = name.contains("_v1_");
        let (tokenizer, mel_spec) = match name {
            "F5TTS_v1_Base" | "F5TTS_Base" | "F5TTS_Small" => (Tokenizer::Pinyin, MelSpec::vocos()),
            "F5TTS_v1_Small" => (Tokenizer::Char, MelSpec::vocos()),
            "F5TTS_Base_bigvgan" => (Tokenizer::Pinyin, MelSpec::bigvgan()),
            _ => {
                return Err(ConfigError::UnknownPreset {
                    name: name.to_owned(),
                }
                .into());
            }
        };
        Ok(Self {
            name: name.to_owned(),
            backbone: BackboneKind::Dit,
            tokenizer,
            arch: DitConfig {
                dim,
                depth,
                heads,
                dim_head: 64,
                ff_mult: 2,
                mel_dim: mel_spec.n_mel_channels,
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
            },
            mel_spec,
            vocoder: None,
        })
    }

    /// Reads a `config.json`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] with what to write when there is no such file, or the reason why it
    /// cannot be read or describes no network.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| {
            let path = path.to_owned();
            match source.kind() {
                std::io::ErrorKind::NotFound => ConfigError::Missing { path },
                _ => ConfigError::Unreadable { path, source },
            }
        })?;
        let config: Self =
            serde_json::from_str(&text).map_err(|source| ConfigError::Malformed {
                path: path.to_owned(),
                source,
            })?;
        config.validate()?;
        Ok(config)
    }

    /// Refuses configurations that contradict themselves.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with the argument at fault.
    pub fn validate(&self) -> Result<()> {
        self.arch.validate()?;
        if self.arch.mel_dim != self.mel_spec.n_mel_channels {
            return Err(ConfigError::MelBands {
                mel_dim: self.arch.mel_dim,
                n_mel_channels: self.mel_spec.n_mel_channels,
            }
            .into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn presets_differ_where_the_released_models_do() {
        let v1 = ModelConfig::preset("F5TTS_v1_Base").unwrap().arch;
        let v0 = ModelConfig::preset("F5TTS_Base").unwrap().arch;
        assert_eq!((v1.text_mask_padding, v1.pe_attn_head), (true, None));
        assert_eq!((v0.text_mask_padding, v0.pe_attn_head), (false, Some(1)));
        for name in ModelConfig::PRESETS {
            ModelConfig::preset(name).unwrap().validate().unwrap();
        }
    }

    #[test]
    fn unknown_preset_is_named() {
        let error = ModelConfig::preset("F6").unwrap_err();
        assert!(
            matches!(error, Error::Config(ConfigError::UnknownPreset { name }) if name == "F6")
        );
    }

    #[test]
    fn misspelt_flag_is_refused() {
        let error =
            serde_json::from_str::<DitConfig>(r#"{"dim": 64, "pe_attn_heads": 1}"#).unwrap_err();
        assert!(error.to_string().contains("pe_attn_heads"), "{error}");
    }

    #[test]
    fn contradictions_name_the_argument() {
        for (json, argument) in [
            (r#"{"dim": 0}"#, "dim"),
            (r#"{"dim": 72}"#, "dim"),
            (
                r#"{"dim": 64, "heads": 2, "pe_attn_head": 3}"#,
                "pe_attn_head",
            ),
            (
                r#"{"dim": 64, "text_mask_padding": false, "text_embedding_average_upsampling": true}"#,
                "text_embedding_average_upsampling",
            ),
        ] {
            let config: DitConfig = serde_json::from_str(json).unwrap();
            let error = config.validate().unwrap_err();
            assert!(
                matches!(error, ConfigError::Contradiction { argument: got, .. } if got == argument),
                "{json}: {error}"
            );
        }
    }

    #[test]
    fn missing_config_says_what_to_write() {
        let error = ModelConfig::from_file("no/such/config.json").unwrap_err();
        assert!(error.to_string().contains("F5TTS_v1_Base"), "{error}");
    }
}
