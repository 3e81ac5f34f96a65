//! The text encoder (upstream `TextEmbedding`), once per sample and branch.

use f5_kernels::{ConvNext, F32, Pool};

use crate::embedding::{TextSpan, average_upsampled_rows, position_table};

/// Encodes token ids as one vector per frame.
#[derive(Debug)]
pub(super) struct TextEmbedding {
    /// Row 0 is the filler, row `id + 1` a token; `[vocab_size + 1, dim]`.
    pub(super) table: Vec<f32>,
    pub(super) blocks: Vec<ConvNext<F32>>,
    pub(super) dim: usize,
    pub(super) mask_padding: bool,
    pub(super) average_upsampling: bool,
    /// Positions that differ from each other; later ones are like the last of them.
    pub(super) known_positions: usize,
}

impl TextEmbedding {
    /// `[span.padded, dim]`; see [`TextEmbedding::forward`](crate::embedding::TextEmbedding::forward).
    pub(super) fn forward(
        &self,
        pool: &Pool,
        ids: &[i32],
        span: TextSpan,
        drop_text: bool,
    ) -> Vec<f32> {
        let dim = self.dim;
        let tokens = ids.len().min(span.frames);
        let mut text = vec![0.0; span.padded * dim];
        for (position, out) in text.chunks_exact_mut(dim).take(span.frames).enumerate() {
            let row = match ids.get(position) {
                Some(id) if !drop_text => (id + 1) as usize,
                _ => 0,
            };
            out.copy_from_slice(&self.table[row * dim..][..dim]);
        }
        if !self.blocks.is_empty() {
            let positions = span.frames.min(span.padded);
            let table = position_table(positions.min(self.known_positions), dim);
            let last = self.known_positions - 1;
            for (position, x) in text.chunks_exact_mut(dim).take(positions).enumerate() {
                let known = &table[position.min(last) * dim..][..dim];
                for (x, known) in x.iter_mut().zip(known) {
                    *x += known;
                }
            }
            let mask = |text: &mut [f32]| {
                if self.mask_padding {
                    text[tokens * dim..].fill(0.0);
                }
            };
            mask(&mut text);
            for block in &self.blocks {
                block.forward(pool, &mut text);
                mask(&mut text);
            }
        }
        if self.average_upsampling {
            let rows = average_upsampled_rows(tokens, span.frames);
            let mut stretched = vec![0.0; text.len()];
            for (out, row) in stretched.chunks_exact_mut(dim).zip(rows) {
                out.copy_from_slice(&text[row * dim..][..dim]);
            }
            text = stretched;
        }
        text
    }
}
