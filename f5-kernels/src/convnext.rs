//! One-dimensional ConvNeXt blocks: of Vocos ([ConvNeXt](https://arxiv.org/abs/2201.03545), version 1)
//! and of the text encoder ([version 2](https://arxiv.org/abs/2301.00808)).

use rayon::prelude::*;

use crate::{
    buffer::Buffer,
    gemm::Kernel,
    linear::Linear,
    pool::{Pool, Shelf, share},
    rows::{self, Activation},
};

const EPSILON: f32 = 1e-6;

/// How a block weighs its channels.
#[derive(Debug, Clone)]
pub enum ChannelScale {
    /// A factor for each channel of the result (version 1).
    Layer(Vec<f32>),
    /// Global response normalisation of the inner channels (version 2).
    Response {
        /// Factor of the normalised value.
        gamma: Vec<f32>,
        /// Added to it.
        beta: Vec<f32>,
    },
}

/// Depthwise convolution over 7 positions, LayerNorm, two linear layers around GELU, residual.
#[derive(Debug)]
pub struct ConvNext<K: Kernel> {
    /// Taps of the convolution, `[7, dim]`.
    pub taps: Vec<f32>,
    /// Bias of the convolution, `[dim]`.
    pub tap_bias: Vec<f32>,
    /// Weight of the norm, `[dim]`.
    pub norm_weight: Vec<f32>,
    /// Bias of the norm, `[dim]`.
    pub norm_bias: Vec<f32>,
    /// Widens, `[inner, dim]`.
    pub pwconv1: Linear<K>,
    /// Narrows, `[dim, inner]`.
    pub pwconv2: Linear<K>,
    /// Weighs channels.
    pub scale: ChannelScale,
}

/// Memory of one task.
#[derive(Debug, Default)]
struct Scratch<E> {
    row: Buffer<f32>,
    operand: Buffer<E>,
    products: Buffer<f32>,
}

impl<K: Kernel> ConvNext<K> {
    /// Applies the block to `x`, `[positions, dim]`.
    pub fn forward(&self, pool: &Pool, x: &mut [f32]) {
        let (dim, inner) = (self.pwconv1.inputs(), self.pwconv1.outputs());
        let positions = x.len() / dim;
        let block = share(positions, pool.threads()).max(1);
        let shelf = Shelf::<Scratch<K::Element>>::default();
        let mut hidden = vec![0.0; positions * inner];
        let read: &[f32] = x;
        pool.each(
            hidden.par_chunks_mut(block * inner).enumerate(),
            |(index, hidden)| {
                shelf.with(|s| self.widen(read, index * block, hidden, s));
            },
        );
        let response = self.response(pool, &hidden, inner);
        pool.each(
            x.par_chunks_mut(block * dim)
                .zip(hidden.par_chunks_mut(block * inner)),
            |(x, hidden)| {
                shelf.with(|s| self.narrow(hidden, response.as_deref(), x, s));
            },
        );
    }

    /// Inner channels of the positions from `first` on.
    fn widen(&self, x: &[f32], first: usize, hidden: &mut [f32], s: &mut Scratch<K::Element>) {
        let (dim, inner) = (self.pwconv1.inputs(), self.pwconv1.outputs());
        let (kernel, cpu) = (self.pwconv1.kernel(), self.pwconv1.kernel().cpu());
        let neighbour = |position: usize, tap: usize| {
            let at = (position + tap).checked_sub(3)?;
            x.get(at * dim..(at + 1) * dim)
        };
        let count = hidden.len() / inner;
        s.row.grow(2 * dim);
        s.operand.grow(kernel.operand_len(count, dim));
        for row in 0..count {
            let (convolved, normed) = s.row[..2 * dim].split_at_mut(dim);
            let rows = std::array::from_fn(|tap| neighbour(first + row, tap));
            rows::depthwise7(cpu, rows, &self.taps, &self.tap_bias, convolved);
            rows::layer_norm(
                cpu,
                convolved,
                EPSILON,
                &self.norm_weight,
                &self.norm_bias,
                normed,
            );
            kernel.store_row(&mut s.operand, dim, row, 0, normed);
        }
        self.pwconv1
            .apply_dense(&s.operand, count, 1, &mut s.products, |row, at, values| {
                let bias = &self.pwconv1.bias()[at..][..values.len()];
                rows::activate(cpu, values, bias, Activation::GeluErf);
                hidden[row * inner + at..][..values.len()].copy_from_slice(values);
            });
    }

    /// The factor of each inner channel: its energy over all positions relative to the mean of all
    /// channels, times gamma, plus one for the residual of the normalisation.
    fn response(&self, pool: &Pool, hidden: &[f32], inner: usize) -> Option<Vec<f32>> {
        let ChannelScale::Response { gamma, .. } = &self.scale else {
            return None;
        };
        // In runs of a fixed length, added up in order: the sum does not depend on the threads.
        const RUN: usize = 64;
        let squares = |rows: &[f32]| {
            let mut energy = vec![0.0; inner];
            for row in rows.chunks_exact(inner) {
                for (energy, x) in energy.iter_mut().zip(row) {
                    *energy += x * x;
                }
            }
            energy
        };
        let runs = hidden.par_chunks(RUN * inner);
        let partial: Vec<Vec<f32>> = pool.run(|| runs.map(squares).collect());
        let mut energy = vec![0.0; inner];
        for partial in partial {
            for (energy, partial) in energy.iter_mut().zip(partial) {
                *energy += partial;
            }
        }
        for energy in &mut energy {
            *energy = energy.sqrt();
        }
        let mean = energy.iter().sum::<f32>() / inner as f32 + EPSILON;
        let factors = energy.iter().zip(gamma);
        Some(
            factors
                .map(|(energy, gamma)| gamma * (energy / mean) + 1.0)
                .collect(),
        )
    }

    /// Adds the narrowed result to `x`.
    fn narrow(
        &self,
        hidden: &mut [f32],
        response: Option<&[f32]>,
        x: &mut [f32],
        s: &mut Scratch<K::Element>,
    ) {
        let (inner, dim) = (self.pwconv2.inputs(), self.pwconv2.outputs());
        let (kernel, cpu) = (self.pwconv2.kernel(), self.pwconv2.kernel().cpu());
        let count = x.len() / dim;
        s.operand.grow(kernel.operand_len(count, inner));
        for (row, hidden) in hidden.chunks_exact_mut(inner).enumerate() {
            if let (Some(response), ChannelScale::Response { beta, .. }) = (response, &self.scale) {
                rows::affine(cpu, hidden, response, beta);
            }
            kernel.store_row(&mut s.operand, inner, row, 0, hidden);
        }
        self.pwconv2
            .apply_dense(&s.operand, count, 1, &mut s.products, |row, at, values| {
                let bias = &self.pwconv2.bias()[at..][..values.len()];
                let x = &mut x[row * dim + at..][..values.len()];
                match &self.scale {
                    ChannelScale::Layer(gamma) => {
                        rows::add_gated(cpu, x, values, bias, &gamma[at..][..values.len()]);
                    }
                    ChannelScale::Response { .. } => {
                        rows::add(cpu, values, bias);
                        rows::add(cpu, x, values);
                    }
                }
            });
    }
}
