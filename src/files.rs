//! Finds the files of a model and of its vocoder in their directories.

use std::{
    fs,
    path::{Path, PathBuf},
};

use f5_core::mel::MelSpecType;
use f5_model::ModelConfig;
use f5_vocoder::{BigVganConfig, VocoderConfig, VocosConfig};

use crate::error::{Repr, Result};

/// Configuration and weights of the vocoder: in a directory of its own, or beside the model.
pub(crate) fn vocoder(
    model_dir: &Path,
    vocoder_dir: Option<&Path>,
    model: &ModelConfig,
) -> Result<(VocoderConfig, PathBuf)> {
    let beside_model = vocoder_dir.is_none();
    let dir = vocoder_dir.unwrap_or(model_dir);
    let names: &[&str] = if beside_model {
        &["vocoder.safetensors"]
    } else {
        &[
            // First: where both are, the other one is a backbone.
            "vocoder.safetensors",
            "model.safetensors",
            "pytorch_model.bin",
            "bigvgan_generator.safetensors",
            "bigvgan_generator.pt",
        ]
    };
    let file = names
        .iter()
        .map(|name| dir.join(name))
        .find(|file| file.is_file());
    let file = file.ok_or_else(|| Repr::MissingFile {
        what: "vocoder",
        path: dir.join(names[0]),
        remedy: "put the vocoder's safetensors file there or name its directory with vocoder_dir",
    })?;
    let config = if beside_model {
        let malformed = |source| Repr::VocoderConfig {
            path: dir.join("config.json"),
            source,
        };
        model
            .vocoder
            .clone()
            .map(serde_json::from_value)
            .transpose()
            .map_err(malformed)?
    } else {
        vocoder_config(&dir.join("config.json"))?
    };
    Ok((
        config.unwrap_or_else(|| released_vocoder(model.mel_spec.mel_spec_type)),
        file,
    ))
}

/// The vocoder that the released models with this mel front end use.
fn released_vocoder(mel_spec_type: MelSpecType) -> VocoderConfig {
    match mel_spec_type {
        MelSpecType::Vocos => VocoderConfig::Vocos(VocosConfig::mel_24khz()),
        MelSpecType::Bigvgan => VocoderConfig::BigVgan(BigVganConfig::v2_24khz_100band_256x()),
    }
}

/// The vocoder's own configuration, or the `vocoder` block of a model's.
fn vocoder_config(path: &Path) -> Result<Option<VocoderConfig>> {
    let malformed = |source| Repr::VocoderConfig {
        path: path.to_owned(),
        source,
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Repr::Read {
                path: path.to_owned(),
                source,
            }
            .into());
        }
    };
    let mut value: serde_json::Value = serde_json::from_str(&text).map_err(malformed)?;
    let mut block = value
        .get_mut("vocoder")
        .map(serde_json::Value::take)
        .unwrap_or(value);
    // NVIDIA's own file does not say what it is of.
    if let Some(keys) = block.as_object_mut()
        && !keys.contains_key("kind")
        && keys.contains_key("upsample_rates")
    {
        keys.insert("kind".to_owned(), "bigvgan".into());
    }
    Ok(Some(serde_json::from_value(block).map_err(malformed)?))
}

/// The checkpoint of a model directory.
pub(crate) fn checkpoint(dir: &Path) -> Result<PathBuf> {
    let file = dir.join("model.safetensors");
    if file.is_file() {
        return Ok(file);
    }
    let read = |source| Repr::Read {
        path: dir.to_owned(),
        source,
    };
    let (mut found, mut pickles) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let is_vocoder = path
            .file_name()
            .is_some_and(|name| name == "vocoder.safetensors");
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("safetensors") if !is_vocoder => found.push(path),
            Some("pt") => pickles.push(path),
            _ => {}
        }
    }
    // Releases that hold both hold the same weights twice.
    if found.is_empty() {
        found = pickles;
    }
    found.sort();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Repr::MissingFile {
            what: "checkpoint",
            path: file,
            remedy: "put the model's safetensors file there",
        }
        .into()),
        many => {
            let names: Vec<_> = many
                .iter()
                .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
                .collect();
            Err(Repr::AmbiguousModel {
                path: dir.to_owned(),
                found: many.len(),
                names: names.join(", "),
            }
            .into())
        }
    }
}
