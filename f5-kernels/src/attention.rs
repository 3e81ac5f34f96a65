//! Attention of one head over one sequence, block by block: scores never fill more than a cache.
//!
//! Queries go by 32, keys by 512. Each block of keys is weighted relative to the largest score so far,
//! and what was summed up before is scaled down when a larger one appears ([online
//! softmax](https://arxiv.org/abs/1805.02867), as in FlashAttention).

use crate::{
    buffer::Buffer,
    gemm::{CACHE_LINE, Kernel, PANEL, Panels, ROW_TILE, Scores},
    rows::{self, Softmax},
};

/// Keys of one block: 66 kilobytes of scores.
const KEYS: usize = 512;
/// From one row of scores to the next.
const STRIDE: usize = KEYS + CACHE_LINE;

/// One head of one sequence, each `[positions, dim_head]`.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a, E> {
    /// Queries.
    pub queries: &'a [E],
    /// Keys.
    pub keys: &'a [E],
    /// Values.
    pub values: &'a [E],
    /// Width of the head.
    pub dim_head: usize,
    /// How many positions may be attended to; those after them are padding.
    pub visible: usize,
}

/// Memory that [`attend`] works in.
#[derive(Debug, Default)]
pub struct AttentionScratch<E> {
    keys: Panels<E>,
    values: Vec<Panels<E>>,
    queries: Buffer<E>,
    scores: Buffer<f32>,
    weights: Buffer<E>,
    sums: Buffer<f32>,
}

/// What the head attends to at every position, `[positions, dim_head]`.
pub fn attend<K: Kernel>(
    kernel: K,
    head: Head<'_, K::Element>,
    scratch: &mut AttentionScratch<K::Element>,
    out: &mut [K::Element],
) {
    let Head {
        dim_head, visible, ..
    } = head;
    let s = scratch;
    kernel.repack(head.keys, dim_head, visible, &mut s.keys);
    s.values
        .resize_with(visible.div_ceil(KEYS), Panels::default);
    for (block, panels) in s.values.iter_mut().enumerate() {
        let first = block * KEYS;
        let count = KEYS.min(visible - first);
        kernel.repack_transposed(&head.values[first * dim_head..], count, dim_head, panels);
    }
    let width = dim_head.next_multiple_of(PANEL);
    s.queries.grow(kernel.operand_len(ROW_TILE, dim_head));
    s.scores.grow(ROW_TILE * STRIDE);
    s.weights.grow(kernel.operand_len(ROW_TILE, KEYS));
    s.sums.grow(ROW_TILE * width);

    let cpu = kernel.cpu();
    let scale = std::f32::consts::LOG2_E / (dim_head as f32).sqrt();
    let blocks = head
        .queries
        .chunks(ROW_TILE * dim_head)
        .zip(out.chunks_mut(ROW_TILE * dim_head));
    for (queries, out) in blocks {
        for (row, query) in queries.chunks_exact(dim_head).enumerate() {
            kernel.place_row(&mut s.queries, dim_head, row, 0, query);
        }
        let queries = queries.len() / dim_head;
        let mut softmax = Softmax::NEW;
        for (block, values) in s.values.iter().enumerate() {
            let keys = block * KEYS..(block * KEYS + KEYS).min(visible);
            let operand = kernel.dense(&s.queries, queries, dim_head);
            kernel.product(operand, &s.keys, keys.clone(), &mut s.scores, STRIDE, false);
            let scores = Scores {
                data: &mut s.scores,
                stride: STRIDE,
                queries,
                keys: keys.len(),
                scale,
            };
            kernel.store_weights(&mut softmax, scores, &mut s.weights);
            if block > 0 {
                softmax.rescale(cpu, &mut s.sums[..queries * width], width);
            }
            let operand = kernel.dense(&s.weights, queries, keys.len());
            kernel.product(operand, values, 0..dim_head, &mut s.sums, width, block > 0);
        }
        let rows = s
            .sums
            .chunks_exact_mut(width)
            .zip(out.chunks_exact_mut(dim_head));
        for (row, (sums, out)) in rows.enumerate() {
            let sums = &mut sums[..dim_head];
            rows::scale(cpu, sums, softmax.normaliser(row));
            kernel.round(sums, out);
        }
    }
}
