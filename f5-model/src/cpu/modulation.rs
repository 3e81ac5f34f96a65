//! What a time step does to the blocks (upstream `TimestepEmbedding`, `AdaLayerNorm`,
//! `AdaLayerNorm_Final`), for all steps of a sample at once: each of the layers, 41 % of the released
//! F5-TTS, is read once per sample instead of once per step. In E2-TTS the time is a token, and the
//! blocks do not know of it.

use f5_kernels::{
    Buffer, F32, Kernel, Linear,
    rows::{self, Activation},
};
use rayon::prelude::*;

use super::{
    CpuTransformer,
    block::{Block, Norm, Norms},
};
use crate::embedding::sinusoid;

/// Embeds times.
#[derive(Debug)]
pub(super) struct TimeEmbedding {
    /// `[256, dim]`
    pub(super) time_mlp_0: Linear<F32>,
    /// `[dim, dim]`
    pub(super) time_mlp_2: Linear<F32>,
}

impl TimeEmbedding {
    /// The embedding of each time, `[times, dim]`.
    fn forward(&self, times: &[f32]) -> Vec<f32> {
        let waves: Vec<f32> = times.iter().flat_map(|&time| sinusoid(time)).collect();
        let hidden = activate(&self.time_mlp_0, &waves, times.len());
        let layer = &self.time_mlp_2;
        let mut out = vec![0.0; times.len() * layer.outputs()];
        let operand = layer.kernel().dense(&hidden, times.len(), layer.inputs());
        layer.write(operand, &mut Buffer::default(), &mut out);
        out
    }
}

/// SiLU of a layer.
fn activate(layer: &Linear<F32>, x: &[f32], count: usize) -> Vec<f32> {
    let mut out = vec![0.0; count * layer.outputs()];
    let cpu = layer.kernel().cpu();
    layer.apply_dense(x, count, 1, &mut Buffer::default(), |row, at, values| {
        rows::activate(
            cpu,
            values,
            &layer.bias()[at..][..values.len()],
            Activation::Silu,
        );
        out[row * layer.outputs() + at..][..values.len()].copy_from_slice(values);
    });
    out
}

/// The norm before the velocity.
#[derive(Debug)]
pub(super) enum NormOut<K: Kernel> {
    /// LayerNorm that follows the time, `[dim, 2 * dim]`.
    Modulated(Linear<K>),
    /// RMSNorm with these weights.
    Rms(Vec<f32>),
}

/// How one branch of a block begins and ends at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch<'a> {
    pub(super) norm: Norm<'a>,
    /// What the result is multiplied by, `[dim]`.
    pub(super) gate: &'a [f32],
}

/// What some times do to a whole network.
#[derive(Debug)]
pub(super) struct Modulations {
    times: Vec<f32>,
    /// For each block, `[times, 6 * dim]`: shift, scale with one added, and gate of attention, then of
    /// feed-forward.
    blocks: Vec<Vec<f32>>,
    /// `[times, 2 * dim]`: scale with one added, shift.
    last: Vec<f32>,
    /// Where the time is a token, `[times, dim]`.
    tokens: Vec<f32>,
    /// The gate where there is none, `[dim]`.
    open: Vec<f32>,
}

impl Modulations {
    pub(super) fn new<K: Kernel>(network: &CpuTransformer<K>, times: &[f32]) -> Self {
        let dim = network.shape.dim;
        let embedded = network.time_embed.forward(times);
        // All that modulations want of it.
        let mut time = embedded.clone();
        let none = vec![0.0; time.len()];
        rows::activate(network.kernel.cpu(), &mut time, &none, Activation::Silu);
        let block = |block: &Block<K>| match &block.norms {
            Norms::Rms { .. } => Vec::new(),
            Norms::Modulated(layer) => {
                let mut out = project(layer, &time, times.len());
                for six in out.chunks_exact_mut(6 * dim) {
                    add_one(&mut six[dim..2 * dim]);
                    add_one(&mut six[4 * dim..5 * dim]);
                }
                out
            }
        };
        let blocks = || network.blocks.par_iter().map(block).collect();
        let last = match &network.norm_out {
            NormOut::Rms(_) => Vec::new(),
            NormOut::Modulated(layer) => {
                let mut out = project(layer, &time, times.len());
                for two in out.chunks_exact_mut(2 * dim) {
                    add_one(&mut two[..dim]);
                }
                out
            }
        };
        Self {
            times: times.to_vec(),
            blocks: network.pool.run(blocks),
            last,
            tokens: match network.shape.lead {
                0 => Vec::new(),
                _ => embedded,
            },
            open: vec![1.0; dim],
        }
    }

    /// Which of its times `time` is.
    pub(super) fn index(&self, time: f32) -> Option<usize> {
        self.times.iter().position(|&known| known == time)
    }

    /// Attention and feed-forward of `block`, which is the one numbered `index`.
    pub(super) fn branches<'a, K: Kernel>(
        &'a self,
        block: &'a Block<K>,
        index: usize,
        time: usize,
    ) -> [Branch<'a>; 2] {
        let dim = self.open.len();
        match &block.norms {
            Norms::Rms { attn, ff } => [attn, ff].map(|weight| Branch {
                norm: Norm::Rms(weight),
                gate: &self.open,
            }),
            Norms::Modulated(_) => {
                let part = |part: usize| &self.blocks[index][(time * 6 + part) * dim..][..dim];
                [0, 3].map(|first| Branch {
                    norm: Norm::Modulated {
                        shift: part(first),
                        scale: part(first + 1),
                    },
                    gate: part(first + 2),
                })
            }
        }
    }

    /// The norm before the velocity.
    pub(super) fn last<'a, K: Kernel>(&'a self, norm_out: &'a NormOut<K>, time: usize) -> Norm<'a> {
        let dim = self.open.len();
        match norm_out {
            NormOut::Rms(weight) => Norm::Rms(weight),
            NormOut::Modulated(_) => {
                let (scale, shift) = self.last[time * 2 * dim..][..2 * dim].split_at(dim);
                Norm::Modulated { scale, shift }
            }
        }
    }

    /// What stands before the frames, `[lead, dim]`.
    pub(super) fn lead(&self, time: usize) -> &[f32] {
        let dim = self.open.len();
        self.tokens.get(time * dim..(time + 1) * dim).unwrap_or(&[])
    }
}

/// A layer of `x`, `[count, inputs]`, with float32 inputs whatever the weights are: what a kernel rounds
/// away of an input goes through a second product.
fn project<K: Kernel>(layer: &Linear<K>, x: &[f32], count: usize) -> Vec<f32> {
    let (kernel, inputs, outputs) = (layer.kernel(), layer.inputs(), layer.outputs());
    let mut out: Vec<f32> = layer.bias().repeat(count);
    let (mut operand, mut scratch) = (
        Buffer::zeros(kernel.operand_len(count, inputs)),
        Buffer::default(),
    );
    let residues: Vec<f32> = x.iter().map(|&x| kernel.residue(x)).collect();
    for part in [x, &residues] {
        if part.iter().all(|&x| x == 0.0) {
            continue;
        }
        for (row, part) in part.chunks_exact(inputs).enumerate() {
            kernel.store_row(&mut operand, inputs, row, 0, part);
        }
        layer.apply_dense(&operand, count, 1, &mut scratch, |row, at, values| {
            rows::add(
                kernel.cpu(),
                &mut out[row * outputs + at..][..values.len()],
                values,
            );
        });
    }
    out
}

fn add_one(scale: &mut [f32]) {
    for scale in scale {
        *scale += 1.0;
    }
}
