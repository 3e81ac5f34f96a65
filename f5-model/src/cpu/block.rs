//! The rows of a transformer block between two attentions (upstream `DiTBlock`, and the layers of
//! `UNetT`).
//!
//! Attention is the only part of a block in which frames see each other. Everything between two
//! attentions is done for some rows at a time, which stay in cache from one layer to the next: output
//! projection, gate and residual, the feed-forward branch, and the next block's queries, keys and
//! values.

use f5_kernels::{
    Buffer, Kernel, Linear,
    rows::{self, Activation},
};

use super::{CpuTransformer, modulation::Branch};
use crate::layers::RotaryEmbedding;

/// Of the norms without weights and of the norms of queries and keys.
const EPSILON: f32 = 1e-6;
/// Of x-transformers' `RMSNorm`: no more than keeps zero from being divided by.
const RMS_EPSILON: f32 = 1e-24;

/// Attention and feed-forward, each behind a norm.
#[derive(Debug)]
pub(super) struct Block<K: Kernel> {
    pub(super) norms: Norms<K>,
    /// Queries, keys and values, `[dim, 3 * heads * dim_head]`.
    pub(super) qkv: Linear<K>,
    /// Normalises queries per head.
    pub(super) q_norm: Option<Vec<f32>>,
    /// Normalises keys per head.
    pub(super) k_norm: Option<Vec<f32>>,
    /// Output projection, `[heads * dim_head, dim]`.
    pub(super) to_out: Linear<K>,
    /// Widens, `[dim, ff_mult * dim]`.
    pub(super) linear_in: Linear<K>,
    /// Narrows, `[ff_mult * dim, dim]`.
    pub(super) linear_out: Linear<K>,
}

/// What stands before the two branches of a block.
#[derive(Debug)]
pub(super) enum Norms<K: Kernel> {
    /// LayerNorms and gates that follow the time, `[dim, 6 * dim]`.
    Modulated(Linear<K>),
    /// RMSNorms with these weights, and no gates.
    Rms { attn: Vec<f32>, ff: Vec<f32> },
}

/// How rows are normalised before a layer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Norm<'a> {
    /// LayerNorm without weights of its own.
    Modulated { scale: &'a [f32], shift: &'a [f32] },
    /// RMSNorm.
    Rms(&'a [f32]),
}

/// Memory of one task.
#[derive(Debug, Default)]
pub(super) struct RowScratch<E> {
    pub(super) row: Buffer<f32>,
    pub(super) operand: Buffer<E>,
    hidden: Buffer<E>,
    pub(super) products: Buffer<f32>,
}

/// Angles of the rotary embedding: cosine and sine of every position, each twice, `[positions, dim_head]`.
#[derive(Debug)]
pub(super) struct Rotary {
    pub(super) cos: Vec<f32>,
    pub(super) sin: Vec<f32>,
}

/// What [`Block::begin`] needs to know of its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Number of the first row in the batch.
    pub(super) first: usize,
    /// Number of the first row in the task.
    pub(super) offset: usize,
    /// Positions of each sequence of the batch.
    pub(super) positions: usize,
    pub(super) rotary: &'a Rotary,
}

impl<K: Kernel> Block<K> {
    /// First half, up to the attention: norm, then queries, keys and values of `x`, `[rows, dim]`, into
    /// `qkv`, `[3, heads, rows of the task, dim_head]`: head by head, as attention reads them.
    pub(super) fn begin(
        &self,
        network: &CpuTransformer<K>,
        place: Place<'_>,
        norm: Norm<'_>,
        x: &[f32],
        qkv: &mut [K::Element],
        s: &mut RowScratch<K::Element>,
    ) {
        let shape = network.shape;
        let (dim, dim_head) = (shape.dim, shape.dim_head);
        let (inner, turning) = (shape.heads * dim_head, shape.turning * dim_head);
        let (kernel, cpu) = (network.kernel, network.kernel.cpu());
        let rows = x.len() / dim;
        let task_rows = qkv.len() / (3 * inner);
        normalise(kernel, dim, x, norm, s);
        let RowScratch {
            operand, products, ..
        } = s;
        self.qkv
            .apply_dense(operand, rows, dim_head, products, |row, at, values| {
                rows::add(cpu, values, &self.qkv.bias()[at..][..values.len()]);
                let position = (place.first + row) % place.positions * dim_head;
                let (cos, sin) = (
                    &place.rotary.cos[position..][..dim_head],
                    &place.rotary.sin[position..][..dim_head],
                );
                for (part, norm) in [(0, &self.q_norm), (inner, &self.k_norm)] {
                    if let Some(norm) = norm {
                        for head in
                            overlap(values, at, part..part + inner).chunks_exact_mut(dim_head)
                        {
                            rows::rms_norm(cpu, head, EPSILON, norm);
                        }
                    }
                    rows::rotate(cpu, overlap(values, at, part..part + turning), cos, sin);
                }
                for (head, values) in values.chunks_exact(dim_head).enumerate() {
                    let head = at / dim_head + head;
                    let to = (head * task_rows + place.offset + row) * dim_head;
                    kernel.round(values, &mut qkv[to..][..dim_head]);
                }
            });
    }

    /// Second half, from what was attended to: output projection, then the feed-forward branch, added to
    /// `x`, `[rows, dim]`. `attended` gives the heads of a row, or nothing where the row is padding.
    pub(super) fn finish<'a>(
        &self,
        kernel: K,
        [attn, ff]: [Branch<'_>; 2],
        attended: impl Fn(usize, usize) -> Option<&'a [K::Element]>,
        x: &mut [f32],
        s: &mut RowScratch<K::Element>,
    ) where
        K::Element: 'a,
    {
        let cpu = kernel.cpu();
        let (inner, dim, wide) = (
            self.to_out.inputs(),
            self.to_out.outputs(),
            self.linear_in.outputs(),
        );
        let rows = x.len() / dim;
        s.operand.grow(kernel.operand_len(rows, inner));
        for row in 0..rows {
            let mut at = 0;
            while let Some(head) = (at < inner).then(|| attended(row, at)).flatten() {
                kernel.place_row(&mut s.operand, inner, row, at, head);
                at += head.len();
            }
        }
        let RowScratch {
            operand, products, ..
        } = s;
        self.to_out
            .apply_dense(operand, rows, 1, products, |row, at, values| {
                if attended(row, 0).is_some() {
                    let outputs = at..at + values.len();
                    let x = &mut x[row * dim..][outputs.clone()];
                    let bias = &self.to_out.bias()[outputs.clone()];
                    rows::add_gated(cpu, x, values, bias, &attn.gate[outputs]);
                }
            });

        normalise(kernel, dim, x, ff.norm, s);
        let RowScratch {
            operand,
            hidden,
            products,
            ..
        } = s;
        hidden.grow(kernel.operand_len(rows, wide));
        self.linear_in
            .apply_dense(operand, rows, 1, products, |row, at, values| {
                let bias = &self.linear_in.bias()[at..][..values.len()];
                rows::activate(cpu, values, bias, Activation::GeluTanh);
                kernel.store_row(hidden, wide, row, at, values);
            });
        self.linear_out
            .apply_dense(hidden, rows, 1, products, |row, at, values| {
                let outputs = at..at + values.len();
                let x = &mut x[row * dim..][outputs.clone()];
                let bias = &self.linear_out.bias()[outputs.clone()];
                rows::add_gated(cpu, x, values, bias, &ff.gate[outputs]);
            });
    }
}

impl Rotary {
    pub(super) fn new(positions: usize, dim_head: usize) -> Self {
        let angles = RotaryEmbedding::angles(positions, dim_head);
        let table = |f: fn(f64) -> f64| {
            angles
                .iter()
                .flat_map(|&angle| [f(f64::from(angle)) as f32; 2])
                .collect()
        };
        Self {
            cos: table(f64::cos),
            sin: table(f64::sin),
        }
    }
}

/// The norm of `x`, `[rows, dim]`, as an operand.
pub(super) fn normalise<K: Kernel>(
    kernel: K,
    dim: usize,
    x: &[f32],
    norm: Norm<'_>,
    s: &mut RowScratch<K::Element>,
) {
    let cpu = kernel.cpu();
    s.row.grow(dim);
    s.operand.grow(kernel.operand_len(x.len() / dim, dim));
    for (row, x) in x.chunks_exact(dim).enumerate() {
        let normed = &mut s.row[..dim];
        match norm {
            Norm::Modulated { scale, shift } => {
                rows::layer_norm(cpu, x, EPSILON, scale, shift, normed);
            }
            Norm::Rms(weight) => {
                normed.copy_from_slice(x);
                rows::rms_norm(cpu, normed, RMS_EPSILON, weight);
            }
        }
        kernel.store_row(&mut s.operand, dim, row, 0, normed);
    }
}

/// The part of `values`, which stand for the outputs from `at` on, that lies in `range`.
fn overlap(values: &mut [f32], at: usize, range: std::ops::Range<usize>) -> &mut [f32] {
    let end = (range.end.saturating_sub(at)).min(values.len());
    let start = (range.start.saturating_sub(at)).min(end);
    &mut values[start..end]
}
