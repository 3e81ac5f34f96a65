//! Products of bf16 numbers, added up in float32.
//!
//! Layouts are those of AMX tiles. An operand is cut into tiles of 16 rows by 32 inputs, each one
//! kilobyte of memory; a panel into pairs of tiles of 32 inputs by 16 outputs, in which two
//! neighbouring inputs of one output stand side by side.

use std::ops::Range;

use super::{Kernel, Operand, PANEL, Panels, Product, Scores, amx, dots, fma, reset};
use crate::{
    isa::{Cpu, vectorize},
    rows::Softmax,
};

/// Inputs of one tile.
pub(super) const K_STEP: usize = 32;
/// Rows of one tile.
pub(super) const TILE_ROWS: usize = 16;
/// Elements of one tile.
pub(super) const TILE: usize = TILE_ROWS * K_STEP;

/// Products of weights and activations that are rounded to bf16.
///
/// With neither AMX nor the dot products of AVX-512, the same numbers are widened and multiplied in
/// float32: as exact, with half the memory of [`F32`](super::F32), and slower.
#[derive(Debug, Clone, Copy)]
pub struct Bf16(pub Cpu);

impl Kernel for Bf16 {
    /// Upper half of a float32.
    type Element = u16;

    fn cpu(&self) -> Cpu {
        self.0
    }

    fn padded(&self, inputs: usize) -> usize {
        inputs.next_multiple_of(K_STEP)
    }

    fn pack_panel(&self, weights: &[f32], inputs: usize, panel: &mut [u16]) {
        self.fill_panel(weights, inputs, panel, round);
    }

    fn repack(&self, rows: &[u16], inputs: usize, outputs: usize, panels: &mut Panels<u16>) {
        let padded = self.padded(inputs);
        reset(panels, padded, outputs);
        let rows = rows[..outputs * inputs].chunks((inputs * PANEL).max(1));
        for (rows, panel) in rows.zip(panels.panels_mut()) {
            self.fill_panel(rows, inputs, panel, |value| value);
        }
    }

    fn repack_transposed(
        &self,
        rows: &[u16],
        inputs: usize,
        outputs: usize,
        panels: &mut Panels<u16>,
    ) {
        let padded = self.padded(inputs);
        reset(panels, padded, outputs);
        vectorize!(self.0.level, _m => for pair in 0..padded / 2 {
            let row = |k: usize| if k < inputs { &rows[k * outputs..][..outputs] } else { &[] };
            let (even, odd) = (row(2 * pair), row(2 * pair + 1));
            for (column, columns) in (0..outputs).step_by(TILE_ROWS).enumerate() {
                let at = column / 2 * padded * PANEL
                    + pair / TILE_ROWS * 2 * TILE
                    + column % 2 * TILE
                    + pair % TILE_ROWS * K_STEP;
                let tile_row = &mut panels.data[at..][..K_STEP];
                let (tile_row, _) = tile_row.as_chunks_mut::<2>();
                let sixteen = |row: &[u16]| {
                    let mut values = [0; TILE_ROWS];
                    match row.get(columns..columns + TILE_ROWS) {
                        Some(row) => values.copy_from_slice(row),
                        None => {
                            let rest = row.get(columns..).unwrap_or(&[]);
                            values[..rest.len()].copy_from_slice(rest);
                        }
                    }
                    values
                };
                for ((out, even), odd) in tile_row.iter_mut().zip(sixteen(even)).zip(sixteen(odd)) {
                    *out = [even, odd];
                }
            }
        });
    }

    fn round(&self, values: &[f32], out: &mut [u16]) {
        vectorize!(self.0.level, _m => for (out, value) in out.iter_mut().zip(values) {
            *out = round(*value);
        });
    }

    fn residue(&self, value: f32) -> f32 {
        value - widen(round(value))
    }

    fn store_row(&self, operand: &mut [u16], inputs: usize, row: usize, at: usize, values: &[f32]) {
        let first = tile_row(self.padded(inputs), row, at);
        vectorize!(self.0.level, _m => for (step, values) in values.chunks(K_STEP).enumerate() {
            let out = &mut operand[first + step * TILE..][..K_STEP];
            if values.len() == K_STEP {
                for (out, value) in out.iter_mut().zip(values) {
                    *out = round(*value);
                }
            } else {
                out.fill(0);
                for (out, value) in out.iter_mut().zip(values) {
                    *out = round(*value);
                }
            }
        });
    }

    #[cfg(target_arch = "x86_64")]
    fn store_weights(&self, softmax: &mut Softmax, scores: Scores<'_>, operand: &mut [u16]) {
        if let Some(dots) = self.0.dots {
            let row_tile = self.padded(scores.keys) * TILE_ROWS;
            return super::softmax::add(dots, softmax, &scores, operand, row_tile);
        }
        super::store_weights(*self, softmax, scores, operand);
    }

    fn place_row(&self, operand: &mut [u16], inputs: usize, row: usize, at: usize, values: &[u16]) {
        let inside = at % K_STEP;
        let first = tile_row(self.padded(inputs), row, at - inside);
        // To the end of the tile, and on from there.
        let head = values.len().min(K_STEP - inside);
        let (first, values) = match inside {
            0 => (first, values),
            _ => {
                operand[first + inside..][..head].copy_from_slice(&values[..head]);
                (first + TILE, &values[head..])
            }
        };
        let (whole, rest) = values.as_chunks::<K_STEP>();
        for (step, values) in whole.iter().enumerate() {
            // A fixed length: one register instead of a call.
            operand[first + step * TILE..][..K_STEP].copy_from_slice(values);
        }
        if !rest.is_empty() {
            let out = &mut operand[first + whole.len() * TILE..][..K_STEP];
            out[..rest.len()].copy_from_slice(rest);
            out[rest.len()..].fill(0);
        }
    }

    fn dense<'a>(&self, data: &'a [u16], rows: usize, inputs: usize) -> Operand<'a, u16> {
        Operand {
            data,
            rows,
            row: K_STEP,
            row_tile: self.padded(inputs) * TILE_ROWS,
            k_step: TILE,
        }
    }

    fn window<'a>(&self, data: &'a [u16], rows: usize, stride: usize) -> Operand<'a, u16> {
        Operand {
            data,
            rows,
            row: stride,
            row_tile: stride * TILE_ROWS,
            k_step: K_STEP,
        }
    }

    fn window_slack(&self, stride: usize) -> usize {
        (super::ROW_TILE - 1) * stride + K_STEP - 1
    }

    fn product(
        &self,
        a: Operand<'_, u16>,
        panels: &Panels<u16>,
        outputs: Range<usize>,
        c: &mut [f32],
        ldc: usize,
        accumulate: bool,
    ) {
        let panels = panels.slice(outputs);
        let p = Product {
            a,
            panels,
            c,
            ldc,
            accumulate,
        };
        match self.0 {
            Cpu { amx: Some(amx), .. } => amx::product(amx, p),
            Cpu {
                dots: Some(dots), ..
            } => dots::product(dots, p),
            _ => widened(self.0, p),
        }
    }
}

impl Bf16 {
    /// One panel, of at most 32 rows `[outputs, inputs]` that `to` turns into bf16.
    #[inline(always)]
    fn fill_panel<T: Copy + Default>(
        &self,
        rows: &[T],
        inputs: usize,
        panel: &mut [u16],
        to: impl Fn(T) -> u16,
    ) {
        vectorize!(self.0.level, _m => for (step, tiles) in panel.chunks_exact_mut(2 * TILE).enumerate() {
            let at = step * K_STEP;
            let present = K_STEP.min(inputs - at);
            for (output, row) in rows.chunks_exact(inputs).enumerate() {
                let tile = &mut tiles[output / TILE_ROWS * TILE..][..TILE];
                let (tile, _) = tile.as_chunks_mut::<2>();
                let mut values = [T::default(); K_STEP];
                match row.get(at..at + K_STEP) {
                    Some(row) => values.copy_from_slice(row),
                    None => values[..present].copy_from_slice(&row[at..]),
                }
                let values = values.map(&to);
                let (pairs, _) = values.as_chunks::<2>();
                for (pair, values) in pairs.iter().enumerate() {
                    tile[pair * TILE_ROWS + output % TILE_ROWS] = *values;
                }
            }
        });
    }
}

impl Product<'_, u16> {
    /// How many steps of inputs and pairs of groups of rows there are.
    ///
    /// # Panics
    ///
    /// When a tile of operand, panels or result is not whole.
    pub(super) fn checked_tiles(&self) -> (usize, usize) {
        let (a, panels) = (&self.a, &self.panels);
        let depth = panels.panel / PANEL;
        let steps = depth / K_STEP;
        let pairs = a.rows.div_ceil(2 * TILE_ROWS);
        if pairs == 0 || steps == 0 {
            return (steps, pairs);
        }
        let last_row = (2 * pairs - 1) * a.row_tile + (TILE_ROWS - 1) * a.row;
        let last = last_row + (steps - 1) * a.k_step + K_STEP;
        assert!(
            last <= a.data.len(),
            "operand of {} elements, {last} are read",
            a.data.len()
        );
        let columns = panels.data.len() / depth;
        let last = (pairs * 2 * TILE_ROWS - 1) * self.ldc + columns;
        assert!(
            last <= self.c.len() && columns <= self.ldc,
            "result of {} elements, {last} are written",
            self.c.len()
        );
        assert!(panels.data.len() == columns * depth && columns.is_multiple_of(PANEL));
        (steps, pairs)
    }
}

/// The scalar twin of the other products: the same rounded numbers, multiplied in float32.
fn widened(cpu: Cpu, p: Product<'_, u16>) {
    let Product {
        a,
        panels,
        c,
        ldc,
        accumulate,
    } = p;
    let depth = panels.panel / PANEL;
    let mut rows = vec![0.0; a.rows * depth];
    for (row, out) in rows.chunks_exact_mut(depth).enumerate() {
        let first = row / TILE_ROWS * a.row_tile + row % TILE_ROWS * a.row;
        for (step, out) in out.chunks_exact_mut(K_STEP).enumerate() {
            for (out, bits) in out
                .iter_mut()
                .zip(&a.data[first + step * a.k_step..][..K_STEP])
            {
                *out = widen(*bits);
            }
        }
    }
    let mut columns = vec![0.0; panels.panel];
    for (index, panel) in panels.iter().enumerate() {
        for (k, out) in columns.chunks_exact_mut(PANEL).enumerate() {
            for (column, out) in out.iter_mut().enumerate() {
                *out = widen(
                    panel[k / K_STEP * 2 * TILE
                        + column / TILE_ROWS * TILE
                        + k % K_STEP / 2 * K_STEP
                        + column % TILE_ROWS * 2
                        + k % 2],
                );
            }
        }
        let a = Operand {
            data: &rows,
            rows: a.rows,
            row: depth,
            row_tile: 0,
            k_step: 0,
        };
        let panels = super::PanelSlice {
            data: &columns,
            panel: panels.panel,
        };
        let c = &mut c[index * PANEL..];
        fma::product(
            cpu.level,
            Product {
                a,
                panels,
                c,
                ldc,
                accumulate,
            },
        );
    }
}

/// Where the values of `row` from input `at` on begin.
fn tile_row(padded: usize, row: usize, at: usize) -> usize {
    debug_assert!(at.is_multiple_of(K_STEP), "{at} is inside a tile");
    (row / TILE_ROWS * padded + at) * TILE_ROWS + row % TILE_ROWS * K_STEP
}

/// The float32 of the same value.
#[inline(always)]
fn widen(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// To the nearest bf16, ties to even; NaN stays NaN.
#[inline(always)]
fn round(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
    (if value.is_nan() { 0x7fc0 } else { rounded }) as u16
}
