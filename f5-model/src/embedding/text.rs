//! Text encoder: token table, positions, ConvNeXt V2 blocks (upstream `TextEmbedding`).

use burn::{
    module::Module,
    nn::{Embedding, EmbeddingConfig},
    tensor::{Device, Int, Tensor, TensorData},
};

use crate::{
    cfm::BatchMasking,
    config::{DitConfig, MAX_TEXT_POSITIONS, UNetTConfig},
    layers::{ConvNextV2Block, RotaryEmbedding},
};

/// Inner width of a text block in multiples of the text width (upstream `conv_mult`).
const CONV_MULT: usize = 2;
/// Positions that a `UNetT` with text blocks tells apart (upstream `precompute_max_pos`).
const UNETT_POSITIONS: usize = 4096;

/// How many positions a text is spread over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextSpan {
    /// Frames of the sample: text beyond them is cut, shorter text is filled up to them.
    pub frames: usize,
    /// Positions to return; those after `frames` are padding of a batch.
    pub padded: usize,
}

impl TextSpan {
    /// A sample that stands alone.
    #[must_use]
    pub fn single(frames: usize) -> Self {
        Self {
            frames,
            padded: frames,
        }
    }

    /// A sample of `duration` frames in a batch of `frames`.
    ///
    /// The text encoder normalises over all positions, so a row encoded at the length of a longer
    /// neighbour would differ from the same row alone: [`BatchMasking::Exact`] encodes it at its own, and
    /// leaves the padding to the caller.
    #[must_use]
    pub fn in_batch(duration: usize, frames: usize, masking: BatchMasking) -> Self {
        match masking {
            BatchMasking::Exact => Self::single(duration),
            BatchMasking::Upstream => Self {
                frames: duration,
                padded: frames,
            },
        }
    }
}

/// Sizes and flags of a [`TextEmbedding`].
#[derive(Debug, Clone, Copy)]
pub struct TextEmbeddingConfig {
    /// Width of the embedding.
    pub dim: usize,
    /// ConvNeXt V2 blocks.
    pub conv_layers: usize,
    /// Whether filler positions are zeroed around every block.
    pub mask_padding: bool,
    /// Whether the encoded text is stretched evenly over all frames.
    pub average_upsampling: bool,
    /// Positions that differ from each other; later ones are like the last of them.
    pub known_positions: usize,
}

impl From<&DitConfig> for TextEmbeddingConfig {
    fn from(config: &DitConfig) -> Self {
        Self {
            dim: config.text_dim(),
            conv_layers: config.conv_layers,
            mask_padding: config.text_mask_padding,
            average_upsampling: config.text_embedding_average_upsampling,
            known_positions: MAX_TEXT_POSITIONS,
        }
    }
}

impl From<&UNetTConfig> for TextEmbeddingConfig {
    fn from(config: &UNetTConfig) -> Self {
        Self {
            dim: config.text_dim(),
            conv_layers: config.conv_layers,
            mask_padding: config.text_mask_padding,
            average_upsampling: false,
            known_positions: UNETT_POSITIONS,
        }
    }
}

/// Encodes token ids as one vector per frame.
#[derive(Module, Debug)]
pub struct TextEmbedding {
    /// Row 0 is the filler, row `id + 1` a token; `[vocab_size + 1, text_dim]`.
    pub text_embed: Embedding,
    /// ConvNeXt V2 blocks.
    pub text_blocks: Vec<ConvNextV2Block>,
    #[module(skip)]
    mask_padding: bool,
    #[module(skip)]
    average_upsampling: bool,
    #[module(skip)]
    known_positions: usize,
}

impl TextEmbedding {
    /// An encoder for a vocabulary of `vocab_size` tokens.
    #[must_use]
    pub fn new(config: TextEmbeddingConfig, vocab_size: usize, device: &Device) -> Self {
        let dim = config.dim;
        Self {
            text_embed: EmbeddingConfig::new(vocab_size + 1, dim).init(device),
            text_blocks: (0..config.conv_layers)
                .map(|_| ConvNextV2Block::new(dim, dim * CONV_MULT, device))
                .collect(),
            mask_padding: config.mask_padding,
            average_upsampling: config.average_upsampling,
            known_positions: config.known_positions,
        }
    }

    /// Encodes one text; with `drop_text`, what the unconditional branch of the guidance sees.
    ///
    /// Dropping replaces the tokens but not the memory of where they stood: with `text_mask_padding`
    /// the unconditional branch still knows how long the text is, as in upstream.
    ///
    /// # Shapes
    ///
    /// - `ids`: token ids, each below the vocabulary size
    /// - output: `[1, span.padded, text_dim]`
    #[must_use]
    pub fn forward(
        &self,
        ids: &[i32],
        span: TextSpan,
        drop_text: bool,
        device: &Device,
    ) -> Tensor<3> {
        let tokens = ids.len().min(span.frames);
        let rows = (0..span.padded)
            .map(|position| {
                if position < tokens && !drop_text {
                    ids[position] + 1
                } else {
                    0
                }
            })
            .collect::<Vec<i32>>();
        let rows = Tensor::<2, Int>::from_data(TensorData::new(rows, [1, span.padded]), device);
        let mut text = zero_after(self.text_embed.forward(rows), span.frames);
        if !self.text_blocks.is_empty() {
            let [_, _, dim] = text.dims();
            text = text
                + zero_after(
                    positions(span.padded, dim, self.known_positions, device),
                    span.frames,
                );
            let masked = |x: Tensor<3>| {
                if self.mask_padding {
                    zero_after(x, tokens)
                } else {
                    x
                }
            };
            text = masked(text);
            for block in &self.text_blocks {
                text = masked(block.forward(text));
            }
        }
        if self.average_upsampling {
            text = average_upsample(text, tokens, span);
        }
        text
    }
}

/// Position table `[1, frames, dim]`: cosines of all frequencies, then sines (upstream
/// `precompute_freqs_cis`); positions after the first `known` are like the last of them (upstream
/// `get_pos_embed_indices`).
pub(crate) fn positions(frames: usize, dim: usize, known: usize, device: &Device) -> Tensor<3> {
    let mut table = position_table(frames.min(known), dim);
    let last = table.len().saturating_sub(dim);
    for _ in known..frames {
        table.extend_from_within(last..last + dim);
    }
    Tensor::from_data(TensorData::new(table, [1, frames, dim]), device)
}

/// The same on the host, `[frames, dim]`.
pub(crate) fn position_table(frames: usize, dim: usize) -> Vec<f32> {
    let mut table = Vec::with_capacity(frames * dim);
    for angles in RotaryEmbedding::angles(frames, dim).chunks_exact(dim / 2) {
        let angles = angles.iter().copied().map(f64::from);
        table.extend(angles.clone().map(|angle| angle.cos() as f32));
        table.extend(angles.map(|angle| angle.sin() as f32));
    }
    table
}

/// Keeps the first `keep` positions of `[1, positions, dim]` and zeroes the rest.
fn zero_after(x: Tensor<3>, keep: usize) -> Tensor<3> {
    let [batch, positions, dim] = x.dims();
    if keep == 0 {
        return Tensor::zeros([batch, positions, dim], &x.device());
    }
    pad_with_zeros(x.narrow(1, 0, keep.min(positions)), positions)
}

/// Appends zeros to `[batch, positions, dim]` until there are `positions` of them.
pub(crate) fn pad_with_zeros(x: Tensor<3>, positions: usize) -> Tensor<3> {
    let [batch, present, dim] = x.dims();
    if present >= positions {
        return x;
    }
    let zeros = Tensor::zeros([batch, positions - present, dim], &x.device());
    Tensor::cat(vec![x, zeros], 1)
}

/// Repeats each of the first `tokens` rows evenly over all frames; the last rows take what does not
/// divide (ZipVoice's upsampling, upstream `average_upsample_text_by_mask`).
fn average_upsample(text: Tensor<3>, tokens: usize, span: TextSpan) -> Tensor<3> {
    if tokens == 0 {
        return zero_after(text, 0);
    }
    let rows: Vec<i32> = average_upsampled_rows(tokens, span.frames)
        .map(|row| row as i32)
        .collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [span.frames]), &text.device());
    pad_with_zeros(text.select(1, rows), span.padded)
}

/// The row that each frame takes.
pub(crate) fn average_upsampled_rows(tokens: usize, frames: usize) -> impl Iterator<Item = usize> {
    let (repeat, longer) = match tokens {
        0 => (0, 0),
        tokens => (frames / tokens, frames % tokens),
    };
    (0..tokens)
        .flat_map(move |row| std::iter::repeat_n(row, repeat + usize::from(row >= tokens - longer)))
}
