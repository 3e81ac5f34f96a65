//! The network as a velocity field: what stays the same between two steps is computed once per sample,
//! and steps work in memory that is there already.

use std::sync::{Mutex, PoisonError};

use burn::tensor::{Tensor, TensorData};
use f5_kernels::{Buffer, F32, Kernel, Shelf, block, rows, share};
use rayon::prelude::*;

use super::{
    CpuTransformer,
    attention::HeadScratch,
    block::{Block, Norm, Place, Rotary, RowScratch, normalise},
    input::{ConvScratch, GROUPS},
    modulation::Modulations,
};
use crate::{
    cfm::{BatchMasking, Conditioning, Velocity, VelocityField},
    embedding::TextSpan,
};

/// Rows that go from one attention to the next together: their intermediate results fill about half of
/// a second-level cache of two megabytes.
pub(super) const ROWS: usize = 256;

/// A [`CpuTransformer`] that knows its reference, its text and its length.
#[derive(Debug)]
pub struct CpuField<'a, K: Kernel> {
    pub(super) network: &'a CpuTransformer<K>,
    /// Constant part of the input projection: conditional sequences, then unconditional ones,
    /// `[sequences, positions, dim]`.
    constant: Vec<f32>,
    rotary: Rotary,
    modulations: Modulations,
    /// Frames of each sequence that the position convolution hears.
    heard: Vec<usize>,
    /// Positions of each sequence that are not padding.
    lengths: Vec<usize>,
    /// Positions of each sequence that may be attended to.
    pub(super) keys: Vec<usize>,
    frames: usize,
    /// The frames, and what stands before them.
    pub(super) positions: usize,
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
    /// Residual stream, `[sequences, positions, dim]`.
    h: Buffer<f32>,
    /// The same as it was before each block, where it comes back.
    kept: Vec<Buffer<f32>>,
    /// Position embedding, `[sequences, groups, frames, dim / groups]`.
    position: Buffer<f32>,
    /// For the rows of each task, `[3, heads, rows, dim_head]`.
    pub(super) qkv: Buffer<E>,
    /// `[sequences, heads, positions, dim_head]`
    pub(super) attended: Buffer<E>,
    /// `[sequences, positions, mel_dim]`
    velocity: Vec<f32>,
}

impl<'a, K: Kernel> CpuField<'a, K> {
    /// Encodes reference and text.
    #[must_use]
    pub fn new(network: &'a CpuTransformer<K>, conditioning: Conditioning) -> Self {
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
        let shape = network.shape;
        let (dim, inner, lead) = (shape.dim, shape.heads * shape.dim_head, shape.lead);
        let copies = if guided { 2 } else { 1 };
        let (sequences, positions) = (batch * copies, lead + frames);
        let padding_is_heard = shape.hears_padding && batch_masking == BatchMasking::Upstream;

        let mut constant = vec![0.0; sequences * positions * dim];
        for (sequence, out) in constant
            .chunks_exact_mut((positions * dim).max(1))
            .enumerate()
        {
            let (row, dropped) = (sequence % batch, sequence >= batch);
            let span = match padding_is_heard {
                true => TextSpan::single(frames),
                false => TextSpan::in_batch(durations[row], frames, batch_masking),
            };
            let text = network
                .text_embed
                .forward(&network.pool, &text[row], span, dropped);
            let cond = &cond[row * frames * mel_dim..][..frames * mel_dim];
            let cond = (!dropped).then_some(cond);
            let out = &mut out[lead * dim..];
            network
                .input_embed
                .constant(&network.pool, cond, &text, out);
        }
        let durations = durations.repeat(copies);
        let lengths: Vec<usize> = durations.iter().map(|frames| lead + frames).collect();
        let keys = if batch_masking.hides_keys(shape.attn_mask_enabled) {
            lengths.clone()
        } else {
            vec![positions; sequences]
        };
        let mut kept = Vec::new();
        kept.resize_with(network.skips.len(), Buffer::default);
        for skip in network.skips.iter().flatten() {
            kept[skip.from] = Buffer::zeros(sequences * positions * dim);
        }
        Self {
            network,
            constant,
            rotary: Rotary::new(positions, shape.dim_head),
            modulations: Modulations::new(network, &times),
            heard: match padding_is_heard {
                true => vec![frames; sequences],
                false => durations,
            },
            lengths,
            keys,
            frames,
            positions,
            guided,
            state: Mutex::new(State {
                h: Buffer::zeros(sequences * positions * dim),
                kept,
                position: Buffer::zeros(sequences * frames * dim),
                qkv: Buffer::zeros(sequences * positions * 3 * inner),
                attended: Buffer::zeros(sequences * positions * inner),
                velocity: vec![0.0; sequences * positions * mel_dim],
            }),
            row_scratch: Shelf::default(),
            conv_scratch: Shelf::default(),
            attention_scratch: Shelf::default(),
            projection_scratch: Shelf::default(),
        }
    }

    /// Rows of one task: an equal share for every thread, so that no thread waits for another.
    pub(super) fn share(&self) -> usize {
        let rows = self.lengths.len() * self.positions;
        share(rows, self.network.pool.threads())
    }

    /// From the noised mel, `[batch, frames, mel_dim]`, to `state.velocity`.
    fn step(
        &self,
        x: &[f32],
        modulations: &Modulations,
        time: usize,
        state: &mut State<K::Element>,
    ) {
        self.enter(x, modulations.lead(time), state);
        for index in 0..=self.network.blocks.len() {
            self.between(index, modulations, time, state);
            if index < self.network.blocks.len() {
                self.attend(state);
            }
        }
    }

    /// The residual stream before the first block, and the position embedding that is still to be added.
    fn enter(&self, x: &[f32], lead: &[f32], state: &mut State<K::Element>) {
        let network = self.network;
        let (dim, mel_dim, frames) = (network.shape.dim, network.shape.mel_dim, self.frames);
        let layer = &network.input_embed.moving;
        let float = layer.kernel();
        let block = self.share().min(ROWS);
        let State { h, position, .. } = state;
        let blocks = h
            .par_chunks_mut(block * dim)
            .zip(self.constant.par_chunks(block * dim));
        network
            .pool
            .each(blocks.enumerate(), |(index, (h, constant))| {
                let (first, rows) = (index * block, h.len() / dim);
                self.projection_scratch.with(|s| {
                    s.operand.grow(rows * mel_dim);
                    for (row, out) in s.operand.chunks_exact_mut(mel_dim).take(rows).enumerate() {
                        match self.frame(first + row) {
                            // Conditional and unconditional sequences begin with the same noise.
                            (sequence, Some(frame)) => {
                                let at = (sequence * frames + frame) * mel_dim % x.len();
                                out.copy_from_slice(&x[at..][..mel_dim]);
                            }
                            (_, None) => out.fill(0.0),
                        }
                    }
                    let operand = float.dense(&s.operand, rows, mel_dim);
                    layer.write(operand, &mut s.products, h);
                    rows::add(float.cpu(), h, constant);
                });
                for (row, h) in h.chunks_exact_mut(dim).enumerate() {
                    if let (_, None) = self.frame(first + row) {
                        h.copy_from_slice(lead);
                    }
                }
            });
        let group = frames * dim / GROUPS;
        let h: &[f32] = h;
        network.pool.each(
            position.par_chunks_mut(group).enumerate(),
            |(index, out)| {
                let (sequence, group) = (index / GROUPS, index % GROUPS);
                let x = &h[sequence * self.positions * dim + lead.len()..][..frames * dim];
                let heard = self.heard[sequence];
                self.conv_scratch
                    .with(|s| network.input_embed.position(group, x, heard, s, out));
            },
        );
    }

    /// The sequence of a row, and its frame if it is one.
    fn frame(&self, row: usize) -> (usize, Option<usize>) {
        let (sequence, position) = (row / self.positions, row % self.positions);
        (sequence, position.checked_sub(self.network.shape.lead))
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
        let network = self.network;
        let shape = network.shape;
        let (dim, inner, mel_dim) = (shape.dim, shape.heads * shape.dim_head, shape.mel_dim);
        let share = self.share();
        let State {
            h,
            kept,
            position,
            qkv,
            attended,
            velocity,
        } = state;
        let (position, attended) = (&**position, &**attended);
        let skip = network.skips[index].as_ref();
        let skip = skip.map(|skip| (skip, &*kept[skip.from]));
        let branches = |index| {
            let block: &Block<K> = network.blocks.get(index)?;
            Some((block, modulations.branches(block, index, time)))
        };
        let (before, next) = (index.checked_sub(1).and_then(branches), branches(index));
        let tasks = h
            .par_chunks_mut(share * dim)
            .zip(qkv.par_chunks_mut(share * 3 * inner))
            .zip(velocity.par_chunks_mut(share * mel_dim));
        network
            .pool
            .each(tasks.enumerate(), |(task, ((h, qkv), velocity))| {
                let rows = block(h.len() / dim, ROWS);
                let parts = h
                    .chunks_mut(rows * dim)
                    .zip(velocity.chunks_mut(rows * mel_dim));
                for (part, (h, velocity)) in parts.enumerate() {
                    let offset = part * rows;
                    let first = task * share + offset;
                    self.row_scratch.with(|s| {
                        match before {
                            None => self.add_position(position, first, h),
                            Some((block, branches)) => {
                                let attended = |row, at| self.attended(attended, first + row, at);
                                block.finish(network.kernel, branches, attended, h, s);
                            }
                        }
                        if let Some((skip, kept)) = skip {
                            let kept = &kept[first * dim..][..h.len()];
                            skip.join(network.kernel, dim, kept, h, s);
                        }
                        match next {
                            None => {
                                self.leave(h, modulations.last(&network.norm_out, time), velocity)
                            }
                            Some((block, [attn, _])) => {
                                let place = Place {
                                    first,
                                    offset,
                                    positions: self.positions,
                                    rotary: &self.rotary,
                                };
                                block.begin(network, place, attn.norm, h, qkv, s);
                            }
                        }
                    });
                }
            });
        let kept = &mut *state.kept[index];
        if !kept.is_empty() {
            let parts = kept.par_chunks_mut(share * dim);
            let parts = parts.zip(state.h.par_chunks(share * dim));
            network
                .pool
                .each(parts, |(kept, h)| kept.copy_from_slice(h));
        }
    }

    fn add_position(&self, position: &[f32], first: usize, h: &mut [f32]) {
        let dim = self.network.shape.dim;
        let width = dim / GROUPS;
        for (row, h) in h.chunks_exact_mut(dim).enumerate() {
            let (sequence, Some(frame)) = self.frame(first + row) else {
                continue;
            };
            for (group, h) in h.chunks_exact_mut(width).enumerate() {
                let at = ((sequence * GROUPS + group) * self.frames + frame) * width;
                rows::add(self.network.kernel.cpu(), h, &position[at..][..width]);
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
        let (heads, dim_head) = (self.network.shape.heads, self.network.shape.dim_head);
        let (sequence, position) = (row / self.positions, row % self.positions);
        let head = sequence * heads + at / dim_head;
        let at = (head * self.positions + position) * dim_head;
        (position < self.lengths[sequence]).then(|| &attended[at..][..dim_head])
    }

    /// From the last block to the velocity.
    fn leave(&self, h: &[f32], norm: Norm<'_>, velocity: &mut [f32]) {
        let network = self.network;
        let (dim, float) = (network.shape.dim, F32(network.kernel.cpu()));
        self.projection_scratch.with(|s| {
            normalise(float, dim, h, norm, s);
            let operand = float.dense(&s.operand, h.len() / dim, dim);
            network.proj_out.write(operand, &mut s.products, velocity);
        });
    }
}

impl<K: Kernel> VelocityField for CpuField<'_, K> {
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity {
        let [batch, frames, mel_dim] = x.dims();
        let unforeseen;
        let (modulations, index) = match self.modulations.index(time) {
            Some(index) => (&self.modulations, index),
            None => {
                unforeseen = Modulations::new(self.network, &[time]);
                (&unforeseen, 0)
            }
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.step(&to_host(x.clone()), modulations, index, &mut state);
        let rows = batch * self.positions * mel_dim;
        let lead = self.network.shape.lead * mel_dim;
        let tensor = |sequences: &[f32]| {
            let sequences = sequences.chunks_exact(self.positions * mel_dim);
            let frames_of = sequences.flat_map(|sequence| &sequence[lead..]).copied();
            let data = TensorData::new(frames_of.collect(), [batch, frames, mel_dim]);
            Tensor::from_data(data, &self.network.device)
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
