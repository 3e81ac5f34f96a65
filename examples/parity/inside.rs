//! Stages inside of a network, for which it is loaded as what it is.

use std::path::Path;

use burn::tensor::Device;
use f5_tts::model::{
    BackboneConfig, Dit, MmDit, UNetT,
    cfm::Conditioning,
    dit::DitField,
    embedding::TextSpan,
    layers::{BatchMask, RotaryEmbedding},
    mmdit::MmDitField,
    unett::UNetTField,
};

use crate::case::{Array, Case, Failure};

pub(crate) enum Inside {
    Dit(Box<Dit>),
    UNetT(Box<UNetT>),
    MmDit(Box<MmDit>),
}

impl Inside {
    pub(crate) fn load(
        weights: &Path,
        config: &BackboneConfig,
        vocab_size: usize,
        device: &Device,
    ) -> Result<Self, Failure> {
        Ok(match config {
            BackboneConfig::Dit(config) => {
                Self::Dit(Box::new(Dit::load(weights, config, vocab_size, device)?))
            }
            BackboneConfig::UNetT(config) => {
                Self::UNetT(Box::new(UNetT::load(weights, config, vocab_size, device)?))
            }
            BackboneConfig::MmDit(config) => {
                Self::MmDit(Box::new(MmDit::load(weights, config, vocab_size, device)?))
            }
            _ => return Err("this network is not implemented".into()),
        })
    }

    /// What `stage` gives for the case's own input under `conditioning`, which is not guided.
    pub(crate) fn compute(
        &self,
        case: &Case,
        stage: &str,
        time: f32,
        conditioning: Conditioning,
    ) -> Result<Array, Failure> {
        let device = &conditioning.cond.device();
        let [_, frames, _] = conditioning.cond.dims();
        let ids = &conditioning.text[0].clone();
        let drop_text = stage == "text_embed_drop";
        let x = || Ok::<_, Failure>(case.get("x")?.tensor(device));
        match (self, stage) {
            (Self::Dit(dit), "time_embed") => Array::of(dit.time_embed.forward(time, device)),
            (Self::UNetT(net), "time_embed") => Array::of(net.time_embed.forward(time, device)),
            (Self::MmDit(net), "time_embed") => Array::of(net.time_embed.forward(time, device)),
            (Self::Dit(dit), "text_embed" | "text_embed_drop") => {
                let span = TextSpan::single(frames);
                Array::of(dit.text_embed.forward(ids, span, drop_text, device))
            }
            (Self::UNetT(net), "text_embed" | "text_embed_drop") => {
                let span = TextSpan::single(frames);
                Array::of(net.text_embed.forward(ids, span, drop_text, device))
            }
            (Self::MmDit(net), "text_embed" | "text_embed_drop") => {
                Array::of(net.text_embed.forward(ids, ids.len(), drop_text, device))
            }
            (Self::Dit(dit), "input_embed") => {
                Array::of(DitField::new(dit, conditioning).input(&x()?))
            }
            (Self::UNetT(net), "input_embed") => {
                Array::of(UNetTField::new(net, conditioning).input(&x()?))
            }
            (Self::MmDit(net), "audio_embed") => {
                Array::of(MmDitField::new(net, conditioning).audio(&x()?))
            }
            (Self::Dit(dit), "rope_freqs") => {
                let dim_head = dit.config().dim_head;
                let angles = RotaryEmbedding::angles(frames, dim_head);
                let pairs = angles.iter().flat_map(|&angle| [angle, angle]).collect();
                Ok(Array::new([1, frames, dim_head], pairs))
            }
            (Self::Dit(dit), "block0") => {
                let rope = RotaryEmbedding::new(frames, dit.config().dim_head, device);
                let time = dit.time_embed.forward(time, device);
                let input = case.get("input_embed")?.tensor(device);
                let block = dit
                    .transformer_blocks
                    .first()
                    .ok_or("the network has no blocks")?;
                Array::of(block.forward(input, time, &rope, &BatchMask::default()))
            }
            _ => Err("this stage is not implemented".into()),
        }
    }
}
