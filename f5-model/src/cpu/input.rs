//! Input projection and convolutional position embedding (upstream `InputEmbedding`,
//! `ConvPositionEmbedding`).

use f5_kernels::{
    Buffer, F32, Kernel, Linear, Pool, Shelf,
    rows::{self, Activation},
    share, transpose,
};
use rayon::prelude::*;

use super::{block::RowScratch, field::ROWS};

/// Taps of the position convolution.
const KERNEL_SIZE: usize = 31;
/// Its groups of channels.
pub(super) const GROUPS: usize = 16;
/// Positions that are convolved at a time.
const BLOCK: usize = 256;

/// Joins the noised mel, the reference mel and the text.
#[derive(Debug)]
pub(super) struct InputEmbedding<K: Kernel> {
    /// What follows the noised mel, `[mel_dim, dim]`.
    pub(super) moving: Linear<F32>,
    /// What stays the same while a sample is drawn, `[mel_dim + text_dim, dim]`.
    pub(super) constant: Linear<F32>,
    /// First position convolution.
    pub(super) conv1d_0: GroupedConv<K>,
    /// Second position convolution.
    pub(super) conv1d_2: GroupedConv<K>,
}

/// A convolution whose channels see those of their own group alone, followed by Mish.
///
/// The channels of a group at `31` neighbouring positions are one run of memory, so that the
/// convolution is a product whose rows overlap.
#[derive(Debug)]
pub(super) struct GroupedConv<K: Kernel> {
    groups: Vec<Linear<K>>,
}

/// Memory of one group of one sequence.
#[derive(Debug, Default)]
pub(super) struct ConvScratch<E> {
    first: Buffer<E>,
    second: Buffer<E>,
    row: Buffer<f32>,
    products: Buffer<f32>,
}

impl<K: Kernel> GroupedConv<K> {
    /// From `weight`, `[dim, dim / 16, 31]`, and `bias`, `[dim]`.
    pub(super) fn new(kernel: K, weight: &[f32], bias: Vec<f32>) -> Self {
        let width = bias.len() / GROUPS;
        let inputs = width * KERNEL_SIZE;
        let group = |group: usize| {
            let weight = &weight[group * width * inputs..][..width * inputs];
            let outputs = weight.chunks_exact(inputs);
            let turned: Vec<f32> = outputs
                .flat_map(|output| transpose(output, KERNEL_SIZE))
                .collect();
            Linear::new(
                kernel,
                &turned,
                inputs,
                bias[group * width..][..width].to_vec(),
            )
        };
        Self {
            groups: (0..GROUPS).map(group).collect(),
        }
    }

    /// Mish of the convolution of one group over `frames` positions that begin, after padding, in
    /// `padded`; `finish` gets every position.
    fn apply(
        &self,
        group: usize,
        padded: &[K::Element],
        frames: usize,
        products: &mut Buffer<f32>,
        mut finish: impl FnMut(usize, &[f32]),
    ) {
        let layer = &self.groups[group];
        let (kernel, width) = (layer.kernel(), layer.outputs());
        for first in (0..frames).step_by(BLOCK) {
            let window = kernel.window(&padded[first * width..], BLOCK.min(frames - first), width);
            layer.apply(window, width, products, |row, _, values| {
                rows::activate(kernel.cpu(), values, layer.bias(), Activation::Mish);
                finish(first + row, values);
            });
        }
    }
}

impl<K: Kernel> InputEmbedding<K> {
    /// The position embedding of one group of one sequence: from `x`, `[frames, dim]`, whose frames from
    /// `duration` on are padding, to `out`, `[frames, dim / 16]`.
    pub(super) fn position(
        &self,
        group: usize,
        x: &[f32],
        duration: usize,
        scratch: &mut ConvScratch<K::Element>,
        out: &mut [f32],
    ) {
        let kernel = self.conv1d_0.groups[group].kernel();
        let width = self.conv1d_0.groups[group].outputs();
        let dim = GROUPS * width;
        let frames = x.len() / dim;
        let margin = KERNEL_SIZE / 2 * width;
        let len = frames * width + 2 * margin + kernel.window_slack(width);
        let ConvScratch {
            first,
            second,
            row,
            products,
        } = scratch;
        for buffer in [&mut *first, &mut *second] {
            // Margins and padding are zero; the middle is written below.
            buffer.grow(len);
            buffer.fill(K::Element::default());
        }
        row.grow(width);
        for (frame, x) in x.chunks_exact(dim).take(duration).enumerate() {
            kernel.round(
                &x[group * width..][..width],
                &mut first[margin + frame * width..][..width],
            );
        }
        self.conv1d_0
            .apply(group, first, duration, products, |frame, values| {
                kernel.round(values, &mut second[margin + frame * width..][..width]);
            });
        out[duration * width..].fill(0.0);
        self.conv1d_2
            .apply(group, second, duration, products, |frame, values| {
                out[frame * width..][..width].copy_from_slice(values);
            });
    }
}

impl<K: Kernel> InputEmbedding<K> {
    /// Constant part of the projection of one sequence, `[frames, dim]`; `cond`, `[frames, mel_dim]`, is
    /// absent where the reference is dropped. Frames that `text`, `[positions, text_dim]`, does not reach
    /// are padding.
    pub(super) fn constant(
        &self,
        pool: &Pool,
        cond: Option<&[f32]>,
        text: &[f32],
        out: &mut [f32],
    ) {
        let layer = &self.constant;
        let (mel_dim, inputs, dim) = (self.moving.inputs(), layer.inputs(), layer.outputs());
        let text_dim = inputs - mel_dim;
        let join = |frame: usize, joined: &mut [f32]| {
            let (left, right) = joined.split_at_mut(mel_dim);
            let part = |values: Option<&[f32]>, width: usize, out: &mut [f32]| match values
                .and_then(|values| values.get(frame * width..(frame + 1) * width))
            {
                Some(values) => out.copy_from_slice(values),
                None => out.fill(0.0),
            };
            part(cond, mel_dim, left);
            part(Some(text), text_dim, right);
        };
        let shelf = Shelf::<RowScratch<f32>>::default();
        let block = share(out.len() / dim, pool.threads()).min(ROWS);
        pool.each(
            out.par_chunks_mut(block * dim).enumerate(),
            |(index, out)| {
                let rows = out.len() / dim;
                shelf.with(|s| {
                    s.operand.grow(rows * inputs);
                    for (row, joined) in s.operand.chunks_exact_mut(inputs).take(rows).enumerate() {
                        join(index * block + row, joined);
                    }
                    let operand = layer.kernel().dense(&s.operand, rows, inputs);
                    layer.write(operand, &mut s.products, out);
                });
            },
        );
    }
}
