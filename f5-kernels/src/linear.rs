//! A linear layer over packed weights.

use crate::{
    buffer::Buffer,
    gemm::{CACHE_LINE, Kernel, Operand, PANEL, Panels, ROW_TILE},
    packer::Packer,
    rows,
};

/// Outputs that are computed before they are handed on: the rows of a block times this many stay in
/// cache.
const CHUNK: usize = 512;

/// `x W^T + b`, weights packed for a kernel.
#[derive(Debug)]
pub struct Linear<K: Kernel> {
    kernel: K,
    panels: Panels<K::Element>,
    bias: Vec<f32>,
    inputs: usize,
}

impl<K: Kernel> Linear<K> {
    /// Packs `weight`, row-major `[outputs, inputs]`; `bias` may be empty.
    ///
    /// # Panics
    ///
    /// When the numbers of weights, inputs and biases do not belong together.
    #[must_use]
    pub fn new(kernel: K, weight: &[f32], inputs: usize, bias: Vec<f32>) -> Self {
        let mut packer = Packer::new(kernel, inputs, weight.len() / inputs.max(1));
        packer.push(weight);
        packer.finish(bias)
    }

    /// Panels that are filled already.
    pub(crate) fn packed(
        kernel: K,
        panels: Panels<K::Element>,
        inputs: usize,
        bias: Vec<f32>,
    ) -> Self {
        assert!(
            bias.is_empty() || bias.len() == panels.outputs(),
            "one bias for each output"
        );
        Self {
            kernel,
            panels,
            bias,
            inputs,
        }
    }

    /// Width of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Width of the output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.panels.outputs()
    }

    /// Added to the output; the caller does so, together with whatever else happens to it.
    #[must_use]
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// The numbers the weights are kept in, and the instructions for them.
    #[must_use]
    pub fn kernel(&self) -> K {
        self.kernel
    }

    /// Multiplies `a` and calls `finish` with each row, the first output and the outputs from there on,
    /// without bias; some outputs of all rows, then the next ones. Cuts between outputs fall on
    /// multiples of `unit`.
    pub fn apply(
        &self,
        a: Operand<'_, K::Element>,
        unit: usize,
        scratch: &mut Buffer<f32>,
        mut finish: impl FnMut(usize, usize, &mut [f32]),
    ) {
        let outputs = self.outputs();
        let chunk = chunk(outputs, unit);
        let ldc = chunk.min(self.panels.padded_outputs()) + CACHE_LINE;
        let rows = a.rows();
        scratch.grow(rows.next_multiple_of(ROW_TILE) * ldc);
        for first in (0..outputs).step_by(chunk) {
            let count = chunk.min(outputs - first);
            self.kernel
                .product(a, &self.panels, first..first + count, scratch, ldc, false);
            for (row, values) in scratch.chunks_exact_mut(ldc).take(rows).enumerate() {
                finish(row, first, &mut values[..count]);
            }
        }
    }

    /// Multiplies `a` and writes the rows with their bias to `out`, `[rows, outputs]`.
    pub fn write(&self, a: Operand<'_, K::Element>, scratch: &mut Buffer<f32>, out: &mut [f32]) {
        let (cpu, outputs) = (self.kernel.cpu(), self.outputs());
        self.apply(a, 1, scratch, |row, at, values| {
            if let Some(bias) = self.bias.get(at..at + values.len()) {
                rows::add(cpu, values, bias);
            }
            out[row * outputs + at..][..values.len()].copy_from_slice(values);
        });
    }

    /// As [`apply`](Self::apply), of an operand that [`Kernel::store_row`] has written.
    pub fn apply_dense(
        &self,
        operand: &[K::Element],
        rows: usize,
        unit: usize,
        scratch: &mut Buffer<f32>,
        finish: impl FnMut(usize, usize, &mut [f32]),
    ) {
        let a = self.kernel.dense(operand, rows, self.inputs);
        self.apply(a, unit, scratch, finish);
    }
}

/// A multiple of `unit` and of whole panels near [`CHUNK`]; all outputs where there is none.
fn chunk(outputs: usize, unit: usize) -> usize {
    let unit = if unit.is_multiple_of(PANEL) {
        unit
    } else {
        unit * PANEL
    };
    if unit > CHUNK {
        return outputs.next_multiple_of(PANEL);
    }
    CHUNK / unit * unit
}
