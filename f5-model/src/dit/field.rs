//! The diffusion transformer as a velocity field: everything that stays the same between two steps is
//! computed once per sample.

use burn::tensor::{Device, Tensor};

use super::Dit;
use crate::{
    cfm::{Backbone, Conditioning, Velocity, VelocityField},
    embedding::{ConditionedInput, TextSpan, pad_with_zeros},
    layers::{BatchMask, RotaryEmbedding},
};

impl Backbone for Dit {
    fn n_mels(&self) -> usize {
        self.config.mel_dim
    }

    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn max_frames(&self) -> Option<usize> {
        self.config.max_frames()
    }

    fn device(&self) -> Device {
        self.proj_out.weight.val().device()
    }

    fn condition<'a>(&'a self, conditioning: Conditioning) -> Box<dyn VelocityField + 'a> {
        Box::new(DitField::new(self, conditioning))
    }
}

/// A [`Dit`] that knows its reference, its text and its length.
#[derive(Debug)]
pub struct DitField<'a> {
    dit: &'a Dit,
    input: ConditionedInput<'a>,
    rope: RotaryEmbedding,
    mask: BatchMask,
}

impl<'a> DitField<'a> {
    /// Encodes reference and text.
    #[must_use]
    pub fn new(dit: &'a Dit, conditioning: Conditioning) -> Self {
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
        let encode = |drop_text: bool| {
            let rows = text.iter().zip(&durations).map(|(ids, &duration)| {
                let span = TextSpan::in_batch(duration, frames, batch_masking);
                pad_with_zeros(
                    dit.text_embed.forward(ids, span, drop_text, &device),
                    frames,
                )
            });
            Some(Tensor::cat(rows.collect(), 0))
        };
        let copies = if guided { 2 } else { 1 };
        let hide_keys = batch_masking.hides_keys(dit.config.attn_mask_enabled);
        let mask = if batch == 1 {
            BatchMask::default()
        } else {
            BatchMask::new(&durations.repeat(copies), frames, hide_keys, &device)
        };
        Self {
            dit,
            input: ConditionedInput::new(&dit.input_embed, cond, guided, encode),
            rope: RotaryEmbedding::new(frames, dit.config.dim_head, &device),
            mask,
        }
    }

    /// The input of the first block at `x`: `[rows, frames, dim]`, conditional rows first.
    #[must_use]
    pub fn input(&self, x: &Tensor<3>) -> Tensor<3> {
        self.input.at(x, self.mask.padding.as_ref())
    }
}

impl VelocityField for DitField<'_> {
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity {
        let time = self.dit.time_embed.forward(time, &x.device());
        let velocity = self
            .dit
            .forward(self.input(x), time, &self.rope, &self.mask);
        self.input.unpack(velocity)
    }
}
