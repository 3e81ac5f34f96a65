//! Convolutions of rows as products with sliding windows.

use std::ops::Range;

use f5_kernels::{Buffer, Kernel, Linear, Snake, SnakeScratch, rows, transpose};

/// Values of a tile's input: about half of a second-level cache.
const TILE: usize = 1 << 16;

/// Memory of one task.
#[derive(Debug, Default)]
pub(super) struct Scratch<E> {
    snake: SnakeScratch,
    operand: Buffer<E>,
    products: Buffer<f32>,
}

/// A convolution that keeps the number of rows.
#[derive(Debug)]
pub(super) struct Conv<K: Kernel> {
    linear: Linear<K>,
    taps: usize,
    dilation: usize,
}

impl<K: Kernel> Conv<K> {
    /// Packs `weight`, `[outputs, channels, taps]`; `bias` may be empty.
    pub(super) fn new(
        kernel: K,
        weight: &[f32],
        outputs: usize,
        taps: usize,
        dilation: usize,
        bias: Vec<f32>,
    ) -> Self {
        let inputs = weight.len() / outputs;
        let turned: Vec<f32> = weight
            .chunks_exact(inputs)
            .flat_map(|output| transpose(output, taps))
            .collect();
        Self {
            linear: Linear::new(kernel, &turned, inputs, bias),
            taps,
            dilation,
        }
    }

    /// Channels of a row of the result.
    pub(super) fn outputs(&self) -> usize {
        self.linear.outputs()
    }

    /// Rows that are worth computing at a time, of `positions` for `threads`.
    pub(super) fn tile(&self, positions: usize, threads: usize) -> usize {
        tile(self.linear.inputs() / self.taps, positions, threads)
    }

    /// The rows `rows` of the convolution of `activation(x)`, `[positions, channels]`; `finish` is given
    /// parts of the result and where they begin in it, row-major.
    pub(super) fn forward(
        &self,
        activation: Option<&Snake>,
        x: &[f32],
        rows: Range<usize>,
        scratch: &mut Scratch<K::Element>,
        mut finish: impl FnMut(usize, &[f32]),
    ) {
        let Scratch {
            snake,
            operand,
            products,
        } = scratch;
        let (kernel, dilation) = (self.linear.kernel(), self.dilation);
        let channels = self.linear.inputs() / self.taps;
        let (count, positions) = (rows.len(), x.len() / channels);
        let halo = (self.taps - 1) / 2 * dilation;
        // Rows that a window sees lie side by side: one sequence for each remainder of the dilation.
        let sequence = count.div_ceil(dilation) + self.taps - 1;
        operand.grow(dilation * sequence * channels + kernel.window_slack(channels));
        let place = |row: usize| (row % dilation * sequence + row / dilation) * channels;
        let known = rows.start.saturating_sub(halo)..(rows.end + halo).min(positions);
        let before = known.start + halo - rows.start;
        let after = before + known.len();
        for row in (0..before).chain(after..count + 2 * halo) {
            operand[place(row)..][..channels].fill(K::Element::default());
        }
        let values = match activation {
            Some(activation) => activation.apply(kernel.cpu(), x, known, snake),
            None => &x[known.start * channels..known.end * channels],
        };
        if dilation == 1 {
            kernel.round(values, &mut operand[place(before)..][..values.len()]);
        } else {
            for (row, values) in values.chunks_exact(channels).enumerate() {
                kernel.round(values, &mut operand[place(before + row)..][..channels]);
            }
        }
        for first in 0..dilation.min(count) {
            let data = &operand[first * sequence * channels..];
            let window = kernel.window(data, (count - first).div_ceil(dilation), channels);
            product(&self.linear, window, products, |row, at, values| {
                finish((first + row * dilation) * self.outputs() + at, values);
            });
        }
    }
}

/// A transposed convolution whose result has `rate` rows for each row of the input.
#[derive(Debug)]
pub(super) struct Upsample<K: Kernel> {
    /// For each of these rows an ordinary convolution, and the first row that it sees, from `margin`
    /// before its own.
    phases: Vec<(Linear<K>, usize)>,
    channels: usize,
    margin: usize,
}

impl<K: Kernel> Upsample<K> {
    /// Packs `weight`, `[channels, outputs, taps]`, of which `(taps - rate) / 2` rows hang over at both
    /// ends.
    pub(super) fn new(
        kernel: K,
        weight: &[f32],
        channels: usize,
        taps: usize,
        rate: usize,
        bias: &[f32],
    ) -> Self {
        let (outputs, padding, margin) = (bias.len(), (taps - rate) / 2, taps.div_ceil(rate));
        let phase = |phase: usize| {
            // Taps that meet a row of the input at this phase, the one that meets the earliest row first.
            let met: Vec<usize> = ((phase + padding) % rate..taps).step_by(rate).collect();
            let mut turned = Vec::with_capacity(outputs * met.len() * channels);
            for output in 0..outputs {
                for tap in met.iter().rev() {
                    let channel = |channel| weight[(channel * outputs + output) * taps + tap];
                    turned.extend((0..channels).map(channel));
                }
            }
            let first = (phase + padding) / rate + 1 + margin - met.len();
            let linear = Linear::new(kernel, &turned, met.len() * channels, bias.to_vec());
            (linear, first)
        };
        Self {
            phases: (0..rate).map(phase).collect(),
            channels,
            margin,
        }
    }

    /// Channels of a row of the input.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Values that become of one row.
    pub(super) fn outputs(&self) -> usize {
        self.phases.iter().map(|(linear, _)| linear.outputs()).sum()
    }

    /// Rows that are worth computing at a time, of `positions` for `threads`.
    pub(super) fn tile(&self, positions: usize, threads: usize) -> usize {
        tile(self.channels, positions, threads)
    }

    /// What becomes of the rows `rows` of `x`, `[positions, channels]`.
    pub(super) fn forward(
        &self,
        x: &[f32],
        rows: Range<usize>,
        scratch: &mut Scratch<K::Element>,
        out: &mut [f32],
    ) {
        let Scratch {
            operand, products, ..
        } = scratch;
        let (channels, positions) = (self.channels, x.len() / self.channels);
        let width = self.outputs() / self.phases.len();
        for (phase, (linear, first)) in self.phases.iter().enumerate() {
            let kernel = linear.kernel();
            if phase == 0 {
                let len = (rows.len() + 2 * self.margin) * channels;
                operand.grow(len + kernel.window_slack(channels));
                let known =
                    rows.start.saturating_sub(self.margin)..(rows.end + self.margin).min(positions);
                let before = known.start + self.margin - rows.start;
                let values = &x[known.start * channels..known.end * channels];
                let (start, end) = (before * channels, before * channels + values.len());
                operand[..start].fill(K::Element::default());
                operand[end..len.max(end)].fill(K::Element::default());
                kernel.round(values, &mut operand[start..end]);
            }
            let window = kernel.window(&operand[first * channels..], rows.len(), channels);
            product(linear, window, products, |row, at, values| {
                let start = (row * self.phases.len() + phase) * width + at;
                out[start..][..values.len()].copy_from_slice(values);
            });
        }
    }
}

/// Multiplies, adds the bias, and hands on.
fn product<K: Kernel>(
    linear: &Linear<K>,
    window: f5_kernels::Operand<'_, K::Element>,
    products: &mut Buffer<f32>,
    mut finish: impl FnMut(usize, usize, &[f32]),
) {
    let cpu = linear.kernel().cpu();
    linear.apply(window, 1, products, |row, at, values| {
        if let Some(bias) = linear.bias().get(at..at + values.len()) {
            rows::add(cpu, values, bias);
        }
        finish(row, at, values);
    });
}

fn tile(channels: usize, positions: usize, threads: usize) -> usize {
    (TILE / channels)
        .clamp(48, 2048)
        .min(positions.div_ceil(threads).max(1))
}
