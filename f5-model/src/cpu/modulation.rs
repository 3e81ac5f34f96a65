//! What a time step does to the blocks (upstream `TimestepEmbedding`, `AdaLayerNorm`,
//! `AdaLayerNorm_Final`), for all steps of a sample at once: each of the layers, 41 % of the released
//! network, is read once per sample instead of once per step.

use f5_kernels::{
    Buffer, F32, Kernel, Linear,
    rows::{self, Activation},
};
use rayon::prelude::*;

use super::CpuDit;
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
    /// SiLU of the embedding of each time, which is all that anybody wants of it; `[times, dim]`.
    fn activated(&self, times: &[f32]) -> Vec<f32> {
        let waves: Vec<f32> = times.iter().flat_map(|&time| sinusoid(time)).collect();
        let hidden = activate(&self.time_mlp_0, &waves, times.len());
        activate(&self.time_mlp_2, &hidden, times.len())
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

/// The modulation of one block at one time, each `[dim]`; scales have one added already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Modulation<'a> {
    pub(super) shift_attn: &'a [f32],
    pub(super) scale_attn: &'a [f32],
    pub(super) gate_attn: &'a [f32],
    pub(super) shift_ff: &'a [f32],
    pub(super) scale_ff: &'a [f32],
    pub(super) gate_ff: &'a [f32],
}

/// The modulations of a whole network at some times.
#[derive(Debug, Default)]
pub(super) struct Modulations {
    times: Vec<f32>,
    /// For each block, `[times, 6 * dim]`.
    blocks: Vec<Vec<f32>>,
    /// `[times, 2 * dim]`: scale, shift.
    last: Vec<f32>,
    dim: usize,
}

impl Modulations {
    pub(super) fn new<K: Kernel>(dit: &CpuDit<K>, times: &[f32]) -> Self {
        let dim = dit.config.dim;
        let time = dit.time_embed.activated(times);
        let layers: Vec<&Linear<K>> = dit
            .transformer_blocks
            .iter()
            .map(|block| &block.attn_norm)
            .collect();
        let blocks = dit.pool.run(|| {
            let blocks = layers.into_par_iter().map(|layer| {
                let mut out = project(layer, &time, times.len());
                for six in out.chunks_exact_mut(6 * dim) {
                    add_one(&mut six[dim..2 * dim]);
                    add_one(&mut six[4 * dim..5 * dim]);
                }
                out
            });
            blocks.collect()
        });
        let mut last = project(&dit.norm_out, &time, times.len());
        for two in last.chunks_exact_mut(2 * dim) {
            add_one(&mut two[..dim]);
        }
        Self {
            times: times.to_vec(),
            blocks,
            last,
            dim,
        }
    }

    /// Which of its times `time` is.
    pub(super) fn index(&self, time: f32) -> Option<usize> {
        self.times.iter().position(|&known| known == time)
    }

    pub(super) fn block(&self, block: usize, time: usize) -> Modulation<'_> {
        let six = &self.blocks[block][time * 6 * self.dim..][..6 * self.dim];
        let part = |part: usize| &six[part * self.dim..][..self.dim];
        Modulation {
            shift_attn: part(0),
            scale_attn: part(1),
            gate_attn: part(2),
            shift_ff: part(3),
            scale_ff: part(4),
            gate_ff: part(5),
        }
    }

    /// Scale and shift of the last normalisation.
    pub(super) fn last(&self, time: usize) -> (&[f32], &[f32]) {
        self.last[time * 2 * self.dim..][..2 * self.dim].split_at(self.dim)
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
