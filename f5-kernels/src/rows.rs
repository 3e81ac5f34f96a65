//! What happens to a row of float32 numbers between two products.

use crate::{
    gemm::ROW_TILE,
    isa::{Cpu, vectorize},
    math::{self, MulAdd},
};

/// What a neuron answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// GELU, tanh form.
    GeluTanh,
    /// GELU by the error function.
    GeluErf,
    /// `x * sigmoid(x)`.
    Silu,
    /// `x * tanh(ln(1 + e^x))`.
    Mish,
}

/// `(row - mean) / sqrt(variance + epsilon) * weight + bias`.
pub fn layer_norm(
    cpu: Cpu,
    row: &[f32],
    epsilon: f32,
    weight: &[f32],
    bias: &[f32],
    out: &mut [f32],
) {
    vectorize!(cpu.level, m => {
        let n = row.len() as f32;
        let mean = math::sum(row, |x| x) / n;
        let variance = math::sum(row, |x| (x - mean) * (x - mean)) / n;
        let factor = 1.0 / (variance + epsilon).sqrt();
        for (((out, x), weight), bias) in out.iter_mut().zip(row).zip(weight).zip(bias) {
            *out = m.mul_add((x - mean) * factor, *weight, *bias);
        }
    });
}

/// `x / sqrt(mean of squares + epsilon) * weight`.
pub fn rms_norm(cpu: Cpu, row: &mut [f32], epsilon: f32, weight: &[f32]) {
    vectorize!(cpu.level, _m => {
        let mean = math::sum(row, |x| x * x) / row.len() as f32;
        let factor = 1.0 / (mean + epsilon).sqrt();
        for (x, weight) in row.iter_mut().zip(weight) {
            *x *= factor * weight;
        }
    });
}

/// `row + bias`.
pub fn add(cpu: Cpu, row: &mut [f32], bias: &[f32]) {
    vectorize!(cpu.level, _m => for (x, bias) in row.iter_mut().zip(bias) {
        *x += bias;
    });
}

/// `row * weight + bias`.
pub fn affine(cpu: Cpu, row: &mut [f32], weight: &[f32], bias: &[f32]) {
    vectorize!(cpu.level, m => for ((x, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
        *x = m.mul_add(*x, *weight, *bias);
    });
}

/// The activation of `row + bias`.
pub fn activate(cpu: Cpu, row: &mut [f32], bias: &[f32], activation: Activation) {
    let pairs = row.iter_mut().zip(bias);
    match activation {
        Activation::GeluTanh => {
            vectorize!(cpu.level, m => for (x, bias) in pairs { *x = math::gelu_tanh(m, *x + bias) })
        }
        Activation::GeluErf => {
            vectorize!(cpu.level, m => for (x, bias) in pairs { *x = math::gelu_erf(m, *x + bias) })
        }
        Activation::Silu => {
            vectorize!(cpu.level, m => for (x, bias) in pairs { *x = math::silu(m, *x + bias) })
        }
        Activation::Mish => {
            vectorize!(cpu.level, m => for (x, bias) in pairs { *x = math::mish(m, *x + bias) })
        }
    }
}

/// `row += (branch + bias) * gate`.
pub fn add_gated(cpu: Cpu, row: &mut [f32], branch: &[f32], bias: &[f32], gate: &[f32]) {
    vectorize!(cpu.level, m => {
        for (((x, branch), bias), gate) in row.iter_mut().zip(branch).zip(bias).zip(gate) {
            *x = m.mul_add(branch + bias, *gate, *x);
        }
    });
}

/// Turns the pairs of every head in `row` by the angles of its position: `cos` and `sin` hold each value
/// twice, once for either element of a pair.
pub fn rotate(cpu: Cpu, row: &mut [f32], cos: &[f32], sin: &[f32]) {
    vectorize!(cpu.level, m => for head in row.chunks_exact_mut(cos.len()) {
        for ((pair, cos), sin) in head.as_chunks_mut::<2>().0.iter_mut().zip(cos.as_chunks::<2>().0).zip(sin.as_chunks::<2>().0) {
            let [even, odd] = *pair;
            *pair = [
                m.mul_add(even, cos[0], -odd * sin[0]),
                m.mul_add(odd, cos[1], even * sin[1]),
            ];
        }
    });
}

/// Depthwise convolution of 7 taps at one position: `rows` are the 7 neighbours `[7, channels]`, `None`
/// beyond the ends; `taps` is `[7, channels]`.
pub fn depthwise7(
    cpu: Cpu,
    rows: [Option<&[f32]>; 7],
    taps: &[f32],
    bias: &[f32],
    out: &mut [f32],
) {
    out.copy_from_slice(bias);
    for (row, taps) in rows.iter().zip(taps.chunks_exact(bias.len())) {
        if let Some(row) = row {
            vectorize!(cpu.level, m => for ((out, x), tap) in out.iter_mut().zip(*row).zip(taps) {
                *out = m.mul_add(*x, *tap, *out);
            });
        }
    }
}

/// Running softmax of the queries of one row tile: how far the scores of the keys seen so far have come.
#[derive(Debug, Clone, Copy)]
pub struct Softmax {
    pub(crate) max: [f32; ROW_TILE],
    pub(crate) sum: [f32; ROW_TILE],
    /// What results for the keys before the last ones have to be multiplied with.
    pub(crate) factor: [f32; ROW_TILE],
}

impl Softmax {
    /// No keys seen yet.
    pub const NEW: Self = Self {
        max: [f32::NEG_INFINITY; ROW_TILE],
        sum: [0.0; ROW_TILE],
        factor: [0.0; ROW_TILE],
    };

    /// Turns the `scores` of query `row` (times `scale`, for base 2) into weights relative to the largest
    /// score so far.
    pub fn add(&mut self, cpu: Cpu, row: usize, scores: &mut [f32], scale: f32) {
        vectorize!(cpu.level, m => {
            let max = (math::max(scores) * scale).max(self.max[row]);
            let factor = math::exp2(m, self.max[row] - max);
            let (chunks, rest) = scores.as_chunks_mut::<16>();
            let mut lanes = [0.0f32; 16];
            for chunk in chunks {
                for (lane, score) in lanes.iter_mut().zip(chunk) {
                    *score = math::exp2(m, m.mul_add(*score, scale, -max));
                    *lane += *score;
                }
            }
            for (lane, score) in lanes.iter_mut().zip(rest) {
                *score = math::exp2(m, m.mul_add(*score, scale, -max));
                *lane += *score;
            }
            self.max[row] = max;
            self.factor[row] = factor;
            self.sum[row] = m.mul_add(self.sum[row], factor, lanes.iter().sum());
        });
    }

    /// Multiplies what each query has summed up, `[queries, width]`, with its factor.
    pub fn rescale(&self, cpu: Cpu, sums: &mut [f32], width: usize) {
        if self.factor.iter().all(|&factor| factor == 1.0) {
            return;
        }
        vectorize!(cpu.level, _m => for (sums, factor) in sums.chunks_exact_mut(width).zip(&self.factor) {
            for x in sums {
                *x *= factor;
            }
        });
    }

    /// What the weighted sum of query `row` has to be multiplied with in the end.
    #[must_use]
    pub fn normaliser(&self, row: usize) -> f32 {
        1.0 / self.sum[row]
    }
}

/// `row * factor`.
pub(crate) fn scale(cpu: Cpu, row: &mut [f32], factor: f32) {
    vectorize!(cpu.level, _m => for x in row.iter_mut() {
        *x *= factor;
    });
}
