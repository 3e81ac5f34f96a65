//! The diffusion transformer as a velocity field: everything that stays the same between two steps is
//! computed once per sample.

use burn::tensor::{Bool, Device, Tensor, TensorData};

use super::{BatchMask, Dit};
use crate::{
    cfm::{Backbone, Conditioning, Velocity, VelocityField},
    embedding::{TextSpan, pad_with_zeros},
    layers::RotaryEmbedding,
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
    /// Constant part of the input projection: conditional rows, then unconditional ones.
    constant: Tensor<3>,
    rope: RotaryEmbedding,
    mask: BatchMask,
    guided: bool,
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
            Tensor::cat(rows.collect(), 0)
        };
        let mut constant = dit.input_embed.constant(cond.clone(), encode(false));
        if guided {
            let uncond = dit.input_embed.constant(cond.zeros_like(), encode(true));
            constant = Tensor::cat(vec![constant, uncond], 0);
        }
        let copies = if guided { 2 } else { 1 };
        let hide_keys = batch_masking.hides_keys(dit.config.attn_mask_enabled);
        let mask = if batch == 1 {
            BatchMask::default()
        } else {
            batch_mask(&durations.repeat(copies), frames, hide_keys, &device)
        };
        Self {
            dit,
            constant,
            rope: RotaryEmbedding::new(frames, dit.config.dim_head, &device),
            mask,
            guided,
        }
    }

    /// The input of the first block at `x`: `[rows, frames, dim]`, conditional rows first.
    #[must_use]
    pub fn input(&self, x: &Tensor<3>) -> Tensor<3> {
        let projected = self.dit.input_embed.project(x.clone());
        let projected = if self.guided {
            Tensor::cat(vec![projected.clone(), projected], 0)
        } else {
            projected
        };
        self.dit.input_embed.position(
            projected + self.constant.clone(),
            self.mask.padding.as_ref(),
        )
    }
}

impl VelocityField for DitField<'_> {
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity {
        let time = self.dit.time_embed.forward(time, &x.device());
        let velocity = self
            .dit
            .forward(self.input(x), time, &self.rope, &self.mask);
        let [rows, _, _] = velocity.dims();
        if !self.guided {
            return Velocity {
                conditional: velocity,
                unconditional: None,
            };
        }
        Velocity {
            conditional: velocity.clone().narrow(0, 0, rows / 2),
            unconditional: Some(velocity.narrow(0, rows / 2, rows / 2)),
        }
    }
}

/// True where a row is shorter than the batch.
fn batch_mask(durations: &[usize], frames: usize, hide_keys: bool, device: &Device) -> BatchMask {
    let rows = durations.len();
    let padding: Vec<bool> = durations
        .iter()
        .flat_map(|&duration| (0..frames).map(move |frame| frame >= duration))
        .collect();
    let padding = Tensor::<3, Bool>::from_data(TensorData::new(padding, [rows, frames, 1]), device);
    let keys = hide_keys.then(|| padding.clone().reshape([rows, 1, 1, frames]));
    BatchMask {
        padding: Some(padding),
        keys,
    }
}
