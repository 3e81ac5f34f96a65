//! wav2vec 2.0 with a CTC head ([Baevski et al.](https://arxiv.org/abs/2006.11477)), as
//! `transformers`' `Wav2Vec2ForCTC` computes it, in the base and in the large layout.

mod config;
mod layers;

use std::path::Path;

use burn::{
    module::Module,
    nn::{LayerNorm, Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData, activation::log_softmax},
};
use f5_core::weights::{Checkpoint, WeightsError};

pub(super) use config::Config;
use layers::{EncoderLayer, FeatureLayer, FeatureProjection, PositionConv, norm};

/// Names of the position convolution's weight: as direction and length, in the names that `torch`
/// gave them first and later.
const WEIGHT_NORM: [(&str, &str); 2] = [
    ("weight_g", "parametrizations.weight.original0"),
    ("weight_v", "parametrizations.weight.original1"),
];

/// The network.
#[derive(Module, Debug)]
pub(super) struct Wav2Vec2 {
    feature_extractor: FeatureExtractor,
    feature_projection: FeatureProjection,
    encoder: Encoder,
    lm_head: Linear,
    #[module(skip)]
    norm_first: bool,
}

#[derive(Module, Debug)]
struct FeatureExtractor {
    conv_layers: Vec<FeatureLayer>,
}

#[derive(Module, Debug)]
struct Encoder {
    pos_conv_embed: PositionEmbedding,
    layer_norm: LayerNorm,
    layers: Vec<EncoderLayer>,
}

#[derive(Module, Debug)]
struct PositionEmbedding {
    conv: PositionConv,
}

impl Wav2Vec2 {
    /// Fills the network from a safetensors file with the names of `transformers`.
    pub(super) fn load(
        path: &Path,
        config: &Config,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let checkpoint = Checkpoint::open(path)?
            .strip_prefixes(&["wav2vec2."])?
            .ignore(|name| name == "masked_spec_embed");
        let is_new = checkpoint
            .tensors()
            .any(|t| t.name.ends_with(WEIGHT_NORM[0].1));
        let rename = |name: &str| {
            let name = name.replace(".group_norm.", ".layer_norm.");
            let names = WEIGHT_NORM.iter().filter(|_| is_new);
            names.fold(name, |name, (old, new)| name.replace(old, new))
        };
        let mut network = f5_weights::load(Self::new(config, device), checkpoint, rename)?;
        let embedding = &mut network.encoder.pos_conv_embed;
        embedding.conv = embedding.conv.clone().folded();
        Ok(network)
    }

    fn new(config: &Config, device: &Device) -> Self {
        let layers = 0..config.num_hidden_layers;
        let convolutions = 0..config.conv_dim.len();
        Self {
            feature_extractor: FeatureExtractor {
                conv_layers: convolutions
                    .map(|index| FeatureLayer::new(config, index, device))
                    .collect(),
            },
            feature_projection: FeatureProjection::new(config, device),
            encoder: Encoder {
                pos_conv_embed: PositionEmbedding {
                    conv: PositionConv::new(config, device),
                },
                layer_norm: norm(config, config.hidden_size, device),
                layers: layers.map(|_| EncoderLayer::new(config, device)).collect(),
            },
            lm_head: LinearConfig::new(config.hidden_size, config.vocab_size).init(device),
            norm_first: config.do_stable_layer_norm,
        }
    }

    /// The log-probabilities of samples at 16 kHz: `[frames, classes]`.
    pub(super) fn log_probs(&self, samples: &[f32], device: &Device) -> Tensor<2> {
        let samples = TensorData::new(samples.to_vec(), [1, 1, samples.len()]);
        let mut x = Tensor::<3>::from_data(samples, device);
        for layer in &self.feature_extractor.conv_layers {
            x = layer.forward(x);
        }
        let x = self.feature_projection.forward(x.swap_dims(1, 2));
        let encoder = &self.encoder;
        let mut x = x.clone() + encoder.pos_conv_embed.conv.forward(x);
        if !self.norm_first {
            x = encoder.layer_norm.forward(x);
        }
        for layer in &encoder.layers {
            x = layer.forward(x, self.norm_first);
        }
        if self.norm_first {
            x = encoder.layer_norm.forward(x);
        }
        let logits = self.lm_head.forward(x);
        let [_, frames, classes] = logits.dims();
        log_softmax(logits.reshape([frames, classes]), 1)
    }
}
