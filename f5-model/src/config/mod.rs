//! Model configuration: `config.json` beside the weights, and the released models by name.

mod backbone;
mod dit;
mod mmdit;
mod unett;

use std::path::Path;

use f5_core::{mel::MelSpec, text::Tokenizer};
use serde::{Deserialize, Serialize};

pub use backbone::{BackboneConfig, QkNorm};
pub use dit::{DitConfig, MAX_TEXT_POSITIONS};
pub use mmdit::MmDitConfig;
pub use unett::{SkipConnectType, UNetTConfig};

use crate::{ConfigError, Result};

/// Everything a checkpoint does not say about itself; the contents of a model's `config.json`.
///
/// Version 0 and version 1 checkpoints have the same tensor names and shapes, so the weights cannot
/// tell how they want to be read: the configuration is always explicit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Name of the model, as in upstream's configuration files.
    pub name: String,
    /// Which network the weights belong to, `backbone`, and its constructor arguments under upstream's
    /// names, `arch`.
    #[serde(flatten)]
    pub arch: BackboneConfig,
    /// How text becomes token ids.
    pub tokenizer: Tokenizer,
    /// The mel front end the model was trained with.
    pub mel_spec: MelSpec,
    /// The vocoder shipped beside the model, in the words of the vocoder that reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vocoder: Option<serde_json::Value>,
}

impl ModelConfig {
    /// Names that [`ModelConfig::preset`] knows.
    pub const PRESETS: &[&str] = &[
        "F5TTS_v1_Base",
        "F5TTS_Base",
        "F5TTS_v1_Small",
        "F5TTS_Small",
        "F5TTS_Base_bigvgan",
        "E2TTS_Base",
        "E2TTS_Small",
    ];

    /// The configuration of a released model (upstream's `configs/*.yaml`).
    ///
    /// # Errors
    ///
    /// [`ConfigError::UnknownPreset`] with the names there are.
    pub fn preset(name: &str) -> Result<Self> {
        let f5_base = |v1| BackboneConfig::Dit(DitConfig::released(1024, 22, 16, v1));
        let f5_small = |v1| BackboneConfig::Dit(DitConfig::released(768, 18, 12, v1));
        let e2 =
            |dim, depth, heads| BackboneConfig::UNetT(UNetTConfig::released(dim, depth, heads));
        let (arch, tokenizer, mel_spec) = match name {
            "F5TTS_v1_Base" => (f5_base(true), Tokenizer::Pinyin, MelSpec::vocos()),
            "F5TTS_Base" => (f5_base(false), Tokenizer::Pinyin, MelSpec::vocos()),
            "F5TTS_Base_bigvgan" => (f5_base(false), Tokenizer::Pinyin, MelSpec::bigvgan()),
            "F5TTS_v1_Small" => (f5_small(true), Tokenizer::Char, MelSpec::vocos()),
            "F5TTS_Small" => (f5_small(false), Tokenizer::Pinyin, MelSpec::vocos()),
            "E2TTS_Base" => (e2(1024, 24, 16), Tokenizer::Pinyin, MelSpec::vocos()),
            "E2TTS_Small" => (e2(768, 20, 12), Tokenizer::Pinyin, MelSpec::vocos()),
            _ => {
                return Err(ConfigError::UnknownPreset {
                    name: name.to_owned(),
                }
                .into());
            }
        };
        Ok(Self {
            name: name.to_owned(),
            arch,
            tokenizer,
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
        let mel_dim = self.arch.mel_dim();
        if mel_dim != self.mel_spec.n_mel_channels {
            return Err(ConfigError::MelBands {
                mel_dim,
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
        let dit = |name| match ModelConfig::preset(name).unwrap().arch {
            BackboneConfig::Dit(config) => config,
            other => panic!("{other:?}"),
        };
        let (v1, v0) = (dit("F5TTS_v1_Base"), dit("F5TTS_Base"));
        assert_eq!((v1.text_mask_padding, v1.pe_attn_head), (true, None));
        assert_eq!((v0.text_mask_padding, v0.pe_attn_head), (false, Some(1)));
        for name in ModelConfig::PRESETS {
            let config = ModelConfig::preset(name).unwrap();
            config.validate().unwrap();
            let json = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<ModelConfig>(&json).unwrap(), config);
        }
    }

    #[test]
    fn backbone_decides_which_arguments_there_are() {
        let parse = |backbone: &str, arch: &str| {
            let json = format!(
                r#"{{"name": "n", "tokenizer": "char", "backbone": "{backbone}", "arch": {arch},
                    "mel_spec": {}}}"#,
                serde_json::to_string(&MelSpec::vocos()).unwrap()
            );
            serde_json::from_str::<ModelConfig>(&json)
        };
        let e2 = parse("UNetT", r#"{"dim": 64, "skip_connect_type": "add"}"#).unwrap();
        let BackboneConfig::UNetT(arch) = e2.arch else {
            panic!("{e2:?}")
        };
        assert_eq!(arch.skip_connect_type, SkipConnectType::Add);
        assert_eq!((arch.text_dim(), arch.conv_layers), (100, 0));
        for (backbone, arch, expected) in [
            (
                "DiT",
                r#"{"dim": 64, "skip_connect_type": "add"}"#,
                "skip_connect_type",
            ),
            ("UNetT", r#"{"dim": 64, "skip_connect_type": "mul"}"#, "mul"),
            ("MMDiT", r#"{"dim": 64, "pe_attn_head": 1}"#, "pe_attn_head"),
            ("UNet", r#"{"dim": 64}"#, "UNetT"),
        ] {
            let error = parse(backbone, arch).unwrap_err().to_string();
            assert!(error.contains(expected), "{backbone}: {error}");
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
            (r#"{"backbone": "DiT", "arch": {"dim": 0}}"#, "dim"),
            (r#"{"backbone": "DiT", "arch": {"dim": 72}}"#, "dim"),
            (
                r#"{"backbone": "DiT", "arch": {"dim": 64, "heads": 2, "pe_attn_head": 3}}"#,
                "pe_attn_head",
            ),
            (
                r#"{"backbone": "DiT", "arch": {"dim": 64, "text_mask_padding": false,
                    "text_embedding_average_upsampling": true}}"#,
                "text_embedding_average_upsampling",
            ),
            (
                r#"{"backbone": "UNetT", "arch": {"dim": 64, "depth": 3}}"#,
                "depth",
            ),
            (
                r#"{"backbone": "UNetT", "arch": {"dim": 64, "text_dim": 33, "conv_layers": 1}}"#,
                "text_dim",
            ),
            (
                r#"{"backbone": "MMDiT", "arch": {"dim": 64, "dim_head": 31}}"#,
                "dim_head",
            ),
        ] {
            let config: BackboneConfig = serde_json::from_str(json).unwrap();
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
