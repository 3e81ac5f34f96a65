//! The flat U-Net transformer as a velocity field.

use burn::tensor::{Bool, Device, Tensor};

use super::UNetT;
use crate::{
    cfm::{Backbone, BatchMasking, Conditioning, Velocity, VelocityField},
    embedding::{ConditionedInput, TextSpan, pad_with_zeros},
    layers::{BatchMask, RotaryEmbedding},
};

impl Backbone for UNetT {
    fn n_mels(&self) -> usize {
        self.config.mel_dim
    }

    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn max_frames(&self) -> Option<usize> {
        None
    }

    fn device(&self) -> Device {
        self.proj_out.weight.val().device()
    }

    fn condition<'a>(&'a self, conditioning: Conditioning) -> Box<dyn VelocityField + 'a> {
        Box::new(UNetTField::new(self, conditioning))
    }
}

/// A [`UNetT`] that knows its reference, its text and its length.
#[derive(Debug)]
pub struct UNetTField<'a> {
    network: &'a UNetT,
    input: ConditionedInput<'a>,
    /// Frames that the position convolution must not see.
    padding: Option<Tensor<3, Bool>>,
    rope: RotaryEmbedding,
    /// Of the time and the frames.
    mask: BatchMask,
}

impl<'a> UNetTField<'a> {
    /// Encodes reference and text.
    #[must_use]
    pub fn new(network: &'a UNetT, conditioning: Conditioning) -> Self {
        let Conditioning {
            cond,
            text,
            durations,
            guided,
            batch_masking,
            times: _,
        } = conditioning;
        let device = cond.device();
        let [batch, frames, _] = cond.dims();
        let exact = batch_masking == BatchMasking::Exact;
        let encode = |drop_text: bool| {
            let rows = text.iter().zip(&durations).map(|(ids, &duration)| {
                // Upstream encodes every text at the length of the batch, filler to its end.
                let span = TextSpan::single(if exact { duration } else { frames });
                let text = network.text_embed.forward(ids, span, drop_text, &device);
                pad_with_zeros(text, frames)
            });
            Some(Tensor::cat(rows.collect(), 0))
        };
        let hide_keys = batch_masking.hides_keys(network.config.attn_mask_enabled);
        let (mut padding, mut mask) = (None, BatchMask::default());
        if batch > 1 {
            let lengths = durations.repeat(if guided { 2 } else { 1 });
            // Upstream lets the position convolution see padding.
            if exact {
                padding = BatchMask::new(&lengths, frames, false, &device).padding;
            }
            let lengths: Vec<usize> = lengths.iter().map(|frames| frames + 1).collect();
            mask = BatchMask::new(&lengths, frames + 1, hide_keys, &device);
        }
        Self {
            network,
            input: ConditionedInput::new(&network.input_embed, cond, guided, encode),
            padding,
            rope: RotaryEmbedding::new(frames + 1, network.config.dim_head, &device),
            mask,
        }
    }

    /// What follows the time into the first layer at `x`: `[rows, frames, dim]`, conditional rows first.
    #[must_use]
    pub fn input(&self, x: &Tensor<3>) -> Tensor<3> {
        self.input.at(x, self.padding.as_ref())
    }
}

impl VelocityField for UNetTField<'_> {
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity {
        let time = self.network.time_embed.forward(time, &x.device());
        let velocity = self
            .network
            .forward(self.input(x), time, &self.rope, &self.mask);
        self.input.unpack(velocity)
    }
}
