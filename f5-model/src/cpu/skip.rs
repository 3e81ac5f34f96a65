//! Where the rows of an earlier block come back: the long skip connection of `Dit`, and the layers of
//! `UNetT` that answer those of its first half.

use f5_kernels::{Kernel, Linear, rows};

use super::block::RowScratch;

/// What a block is given beside the output of the one before.
#[derive(Debug)]
pub(super) struct Skip<K: Kernel> {
    /// The block whose input it is.
    pub(super) from: usize,
    pub(super) join: Join<K>,
}

/// How two become one.
#[derive(Debug)]
pub(super) enum Join<K: Kernel> {
    /// Side by side through a projection, `[2 * dim, dim]`.
    Concat(Linear<K>),
    /// As a sum.
    Add,
}

impl<K: Kernel> Skip<K> {
    /// Joins the rows `kept` to `h`; both `[rows, dim]`.
    pub(super) fn join(
        &self,
        kernel: K,
        dim: usize,
        kept: &[f32],
        h: &mut [f32],
        s: &mut RowScratch<K::Element>,
    ) {
        match &self.join {
            Join::Add => rows::add(kernel.cpu(), h, kept),
            Join::Concat(layer) => {
                let count = h.len() / dim;
                s.operand.grow(kernel.operand_len(count, 2 * dim));
                s.row.grow(2 * dim);
                for (row, (h, kept)) in h.chunks_exact(dim).zip(kept.chunks_exact(dim)).enumerate()
                {
                    s.row[..dim].copy_from_slice(h);
                    s.row[dim..2 * dim].copy_from_slice(kept);
                    kernel.store_row(&mut s.operand, 2 * dim, row, 0, &s.row[..2 * dim]);
                }
                let operand = kernel.dense(&s.operand, count, 2 * dim);
                layer.write(operand, &mut s.products, h);
            }
        }
    }
}
