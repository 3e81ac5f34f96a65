//! The network as a velocity field: what stays the same between two steps is computed once per sample,
//! and steps work in memory that is there already.

use std::sync::{Mutex, PoisonError};

use burn::tensor::{Tensor, TensorData};
use f5_kernels::{Buffer, F32, Kernel, Shelf, block, rows, share};
use rayon::prelude::*;

use super::{
    CpuDit,
    attention::HeadScratch,
    block::{Place, Rotary, RowScratch, normalise},
    input::{ConvScratch, GROUPS},
    modulation::Modulations,
};
use crate::{
    cfm::{Conditioning, Velocity, VelocityField},
    embedding::TextSpan,
    layers::RotaryEmbedding,
};

/// Rows that go from one attention to the next together: their intermediate results fill about half of
/// a second-level cache of two megabytes.
pub(super) const ROWS: usize = 256;

/// A [`CpuDit`] that knows its reference, its text and its length.
#[derive(Debug)]
pub struct CpuField<'a, K: Kernel> {
    pub(super) dit: &'a CpuDit<K>,
    /// Constant part of the input projection: conditional sequences, then unconditional ones,
    /// `[sequences, frames, dim]`.
    constant: Vec<f32>,
    rotary: Rotary,
    modulations: Modulations,
    /// Frames of each sequence that are not padding.
    durations: Vec<usize>,
    /// Frames of each sequence that may be attended to.
    pub(super) keys: Vec<usize>,
    pub(super) frames: usize,
    guided: bool,
    state: Mutex<State<K::Element>>,
    row_scratch: Shelf<RowScratch<K::Element>>,
    conv_scratch: Shelf<ConvScratch<K::Element>>,
    pub(super) attention_scratch: Shelf<HeadScratch<K::Element>>,
    projection_scratch: Shelf<RowScratch<f32>>,
}

/// What a step works on; every number in it is written before it is read.
#[derive(Debug)]
pub(super) struct State<E> {
    /// Residual stream, `[sequences, frames, dim]`.
    h: Buffer<f32>,
    /// Input of the first block, where the network joins it again at the end.
    input: Buffer<f32>,
    /// Position embedding, `[sequences, groups, frames, dim / groups]`.
    position: Buffer<f32>,
    /// For the rows of each task, `[3, heads, rows, dim_head]`.
    pub(super) qkv: Buffer<E>,
    /// `[sequences, heads, frames, dim_head]`
    pub(super) attended: Buffer<E>,
    /// `[sequences, frames, mel_dim]`
    velocity: Vec<f32>,
}

impl<'a, K: Kernel> CpuField<'a, K> {
    /// Encodes reference and text.
    #[must_use]
    pub fn new(dit: &'a CpuDit<K>, conditioning: Conditioning) -> Self {
        let Conditioning {
            cond,
            text,
            durations,
            guided,
            batch_masking,
            times,
        } = conditioning;
        let [batch, frames, mel_dim] = cond.dims();
        let cond = to_host(cond);
        let config = &dit.config;
        let (dim, inner) = (config.dim, config.heads * config.dim_head);
        let copies = if guided { 2 } else { 1 };
        let sequences = batch * copies;

        let mut constant = vec![0.0; sequences * frames * dim];
        for (sequence, out) in constant.chunks_exact_mut((frames * dim).max(1)).enumerate() {
            let (row, dropped) = (sequence % batch, sequence >= batch);
            let span = TextSpan::in_batch(durations[row], frames, batch_masking);
            let text = dit.text_embed.forward(&dit.pool, &text[row], span, dropped);
            let cond = &cond[row * frames * mel_dim..][..frames * mel_dim];
            dit.input_embed
                .constant(&dit.pool, (!dropped).then_some(cond), &text, out);
        }
        let durations = durations.repeat(copies);
        let keys = if batch_masking.hides_keys(config.attn_mask_enabled) {
            durations.clone()
        } else {
            vec![frames; sequences]
        };
        Self {
            dit,
            constant,
            rotary: Rotary::new(frames, config.dim_head),
            modulations: Modulations::new(dit, &times),
            durations,
            keys,
            frames,
            guided,
            state: Mutex::new(State {
                h: Buffer::zeros(sequences * frames * dim),
                input: Buffer::zeros(if dit.long_skip_connection.is_some() {
                    sequences * frames * dim
                } else {
                    0
                }),
                position: Buffer::zeros(sequences * frames * dim),
                qkv: Buffer::zeros(sequences * frames * 3 * inner),
                attended: Buffer::zeros(sequences * frames * inner),
                velocity: vec![0.0; sequences * frames * mel_dim],
            }),
            row_scratch: Shelf::default(),
            conv_scratch: Shelf::default(),
            attention_scratch: Shelf::default(),
            projection_scratch: Shelf::default(),
        }
    }

    /// Rows of one task: an equal share for every thread, so that no thread waits for another.
    pub(super) fn share(&self) -> usize {
        share(self.durations.len() * self.frames, self.dit.pool.threads())
    }

    /// From the noised mel, `[batch, frames, mel_dim]`, to `state.velocity`.
    fn step(
        &self,
        x: &[f32],
        modulations: &Modulations,
        time: usize,
        state: &mut State<K::Element>,
    ) {
        self.enter(x, state);
        for index in 0..=self.dit.transformer_blocks.len() {
            self.between(index, modulations, time, state);
            if index < self.dit.transformer_blocks.len() {
                self.attend(state);
            }
        }
    }

    /// The residual stream before the first block, and the position embedding that is still to be added.
    fn enter(&self, x: &[f32], state: &mut State<K::Element>) {
        let dit = self.dit;
        let (dim, mel_dim, frames) = (dit.config.dim, dit.config.mel_dim, self.frames);
        let layer = &dit.input_embed.moving;
        let float = layer.kernel();
        let block = self.share().min(ROWS);
        let State { h, position, .. } = state;
        let blocks = h
            .par_chunks_mut(block * dim)
            .zip(self.constant.par_chunks(block * dim));
        dit.pool.each(blocks.enumerate(), |(index, (h, constant))| {
            let (first, rows) = (index * block, h.len() / dim);
            self.projection_scratch.with(|s| {
                s.operand.grow(rows * mel_dim);
                for (row, out) in s.operand.chunks_exact_mut(mel_dim).take(rows).enumerate() {
                    // Conditional and unconditional sequences begin with the same noise.
                    let at = (first + row) * mel_dim % x.len();
                    out.copy_from_slice(&x[at..][..mel_dim]);
                }
                let operand = float.dense(&s.operand, rows, mel_dim);
                layer.write(operand, &mut s.products, h);
                rows::add(float.cpu(), h, constant);
            });
        });
        let group = frames * dim / GROUPS;
        let h: &[f32] = h;
        dit.pool.each(
            position.par_chunks_mut(group).enumerate(),
            |(index, out)| {
                let (sequence, group) = (index / GROUPS, index % GROUPS);
                let x = &h[sequence * frames * dim..][..frames * dim];
                let duration = self.durations[sequence];
                self.conv_scratch
                    .with(|s| dit.input_embed.position(group, x, duration, s, out));
            },
        );
    }

    /// The rows between two attentions: the end of the block before `index`, then the beginning of block
    /// `index` or, after the last one, the velocity.
    fn between(
        &self,
        index: usize,
        modulations: &Modulations,
        time: usize,
        state: &mut State<K::Element>,
    ) {
        let dit = self.dit;
        let config = &dit.config;
        let (dim, inner, mel_dim) = (config.dim, config.heads * config.dim_head, config.mel_dim);
        let share = self.share();
        let State {
            h,
            input,
            position,
            qkv,
            attended,
            velocity,
        } = state;
        let (input, position, attended) = (&**input, &**position, &**attended);
        let tasks = h
            .par_chunks_mut(share * dim)
            .zip(qkv.par_chunks_mut(share * 3 * inner))
            .zip(velocity.par_chunks_mut(share * mel_dim));
        dit.pool
            .each(tasks.enumerate(), |(task, ((h, qkv), velocity))| {
                let rows = block(h.len() / dim, ROWS);
                let parts = h
                    .chunks_mut(rows * dim)
                    .zip(velocity.chunks_mut(rows * mel_dim));
                for (part, (h, velocity)) in parts.enumerate() {
                    let offset = part * rows;
                    let first = task * share + offset;
                    self.row_scratch.with(|s| {
                        if let Some(before) = index.checked_sub(1) {
                            let attended = |row, at| self.attended(attended, first + row, at);
                            let modulation = modulations.block(before, time);
                            dit.transformer_blocks[before]
                                .finish(dit.kernel, modulation, attended, h, s);
                        } else {
                            self.add_position(position, first, h);
                        }
                        if let Some(block) = dit.transformer_blocks.get(index) {
                            let place = Place {
                                first,
                                offset,
                                frames: self.frames,
                                rotary: &self.rotary,
                            };
                            block.begin(dit, place, modulations.block(index, time), h, qkv, s);
                        } else {
                            let input = input.get(first * dim..first * dim + h.len());
                            self.leave(h, input, modulations.last(time), velocity, s);
                        }
                    });
                }
            });
        if index == 0 && dit.long_skip_connection.is_some() {
            state.input.copy_from_slice(&state.h);
        }
    }

    fn add_position(&self, position: &[f32], first: usize, h: &mut [f32]) {
        let dim = self.dit.config.dim;
        let width = dim / GROUPS;
        for (row, h) in h.chunks_exact_mut(dim).enumerate() {
            let (sequence, frame) = ((first + row) / self.frames, (first + row) % self.frames);
            for (group, h) in h.chunks_exact_mut(width).enumerate() {
                let at = ((sequence * GROUPS + group) * self.frames + frame) * width;
                rows::add(self.dit.kernel.cpu(), h, &position[at..][..width]);
            }
        }
    }

    /// What the head that begins at input `at` of the output projection has attended to in `row`.
    fn attended<'s>(
        &self,
        attended: &'s [K::Element],
        row: usize,
        at: usize,
    ) -> Option<&'s [K::Element]> {
        let (heads, dim_head) = (self.dit.config.heads, self.dit.config.dim_head);
        let (sequence, frame) = (row / self.frames, row % self.frames);
        let head = sequence * heads + at / dim_head;
        let at = (head * self.frames + frame) * dim_head;
        (frame < self.durations[sequence]).then(|| &attended[at..][..dim_head])
    }

    /// From the last block to the velocity.
    fn leave(
        &self,
        h: &mut [f32],
        input: Option<&[f32]>,
        (scale, shift): (&[f32], &[f32]),
        velocity: &mut [f32],
        s: &mut RowScratch<K::Element>,
    ) {
        let (dit, kernel) = (self.dit, self.dit.kernel);
        let dim = dit.config.dim;
        let count = h.len() / dim;
        if let (Some(skip), Some(input)) = (&dit.long_skip_connection, input) {
            s.operand.grow(kernel.operand_len(count, 2 * dim));
            s.row.grow(2 * dim);
            for (row, (h, input)) in h.chunks_exact(dim).zip(input.chunks_exact(dim)).enumerate() {
                s.row[..dim].copy_from_slice(h);
                s.row[dim..2 * dim].copy_from_slice(input);
                kernel.store_row(&mut s.operand, 2 * dim, row, 0, &s.row[..2 * dim]);
            }
            let operand = kernel.dense(&s.operand, count, 2 * dim);
            skip.write(operand, &mut s.products, h);
        }
        let float = F32(kernel.cpu());
        self.projection_scratch.with(|s| {
            normalise(float, dim, h, scale, shift, s);
            let operand = float.dense(&s.operand, count, dim);
            dit.proj_out.write(operand, &mut s.products, velocity);
        });
    }
}

impl Rotary {
    fn new(frames: usize, dim_head: usize) -> Self {
        let angles = RotaryEmbedding::angles(frames, dim_head);
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

impl<K: Kernel> VelocityField for CpuField<'_, K> {
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity {
        let [batch, frames, mel_dim] = x.dims();
        let unforeseen;
        let (modulations, index) = match self.modulations.index(time) {
            Some(index) => (&self.modulations, index),
            None => {
                unforeseen = Modulations::new(self.dit, &[time]);
                (&unforeseen, 0)
            }
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.step(&to_host(x.clone()), modulations, index, &mut state);
        let rows = batch * frames * mel_dim;
        let tensor = |values: &[f32]| {
            Tensor::from_data(
                TensorData::new(values.to_vec(), [batch, frames, mel_dim]),
                &self.dit.device,
            )
        };
        Velocity {
            conditional: tensor(&state.velocity[..rows]),
            unconditional: self.guided.then(|| tensor(&state.velocity[rows..])),
        }
    }
}

/// The values of a tensor on a CPU device, which is only copied.
fn to_host(x: Tensor<3>) -> Vec<f32> {
    x.into_data().iter::<f32>().collect()
}
