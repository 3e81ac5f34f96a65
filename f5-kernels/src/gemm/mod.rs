//! Products of activations with packed weights.
//!
//! Weights `[outputs, inputs]` are packed once, into [`Panels`] of 32 outputs each. Activations are an
//! [`Operand`]: rows written by [`Kernel::store_row`], or a window sliding over a sequence, which makes
//! a product out of a convolution. [`Kernel::product`] multiplies some rows with some panels into
//! float32; what happens to the result (bias, activation, rotation, gate) is up to the caller, who has
//! it in cache.
//!
//! Two kernels implement [`Kernel`]: [`F32`], and [`Bf16`], which keeps weights and activations in
//! bf16 and adds up in float32, on AMX tiles or with AVX-512's dot products where there are any.

mod amx;
mod bf16;
mod dots;
mod fma;
mod softmax;

use std::{fmt::Debug, ops::Range};

use bytemuck::Pod;

pub(crate) use amx::Amx;
pub use bf16::Bf16;
pub(crate) use dots::Dots;
pub use fma::F32;

use crate::{buffer::Buffer, isa::Cpu, rows::Softmax};

/// Outputs of one panel.
pub const PANEL: usize = 32;
/// Operands and results of [`Kernel::product`] hold a multiple of this many rows.
pub const ROW_TILE: usize = 32;
/// Float32 numbers of a cache line. Results have one more of them in a row than they need: with a power
/// of two, all rows of a tile would fall into a few sets of the first-level cache and push each other
/// out.
pub(crate) const CACHE_LINE: usize = 16;

/// Weights in panels of 32 outputs, each panel one run of memory: the part of a matrix product that
/// stays in cache while rows pass by.
#[derive(Debug, Default)]
pub struct Panels<E> {
    data: Buffer<E>,
    inputs: usize,
    outputs: usize,
}

impl<E: Pod> Panels<E> {
    /// Empty panels for `outputs` outputs of `inputs` inputs each (the kernel's padded number).
    pub(crate) fn zeros(inputs: usize, outputs: usize) -> Self {
        Self {
            data: Buffer::zeros(inputs * outputs.next_multiple_of(PANEL)),
            inputs,
            outputs,
        }
    }

    /// Number of outputs; the last panel is filled up with zeros.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Outputs including those that fill up the last panel.
    #[must_use]
    pub fn padded_outputs(&self) -> usize {
        self.outputs.next_multiple_of(PANEL)
    }

    /// The panel of the outputs from `32 * index` on.
    pub(crate) fn panel_mut(&mut self, index: usize) -> &mut [E] {
        let panel = self.inputs * PANEL;
        &mut self.data[index * panel..][..panel]
    }

    /// Panels in the order of their outputs.
    fn panels_mut(&mut self) -> impl Iterator<Item = &mut [E]> {
        self.data.chunks_exact_mut((self.inputs * PANEL).max(1))
    }

    /// Bytes of memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val::<[E]>(&self.data)
    }

    /// The panels of these outputs, which begin and end on panels.
    fn slice(&self, outputs: Range<usize>) -> PanelSlice<'_, E> {
        let panel = self.inputs * PANEL;
        PanelSlice {
            data: &self.data[outputs.start / PANEL * panel..outputs.end.div_ceil(PANEL) * panel],
            panel,
        }
    }
}

/// Some panels of a [`Panels`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct PanelSlice<'a, E> {
    data: &'a [E],
    panel: usize,
}

impl<'a, E> PanelSlice<'a, E> {
    fn iter(&self) -> impl Iterator<Item = &'a [E]> + use<'a, E> {
        self.data.chunks_exact(self.panel.max(1))
    }
}

/// Rows of activations; how they lie in memory is the kernel's business.
#[derive(Debug, Clone, Copy)]
pub struct Operand<'a, E> {
    data: &'a [E],
    rows: usize,
    /// From one row to the next.
    row: usize,
    /// From one group of 16 rows to the next (bf16).
    row_tile: usize,
    /// From 32 inputs to the next 32 (bf16).
    k_step: usize,
}

impl<E> Operand<'_, E> {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }
}

impl<'a> Operand<'a, f32> {
    #[inline(always)]
    fn f32_rows<const ROWS: usize>(&self, first: usize, from: usize) -> [&'a [f32]; ROWS] {
        std::array::from_fn(|row| &self.data[(first + row) * self.row + from..])
    }
}

/// One call of a product.
#[derive(Debug)]
pub(crate) struct Product<'a, E> {
    pub(crate) a: Operand<'a, E>,
    pub(crate) panels: PanelSlice<'a, E>,
    pub(crate) c: &'a mut [f32],
    pub(crate) ldc: usize,
    pub(crate) accumulate: bool,
}

/// How much the queries of a row tile like some keys.
#[derive(Debug)]
pub struct Scores<'a> {
    /// Row-major, `[queries, stride]`; overwritten.
    pub data: &'a mut [f32],
    /// From one row to the next.
    pub stride: usize,
    /// Number of rows, at most [`ROW_TILE`].
    pub queries: usize,
    /// How many of each row count.
    pub keys: usize,
    /// Makes exponents of base 2 out of scores.
    pub scale: f32,
}

/// A number format and the instructions for it.
pub trait Kernel: Copy + Debug + Send + Sync + 'static {
    /// What operands and panels are made of.
    type Element: Pod + Default + Debug + Send + Sync;

    /// The processor this kernel was made for.
    fn cpu(&self) -> Cpu;

    /// `inputs` as operands and panels pad them.
    fn padded(&self, inputs: usize) -> usize;

    /// Packs at most 32 rows of `weights`, row-major `[outputs, inputs]`, into a panel that was zero.
    fn pack_panel(&self, weights: &[f32], inputs: usize, panel: &mut [Self::Element]);

    /// Packs rows that are in the kernel's format already, `[outputs, inputs]`, into panels that are
    /// reused; rows after the first `outputs` are left out.
    fn repack(
        &self,
        rows: &[Self::Element],
        inputs: usize,
        outputs: usize,
        panels: &mut Panels<Self::Element>,
    );

    /// As [`repack`](Self::repack), from rows `[inputs, outputs]`; rows after the first `inputs` are left
    /// out.
    fn repack_transposed(
        &self,
        rows: &[Self::Element],
        inputs: usize,
        outputs: usize,
        panels: &mut Panels<Self::Element>,
    );

    /// Rounds to the kernel's format.
    fn round(&self, values: &[f32], out: &mut [Self::Element]);

    /// What rounding takes away from `value`.
    fn residue(&self, value: f32) -> f32;

    /// Elements of an operand of `rows` rows: rows are padded to [`ROW_TILE`], inputs to
    /// [`padded`](Self::padded).
    fn operand_len(&self, rows: usize, inputs: usize) -> usize {
        rows.next_multiple_of(ROW_TILE) * self.padded(inputs)
    }

    /// Writes a row of an operand, or a part of it that begins at input `at`, a multiple of 32.
    fn store_row(
        &self,
        operand: &mut [Self::Element],
        inputs: usize,
        row: usize,
        at: usize,
        values: &[f32],
    );

    /// Turns the scores of a row tile into weights as [`Softmax::add`] does, and stores them as an operand
    /// of as many inputs as there are keys.
    fn store_weights(
        &self,
        softmax: &mut Softmax,
        scores: Scores<'_>,
        operand: &mut [Self::Element],
    ) {
        store_weights(*self, softmax, scores, operand);
    }

    /// As [`store_row`](Self::store_row), of values in the kernel's format and from any `at`; the parts of a
    /// row are placed in order.
    fn place_row(
        &self,
        operand: &mut [Self::Element],
        inputs: usize,
        row: usize,
        at: usize,
        values: &[Self::Element],
    );

    /// The operand that [`store_row`](Self::store_row) has written.
    fn dense<'a>(
        &self,
        data: &'a [Self::Element],
        rows: usize,
        inputs: usize,
    ) -> Operand<'a, Self::Element>;

    /// A window of `inputs` elements that moves on by `stride` elements from row to row; `data` goes on
    /// for [`window_slack`](Self::window_slack) elements after the last window.
    fn window<'a>(
        &self,
        data: &'a [Self::Element],
        rows: usize,
        stride: usize,
    ) -> Operand<'a, Self::Element>;

    /// Elements that are read after the last window of a sequence, whatever they are.
    fn window_slack(&self, stride: usize) -> usize;

    /// `c = a * panels` for the outputs in `outputs` (whole panels), or `c += a * panels`.
    ///
    /// `c` is row-major with `ldc` from one row to the next, and holds the rows of `a` rounded up to
    /// [`ROW_TILE`]: those after the last are overwritten with something.
    fn product(
        &self,
        a: Operand<'_, Self::Element>,
        panels: &Panels<Self::Element>,
        outputs: Range<usize>,
        c: &mut [f32],
        ldc: usize,
        accumulate: bool,
    );
}

/// [`Kernel::store_weights`] of a kernel without instructions of its own for it.
fn store_weights<K: Kernel>(
    kernel: K,
    softmax: &mut Softmax,
    scores: Scores<'_>,
    operand: &mut [K::Element],
) {
    let rows = scores.data.chunks_exact_mut(scores.stride);
    for (row, values) in rows.take(scores.queries).enumerate() {
        let values = &mut values[..scores.keys];
        softmax.add(kernel.cpu(), row, values, scores.scale);
        kernel.store_row(operand, scores.keys, row, 0, values);
    }
}

/// Panels for another matrix in the same memory; the fill of the last panel is zero again.
fn reset<E: Pod>(panels: &mut Panels<E>, inputs: usize, outputs: usize) {
    let len = inputs * outputs.next_multiple_of(PANEL);
    panels.data.grow(len);
    (panels.inputs, panels.outputs) = (inputs, outputs);
    if !outputs.is_multiple_of(PANEL) {
        panels.data[len - inputs * PANEL..len].fill(E::zeroed());
    }
}
