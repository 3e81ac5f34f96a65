//! The two-stream transformer as a velocity field.

use burn::tensor::{Bool, Device, Tensor};

use super::{MmDit, Streams};
use crate::{
    cfm::{Backbone, BatchMasking, Conditioning, Velocity, VelocityField},
    embedding::ConditionedInput,
    layers::BatchMask,
};

impl Backbone for MmDit {
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
        Box::new(MmDitField::new(self, conditioning))
    }
}

/// An [`MmDit`] that knows its reference, its text and its length.
#[derive(Debug)]
pub struct MmDitField<'a> {
    network: &'a MmDit,
    audio: ConditionedInput<'a>,
    /// Frames that the position convolution must not see.
    padding: Option<Tensor<3, Bool>>,
    text: Tensor<3>,
    streams: Streams,
}

impl<'a> MmDitField<'a> {
    /// Encodes reference and text.
    #[must_use]
    pub fn new(network: &'a MmDit, conditioning: Conditioning) -> Self {
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
        let lengths: Vec<usize> = text.iter().map(Vec::len).collect();
        let tokens = lengths.iter().copied().max().unwrap_or(0);
        let encode = |drop_text: bool| {
            let encode =
                |ids: &Vec<i32>| network.text_embed.forward(ids, tokens, drop_text, &device);
            text.iter().map(encode).collect::<Vec<_>>()
        };
        let mut encoded = encode(false);
        if guided {
            encoded.extend(encode(true));
        }
        let hide_keys = batch_masking.hides_keys(network.config.attn_mask_enabled);
        let mask = |lengths: &[usize], positions| {
            if batch == 1 {
                return BatchMask::default();
            }
            let lengths = lengths.repeat(if guided { 2 } else { 1 });
            BatchMask::new(&lengths, positions, hide_keys, &device)
        };
        let (audio_mask, text_mask) = (mask(&durations, frames), mask(&lengths, tokens));
        let dim_head = network.config.dim_head;
        Self {
            network,
            audio: ConditionedInput::new(&network.audio_embed, cond, guided, |_| None),
            // Upstream lets the position convolution see padding.
            padding: match batch_masking {
                BatchMasking::Exact => audio_mask.padding.clone(),
                BatchMasking::Upstream => None,
            },
            text: Tensor::cat(encoded, 0),
            streams: Streams::new(frames, tokens, dim_head, audio_mask, text_mask, &device),
        }
    }

    /// What enters the stream of audio at `x`: `[rows, frames, dim]`, conditional rows first.
    #[must_use]
    pub fn audio(&self, x: &Tensor<3>) -> Tensor<3> {
        self.audio.at(x, self.padding.as_ref())
    }
}

impl VelocityField for MmDitField<'_> {
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity {
        let time = self.network.time_embed.forward(time, &x.device());
        let (audio, text) = (self.audio(x), self.text.clone());
        let velocity = self.network.forward(audio, text, time, &self.streams);
        self.audio.unpack(velocity)
    }
}
