//! One block of the two-stream transformer (upstream `MMDiTBlock`).

use burn::{
    module::Module,
    tensor::{Bool, Device, Tensor},
};

use super::JointAttention;
use crate::{
    config::MmDitConfig,
    layers::{
        AdaLayerNorm, AdaLayerNormFinal, BatchMask, FeedForward, Modulation, RotaryEmbedding,
        modulated_norm, zero_padding,
    },
};

/// Positions and padding of both streams.
#[derive(Debug, Clone)]
pub struct Streams {
    /// Positions of the audio.
    pub rope: RotaryEmbedding,
    /// Positions of the text.
    pub context_rope: RotaryEmbedding,
    /// Frames to zero, `[rows, frames, 1]`.
    pub padding: Option<Tensor<3, Bool>>,
    /// Tokens to zero, `[rows, tokens, 1]`.
    pub context_padding: Option<Tensor<3, Bool>>,
    /// Keys that attention must not see, `[rows, 1, 1, frames + tokens]`.
    pub keys: Option<Tensor<4, Bool>>,
}

impl Streams {
    /// Streams of `frames` and `tokens` with heads of width `dim_head`.
    #[must_use]
    pub fn new(
        frames: usize,
        tokens: usize,
        dim_head: usize,
        audio: BatchMask,
        text: BatchMask,
        device: &Device,
    ) -> Self {
        let keys = match (audio.keys, text.keys) {
            (Some(audio), Some(text)) => Some(Tensor::cat(vec![audio, text], 3)),
            _ => None,
        };
        Self {
            rope: RotaryEmbedding::new(frames, dim_head, device),
            context_rope: RotaryEmbedding::new(tokens, dim_head, device),
            padding: audio.padding,
            context_padding: text.padding,
            keys,
        }
    }
}

/// Joint attention, and a feed-forward branch for each stream.
///
/// The last block gives no text: its text has a norm before attention and nothing after.
#[derive(Module, Debug)]
pub struct MmDitBlock {
    /// Modulation of the text, in all blocks but the last.
    pub attn_norm_c: Option<AdaLayerNorm>,
    /// The same in the last one; `attn_norm_c` of the checkpoint.
    pub attn_norm_c_final: Option<AdaLayerNormFinal>,
    /// Modulation of the audio.
    pub attn_norm_x: AdaLayerNorm,
    /// Attention of both.
    pub attn: JointAttention,
    /// Feed-forward branch of the text.
    pub ff_c: Option<FeedForward>,
    /// Feed-forward branch of the audio.
    pub ff_x: FeedForward,
}

impl MmDitBlock {
    /// A block with the sizes of `config`.
    #[must_use]
    pub fn new(config: &MmDitConfig, last: bool, device: &Device) -> Self {
        let feed_forward = || FeedForward::new(config.dim, config.ff_mult, device);
        Self {
            attn_norm_c: (!last).then(|| AdaLayerNorm::new(config.dim, device)),
            attn_norm_c_final: last.then(|| AdaLayerNormFinal::new(config.dim, device)),
            attn_norm_x: AdaLayerNorm::new(config.dim, device),
            attn: JointAttention::new(config, last, device),
            ff_c: (!last).then(feed_forward),
            ff_x: feed_forward(),
        }
    }

    /// Audio and text after the block; the text of the last block is what it was.
    ///
    /// # Shapes
    ///
    /// - `x`: `[rows, frames, dim]`
    /// - `c`: `[rows, tokens, dim]`
    /// - `time`: `[1, dim]`
    #[must_use]
    pub fn forward(
        &self,
        x: Tensor<3>,
        c: Tensor<3>,
        time: Tensor<2>,
        streams: &Streams,
    ) -> (Tensor<3>, Tensor<3>) {
        let (normed_c, modulation_c) = match (&self.attn_norm_c, &self.attn_norm_c_final) {
            (Some(norm), _) => {
                let (normed, modulation) = norm.forward(c.clone(), time.clone());
                (normed, Some(modulation))
            }
            (None, Some(norm)) => (norm.forward(c.clone(), time.clone()), None),
            (None, None) => (c.clone(), None),
        };
        let (normed_x, modulation_x) = self.attn_norm_x.forward(x.clone(), time);
        let (attended_x, attended_c) = self.attn.forward(normed_x, normed_c, streams);
        let c = match (attended_c, modulation_c, &self.ff_c) {
            (Some(attended), Some(modulation), Some(ff)) => {
                let padding = streams.context_padding.as_ref();
                finish(c, zero_padding(attended, padding), modulation, ff)
            }
            _ => c,
        };
        let attended_x = zero_padding(attended_x, streams.padding.as_ref());
        (finish(x, attended_x, modulation_x, &self.ff_x), c)
    }
}

/// What follows attention in one stream.
fn finish(x: Tensor<3>, attended: Tensor<3>, m: Modulation, ff: &FeedForward) -> Tensor<3> {
    let x = x + attended * m.gate_attn.unsqueeze();
    let normed = modulated_norm(x.clone(), m.scale_ff, m.shift_ff);
    x + ff.forward(normed) * m.gate_ff.unsqueeze()
}
