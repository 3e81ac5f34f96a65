//! The flat U-Net transformer of E2-TTS (upstream `model/backbones/unett.py`;
//! [E2 TTS](https://arxiv.org/abs/2406.18009)): the time is a token before the frames, and the second
//! half of the layers hears the first.

mod field;
mod layer;

use std::path::Path;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig, RmsNorm},
    tensor::{Device, Tensor},
};

pub use field::UNetTField;
pub use layer::UNetTLayer;

use crate::{
    Result,
    config::{SkipConnectType, UNetTConfig},
    embedding::{InputEmbedding, TextEmbedding, TimestepEmbedding},
    layers::{BatchMask, RotaryEmbedding},
    weights::{self, Renames},
};
use layer::rms_norm;

/// Checkpoints number the parts of a layer.
pub(crate) const RENAMES: &Renames = &[
    (".skip_proj.", ".0."),
    (".attn_norm.weight", ".1.g"),
    (".attn.", ".2."),
    (".ff_norm.weight", ".3.g"),
    (".ff.ff.", ".4.ff."),
    ("norm_out.weight", "norm_out.g"),
];

/// The network that predicts the velocity from noise to speech in E2-TTS.
///
/// Fields are named as in upstream's constructor.
#[derive(Module, Debug)]
pub struct UNetT {
    /// Embeds the time.
    pub time_embed: TimestepEmbedding,
    /// Encodes the text.
    pub text_embed: TextEmbedding,
    /// Joins mel, reference and text.
    pub input_embed: InputEmbedding,
    /// The transformer.
    pub layers: Vec<UNetTLayer>,
    /// Last normalisation.
    pub norm_out: RmsNorm,
    /// Velocity, `[dim, mel_dim]`.
    pub proj_out: Linear,
    #[module(skip)]
    config: UNetTConfig,
    #[module(skip)]
    vocab_size: usize,
}

impl UNetT {
    /// A network with random weights; they are made when first used, so loading costs nothing extra.
    ///
    /// # Errors
    ///
    /// [`ConfigError`](crate::ConfigError) when `config` describes no network.
    pub fn new(config: &UNetTConfig, vocab_size: usize, device: &Device) -> Result<Self> {
        config.validate()?;
        let dim = config.dim;
        let joins = config.skip_connect_type == SkipConnectType::Concat;
        Ok(Self {
            time_embed: TimestepEmbedding::new(dim, device),
            text_embed: TextEmbedding::new(config.into(), vocab_size, device),
            input_embed: InputEmbedding::new(config.mel_dim, config.text_dim(), dim, device),
            layers: (0..config.depth)
                .map(|index| UNetTLayer::new(config, joins && index >= config.depth / 2, device))
                .collect(),
            norm_out: rms_norm(dim, device),
            proj_out: LinearConfig::new(dim, config.mel_dim).init(device),
            config: config.clone(),
            vocab_size,
        })
    }

    /// Reads a safetensors checkpoint with the released tensor names; half precision becomes float32.
    ///
    /// # Errors
    ///
    /// As [`Dit::load`](crate::Dit::load).
    pub fn load(
        path: impl AsRef<Path>,
        config: &UNetTConfig,
        vocab_size: usize,
        device: &Device,
    ) -> Result<Self> {
        let network = Self::new(config, vocab_size, device)?;
        weights::load(network, vocab_size, RENAMES, path.as_ref())
    }

    /// The configuration the network was made with.
    #[must_use]
    pub fn config(&self) -> &UNetTConfig {
        &self.config
    }

    /// Tokens of the vocabulary, without the filler row.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// From the input embedding to the velocity. Rope and mask are those of one position more than
    /// there are frames: the time comes first.
    ///
    /// # Shapes
    ///
    /// - `h`: `[rows, frames, dim]`
    /// - `time`: `[1, dim]`
    /// - output: `[rows, frames, mel_dim]`
    #[must_use]
    pub fn forward(
        &self,
        h: Tensor<3>,
        time: Tensor<2>,
        rope: &RotaryEmbedding,
        mask: &BatchMask,
    ) -> Tensor<3> {
        let [rows, frames, dim] = h.dims();
        let time = time.reshape([1, 1, dim]).expand([rows, 1, dim]);
        let mut h = Tensor::cat(vec![time, h], 1);
        let (first_half, second_half) = self.layers.split_at(self.config.depth / 2);
        let mut skips = Vec::new();
        for layer in first_half {
            skips.push(h.clone());
            h = layer.forward(h, rope, mask);
        }
        // The layers meet again in the order of brackets: the last of the first half is answered first.
        for (layer, skip) in second_half.iter().zip(skips.into_iter().rev()) {
            h = match (self.config.skip_connect_type, &layer.skip_proj) {
                (SkipConnectType::Concat, Some(join)) => {
                    join.forward(Tensor::cat(vec![h, skip], 2))
                }
                (SkipConnectType::Add, _) => h + skip,
                _ => h,
            };
            h = layer.forward(h, rope, mask);
        }
        self.proj_out
            .forward(self.norm_out.forward(h).narrow(1, 1, frames))
    }
}
