//! The sizes and flags of a network, from the `config.json` beside its weights.

use serde::Deserialize;

use super::super::ModelError;

/// How the convolutions over the waveform are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FeatExtractNorm {
    /// The first one, each channel over time: the base layout.
    Group,
    /// Every one, each frame over its channels: the large layout.
    Layer,
}

/// The part of `transformers`' `Wav2Vec2Config` that inference depends on.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Config {
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) conv_dim: Vec<usize>,
    pub(crate) conv_kernel: Vec<usize>,
    pub(crate) conv_stride: Vec<usize>,
    #[serde(default)]
    pub(crate) conv_bias: bool,
    #[serde(default = "group")]
    pub(crate) feat_extract_norm: FeatExtractNorm,
    /// Whether layers normalise their input (large layout) instead of their output (base layout).
    #[serde(default)]
    pub(crate) do_stable_layer_norm: bool,
    #[serde(default = "kernel_size")]
    pub(crate) num_conv_pos_embeddings: usize,
    #[serde(default = "groups")]
    pub(crate) num_conv_pos_embedding_groups: usize,
    #[serde(default = "epsilon")]
    pub(crate) layer_norm_eps: f64,
    /// The blank.
    #[serde(default)]
    pub(crate) pad_token_id: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "gelu")]
    feat_extract_activation: String,
    #[serde(default)]
    add_adapter: bool,
    adapter_attn_dim: Option<usize>,
}

fn group() -> FeatExtractNorm {
    FeatExtractNorm::Group
}

fn kernel_size() -> usize {
    128
}

fn groups() -> usize {
    16
}

fn epsilon() -> f64 {
    1e-5
}

fn gelu() -> String {
    "gelu".to_owned()
}

impl Config {
    /// Refuses what this crate's network does not compute, and sizes that contradict each other.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let refuse = |field: &'static str, got: String, supported: &'static str| {
            Err(ModelError::Unsupported {
                field,
                got,
                supported,
            })
        };
        for (field, activation) in [
            ("hidden_act", &self.hidden_act),
            ("feat_extract_activation", &self.feat_extract_activation),
        ] {
            if activation != "gelu" {
                return refuse(field, activation.clone(), "gelu");
            }
        }
        if self.add_adapter {
            return refuse("add_adapter", "true".to_owned(), "false");
        }
        if let Some(dim) = self.adapter_attn_dim {
            return refuse("adapter_attn_dim", dim.to_string(), "null");
        }
        let convolutions = self.conv_dim.len();
        let lengths = [self.conv_kernel.len(), self.conv_stride.len()];
        if convolutions == 0 || lengths != [convolutions; 2] {
            let got = format!("{convolutions}, {} and {} values", lengths[0], lengths[1]);
            let supported = "as many values in conv_dim, conv_kernel and conv_stride";
            return refuse("conv_dim", got, supported);
        }
        let positive = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_attention_heads", self.num_attention_heads),
            ("num_conv_pos_embeddings", self.num_conv_pos_embeddings),
            (
                "num_conv_pos_embedding_groups",
                self.num_conv_pos_embedding_groups,
            ),
        ];
        let lists = [
            ("conv_dim", &self.conv_dim),
            ("conv_kernel", &self.conv_kernel),
            ("conv_stride", &self.conv_stride),
        ];
        let all = lists
            .iter()
            .flat_map(|(name, list)| list.iter().map(move |size| (*name, *size)));
        if let Some((field, _)) = positive.into_iter().chain(all).find(|(_, size)| *size == 0) {
            return refuse(field, "0".to_owned(), "positive sizes");
        }
        for (field, parts) in [
            ("num_attention_heads", self.num_attention_heads),
            (
                "num_conv_pos_embedding_groups",
                self.num_conv_pos_embedding_groups,
            ),
        ] {
            if !self.hidden_size.is_multiple_of(parts) {
                return refuse(field, parts.to_string(), "divisors of hidden_size");
            }
        }
        if self.pad_token_id >= self.vocab_size {
            return refuse(
                "pad_token_id",
                self.pad_token_id.to_string(),
                "classes below vocab_size",
            );
        }
        Ok(())
    }

    /// Samples from the beginning of one frame to the beginning of the next.
    pub(crate) fn hop(&self) -> usize {
        self.conv_stride.iter().product()
    }

    /// Samples that one frame hears.
    pub(crate) fn reach(&self) -> usize {
        let layers = self.conv_kernel.iter().zip(&self.conv_stride).rev();
        layers.fold(1, |reach, (kernel, stride)| (reach - 1) * stride + kernel)
    }

    /// Frames of so many samples.
    pub(crate) fn frames(&self, samples: usize) -> usize {
        match samples.checked_sub(self.reach()) {
            Some(rest) => rest / self.hop() + 1,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(changes: &[(&str, serde_json::Value)]) -> Result<Config, String> {
        let mut json = serde_json::json!({
            "vocab_size": 32, "hidden_size": 768, "num_hidden_layers": 12,
            "num_attention_heads": 12, "intermediate_size": 3072,
            "conv_dim": [512, 512, 512, 512, 512, 512, 512],
            "conv_kernel": [10, 3, 3, 3, 3, 2, 2], "conv_stride": [5, 2, 2, 2, 2, 2, 2],
        });
        for (field, value) in changes {
            json[*field] = value.clone();
        }
        let config: Config = serde_json::from_value(json).map_err(|e| e.to_string())?;
        config.check().map_err(|e| e.to_string())?;
        Ok(config)
    }

    #[test]
    fn frames_are_those_of_the_convolutions() {
        let config = config(&[]).expect("the base layout");
        assert_eq!((config.hop(), config.reach()), (320, 400));
        for samples in [0, 399, 400, 719, 720, 16_000, 16_079, 16_080, 100_001] {
            let layers = config.conv_kernel.iter().zip(&config.conv_stride);
            let by_layer = layers.fold(samples, |n: usize, (kernel, stride)| {
                n.checked_sub(*kernel).map_or(0, |rest| rest / stride + 1)
            });
            assert_eq!(config.frames(samples), by_layer, "{samples}");
        }
    }

    #[test]
    fn what_is_not_computed_is_refused() {
        for (field, value) in [
            ("hidden_act", "relu".into()),
            ("feat_extract_activation", "relu".into()),
            ("add_adapter", true.into()),
            ("adapter_attn_dim", 16.into()),
            ("conv_kernel", vec![3].into()),
            ("conv_dim", vec![0; 7].into()),
            ("vocab_size", 0.into()),
            ("num_attention_heads", 7.into()),
            ("num_conv_pos_embedding_groups", 5.into()),
            ("pad_token_id", 32.into()),
        ] {
            let value: serde_json::Value = value;
            let error = config(&[(field, value)]).expect_err(field);
            assert!(error.contains("does not compute"), "{field}: {error}");
        }
        let error = config(&[("feat_extract_norm", "batch".into())]).expect_err("unknown norm");
        assert!(error.contains("batch"), "{error}");
    }
}
