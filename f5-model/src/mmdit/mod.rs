//! The two-stream transformer (upstream `model/backbones/mmdit.py`; MM-DiT of
//! [Stable Diffusion 3](https://arxiv.org/abs/2403.03206)): text keeps its own length and its own
//! weights, and meets the audio in attention.

mod attention;
mod block;
mod field;
mod text;

use std::path::Path;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};

pub use attention::JointAttention;
pub use block::{MmDitBlock, Streams};
pub use field::MmDitField;
pub use text::ContextEmbedding;

use crate::{
    Result,
    config::MmDitConfig,
    embedding::{InputEmbedding, TimestepEmbedding},
    layers::AdaLayerNormFinal,
    weights::{self, Renames},
};

const RENAMES: &Renames = &[
    ("audio_embed.proj.", "audio_embed.linear."),
    (".attn_norm_c_final.", ".attn_norm_c."),
];

/// The network that predicts the velocity from noise to speech beside a stream of text.
///
/// Field names are upstream's.
#[derive(Module, Debug)]
pub struct MmDit {
    /// Embeds the time.
    pub time_embed: TimestepEmbedding,
    /// Encodes the text.
    pub text_embed: ContextEmbedding,
    /// Joins mel and reference.
    pub audio_embed: InputEmbedding,
    /// The transformer.
    pub transformer_blocks: Vec<MmDitBlock>,
    /// Last normalisation.
    pub norm_out: AdaLayerNormFinal,
    /// Velocity, `[dim, mel_dim]`.
    pub proj_out: Linear,
    #[module(skip)]
    config: MmDitConfig,
    #[module(skip)]
    vocab_size: usize,
}

impl MmDit {
    /// A network with random weights; they are made when first used, so loading costs nothing extra.
    ///
    /// # Errors
    ///
    /// [`ConfigError`](crate::ConfigError) when `config` describes no network.
    pub fn new(config: &MmDitConfig, vocab_size: usize, device: &Device) -> Result<Self> {
        config.validate()?;
        let dim = config.dim;
        let last = config.depth - 1;
        Ok(Self {
            time_embed: TimestepEmbedding::new(dim, device),
            text_embed: ContextEmbedding::new(config, vocab_size, device),
            audio_embed: InputEmbedding::new(config.mel_dim, 0, dim, device),
            transformer_blocks: (0..config.depth)
                .map(|index| MmDitBlock::new(config, index == last, device))
                .collect(),
            norm_out: AdaLayerNormFinal::new(dim, device),
            proj_out: LinearConfig::new(dim, config.mel_dim).init(device),
            config: config.clone(),
            vocab_size,
        })
    }

    /// Reads a safetensors checkpoint with upstream's tensor names; half precision becomes float32.
    ///
    /// # Errors
    ///
    /// As [`Dit::load`](crate::Dit::load).
    pub fn load(
        path: impl AsRef<Path>,
        config: &MmDitConfig,
        vocab_size: usize,
        device: &Device,
    ) -> Result<Self> {
        let network = Self::new(config, vocab_size, device)?;
        weights::load(network, vocab_size, RENAMES, path.as_ref())
    }

    /// The configuration the network was made with.
    #[must_use]
    pub fn config(&self) -> &MmDitConfig {
        &self.config
    }

    /// Tokens of the vocabulary, without the filler row.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// From both embeddings to the velocity.
    ///
    /// # Shapes
    ///
    /// - `x`: `[rows, frames, dim]`, audio
    /// - `c`: `[rows, tokens, dim]`, text
    /// - `time`: `[1, dim]`
    /// - output: `[rows, frames, mel_dim]`
    #[must_use]
    pub fn forward(
        &self,
        x: Tensor<3>,
        c: Tensor<3>,
        time: Tensor<2>,
        streams: &Streams,
    ) -> Tensor<3> {
        let (mut x, mut context) = (x, c);
        for block in &self.transformer_blocks {
            (x, context) = block.forward(x, context, time.clone(), streams);
        }
        self.proj_out.forward(self.norm_out.forward(x, time))
    }
}
