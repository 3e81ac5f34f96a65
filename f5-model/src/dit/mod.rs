//! The diffusion transformer of F5-TTS (upstream `model/backbones/dit.py`;
//! [F5-TTS](https://arxiv.org/abs/2410.06885)).

mod block;
mod field;

use std::path::Path;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};

pub use block::DitBlock;
pub use field::DitField;

use crate::{
    Result,
    config::DitConfig,
    embedding::{InputEmbedding, TextEmbedding, TimestepEmbedding},
    layers::{AdaLayerNormFinal, BatchMask, RotaryEmbedding},
    weights,
};

/// The network that predicts the velocity from noise to speech.
///
/// Field names are those of the released checkpoints.
#[derive(Module, Debug)]
pub struct Dit {
    /// Embeds the time.
    pub time_embed: TimestepEmbedding,
    /// Encodes the text.
    pub text_embed: TextEmbedding,
    /// Joins mel, reference and text.
    pub input_embed: InputEmbedding,
    /// The transformer.
    pub transformer_blocks: Vec<DitBlock>,
    /// Joins the input embedding to the last block's output, `[2 * dim, dim]`.
    pub long_skip_connection: Option<Linear>,
    /// Last normalisation.
    pub norm_out: AdaLayerNormFinal,
    /// Velocity, `[dim, mel_dim]`.
    pub proj_out: Linear,
    #[module(skip)]
    config: DitConfig,
    #[module(skip)]
    vocab_size: usize,
}

impl Dit {
    /// A network with random weights; they are made when first used, so loading costs nothing extra.
    ///
    /// # Errors
    ///
    /// [`ConfigError`](crate::ConfigError) when `config` describes no network.
    pub fn new(config: &DitConfig, vocab_size: usize, device: &Device) -> Result<Self> {
        config.validate()?;
        let dim = config.dim;
        Ok(Self {
            time_embed: TimestepEmbedding::new(dim, device),
            text_embed: TextEmbedding::new(config.into(), vocab_size, device),
            input_embed: InputEmbedding::new(config.mel_dim, config.text_dim(), dim, device),
            transformer_blocks: (0..config.depth)
                .map(|_| DitBlock::new(config, device))
                .collect(),
            long_skip_connection: config.long_skip_connection.then(|| {
                LinearConfig::new(dim * 2, dim)
                    .with_bias(false)
                    .init(device)
            }),
            norm_out: AdaLayerNormFinal::new(dim, device),
            proj_out: LinearConfig::new(dim, config.mel_dim).init(device),
            config: config.clone(),
            vocab_size,
        })
    }

    /// Reads a safetensors checkpoint with the released tensor names; half precision becomes float32.
    ///
    /// # Errors
    ///
    /// [`ConfigError::VocabSize`](crate::ConfigError::VocabSize) when the embedding table is made for
    /// another vocabulary, [`WeightsError`](f5_core::weights::WeightsError) naming every tensor that is
    /// missing, extra or of another shape.
    pub fn load(
        path: impl AsRef<Path>,
        config: &DitConfig,
        vocab_size: usize,
        device: &Device,
    ) -> Result<Self> {
        let dit = Self::new(config, vocab_size, device)?;
        weights::load(dit, vocab_size, &[], path.as_ref())
    }

    /// The configuration the network was made with.
    #[must_use]
    pub fn config(&self) -> &DitConfig {
        &self.config
    }

    /// Tokens of the vocabulary, without the filler row.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// From the input embedding to the velocity.
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
        let input = self.long_skip_connection.is_some().then(|| h.clone());
        let mut h = h;
        for block in &self.transformer_blocks {
            h = block.forward(h, time.clone(), rope, mask);
        }
        if let (Some(skip), Some(input)) = (&self.long_skip_connection, input) {
            h = skip.forward(Tensor::cat(vec![h, input], 2));
        }
        self.proj_out.forward(self.norm_out.forward(h, time))
    }
}
