//! The stream of text (upstream `TextEmbedding` of `mmdit.py`).

use burn::{
    module::Module,
    nn::{Embedding, EmbeddingConfig},
    tensor::{Device, Int, Tensor, TensorData},
};

use crate::{
    config::MmDitConfig,
    embedding::{pad_with_zeros, positions},
};

/// Positions that differ from each other (upstream `precompute_max_pos`).
const POSITIONS: usize = 1024;

/// Encodes token ids as one vector per token.
#[derive(Module, Debug)]
pub struct ContextEmbedding {
    /// Row 0 is the filler, row `id + 1` a token; `[vocab_size + 1, dim]`.
    pub text_embed: Embedding,
    #[module(skip)]
    mask_padding: bool,
}

impl ContextEmbedding {
    /// An encoder for a vocabulary of `vocab_size` tokens.
    #[must_use]
    pub fn new(config: &MmDitConfig, vocab_size: usize, device: &Device) -> Self {
        Self {
            text_embed: EmbeddingConfig::new(vocab_size + 1, config.dim).init(device),
            mask_padding: config.text_mask_padding,
        }
    }

    /// Encodes one text, filled up to `tokens`; with `drop_text`, what the unconditional branch of the
    /// guidance sees: as many fillers.
    ///
    /// # Shapes
    ///
    /// - `ids`: at least one token id, each below the vocabulary size
    /// - output: `[1, tokens, dim]`
    #[must_use]
    pub fn forward(
        &self,
        ids: &[i32],
        tokens: usize,
        drop_text: bool,
        device: &Device,
    ) -> Tensor<3> {
        let row = |&id: &i32| if drop_text { 0 } else { id + 1 };
        let mut rows: Vec<i32> = ids.iter().map(row).collect();
        if !self.mask_padding {
            rows.resize(tokens, 0);
        }
        let encoded = rows.len();
        let rows = Tensor::<2, Int>::from_data(TensorData::new(rows, [1, encoded]), device);
        let text = self.text_embed.forward(rows);
        let [_, _, dim] = text.dims();
        pad_with_zeros(text + positions(encoded, dim, POSITIONS, device), tokens)
    }
}
