//! Float32 products: twelve rows by two vectors of accumulators, from rows as they lie and packed
//! panels.

use std::ops::Range;

use pulp::Simd;

use super::{Kernel, Operand, PANEL, Panels, Product, reset};
use crate::isa::{Cpu, Level};

/// Rows of accumulators where registers are plenty (AVX-512, NEON).
const MANY_ROWS: usize = 12;
/// Rows of accumulators for sixteen registers.
const FEW_ROWS: usize = 6;

/// Inputs of a panel that are used at a time: 32 kilobytes, which stay in the first-level cache while
/// all rows pass by.
const DEPTH: usize = 192;

/// Products in float32.
#[derive(Debug, Clone, Copy)]
pub struct F32(pub Cpu);

impl Kernel for F32 {
    type Element = f32;

    fn cpu(&self) -> Cpu {
        self.0
    }

    fn padded(&self, inputs: usize) -> usize {
        inputs
    }

    fn pack_panel(&self, weights: &[f32], inputs: usize, panel: &mut [f32]) {
        /// Inputs that are turned at a time, in the first-level cache.
        const BLOCK: usize = 16;
        for (block, out) in panel.chunks_mut(BLOCK * PANEL).enumerate() {
            let mut turned = [0.0; BLOCK * PANEL];
            let count = out.len() / PANEL;
            for (output, row) in weights.chunks_exact(inputs).enumerate() {
                let row = &row[block * BLOCK..][..count];
                for (x, turned) in row.iter().zip(turned.chunks_exact_mut(PANEL)) {
                    turned[output] = *x;
                }
            }
            out.copy_from_slice(&turned[..out.len()]);
        }
    }

    fn repack(&self, rows: &[f32], inputs: usize, outputs: usize, panels: &mut Panels<f32>) {
        reset(panels, inputs, outputs);
        let rows = rows[..outputs * inputs].chunks((inputs * PANEL).max(1));
        for (rows, panel) in rows.zip(panels.panels_mut()) {
            self.pack_panel(rows, inputs, panel);
        }
    }

    fn repack_transposed(
        &self,
        rows: &[f32],
        inputs: usize,
        outputs: usize,
        panels: &mut Panels<f32>,
    ) {
        reset(panels, inputs, outputs);
        for (input, row) in rows.chunks_exact(outputs).take(inputs).enumerate() {
            for (panel, values) in row.chunks(PANEL).enumerate() {
                panels.data[(panel * inputs + input) * PANEL..][..values.len()]
                    .copy_from_slice(values);
            }
        }
    }

    fn round(&self, values: &[f32], out: &mut [f32]) {
        out.copy_from_slice(values);
    }

    fn residue(&self, _value: f32) -> f32 {
        0.0
    }

    fn store_row(&self, operand: &mut [f32], inputs: usize, row: usize, at: usize, values: &[f32]) {
        operand[row * inputs + at..][..values.len()].copy_from_slice(values);
    }

    fn place_row(&self, operand: &mut [f32], inputs: usize, row: usize, at: usize, values: &[f32]) {
        self.store_row(operand, inputs, row, at, values);
    }

    fn dense<'a>(&self, data: &'a [f32], rows: usize, inputs: usize) -> Operand<'a, f32> {
        self.window(data, rows, inputs)
    }

    fn window<'a>(&self, data: &'a [f32], rows: usize, stride: usize) -> Operand<'a, f32> {
        Operand {
            data,
            rows,
            row: stride,
            row_tile: 0,
            k_step: 0,
        }
    }

    fn window_slack(&self, _stride: usize) -> usize {
        0
    }

    fn product(
        &self,
        a: Operand<'_, f32>,
        panels: &Panels<f32>,
        outputs: Range<usize>,
        c: &mut [f32],
        ldc: usize,
        accumulate: bool,
    ) {
        let panels = panels.slice(outputs);
        product(
            self.0.level,
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

/// `c = a * panels` or `c += a * panels`: see [`Product`].
pub(crate) fn product(level: Level, p: Product<'_, f32>) {
    match level {
        // Eight lanes in two registers each: what the compiler makes of them is its own choice.
        Level::Portable => p.run::<_, FEW_ROWS>(pulp::Scalar256b),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(simd) => Simd::vectorize(simd, Tall::<FEW_ROWS>(p)),
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(simd) => Simd::vectorize(simd, Tall::<MANY_ROWS>(p)),
        #[cfg(target_arch = "aarch64")]
        Level::Neon(simd) => Simd::vectorize(simd, Tall::<MANY_ROWS>(p)),
    }
}

struct Tall<'a, const ROWS: usize>(Product<'a, f32>);

impl<const ROWS: usize> pulp::WithSimd for Tall<'_, ROWS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run::<S, ROWS>(simd);
    }
}

impl Product<'_, f32> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize>(self, simd: S) {
        let Self {
            a,
            panels,
            c,
            ldc,
            accumulate,
        } = self;
        for (panel, columns) in panels.iter().enumerate() {
            for (block, columns) in columns.chunks(DEPTH * PANEL).enumerate() {
                let (from, accumulate) = (block * DEPTH, accumulate || block > 0);
                let mut row = 0;
                while row < a.rows {
                    let c = &mut c[row * ldc + panel * PANEL..];
                    let rows = a.rows - row;
                    if rows >= ROWS {
                        tile::<S, ROWS>(simd, a.f32_rows(row, from), columns, c, ldc, accumulate);
                        row += ROWS;
                    } else if rows >= 4 {
                        tile::<S, 4>(simd, a.f32_rows(row, from), columns, c, ldc, accumulate);
                        row += 4;
                    } else {
                        tile::<S, 1>(simd, a.f32_rows(row, from), columns, c, ldc, accumulate);
                        row += 1;
                    }
                }
            }
        }
    }
}

/// `ROWS` rows by one panel, two vectors of it at a time.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize>(
    simd: S,
    rows: [&[f32]; ROWS],
    panel: &[f32],
    c: &mut [f32],
    ldc: usize,
    accumulate: bool,
) {
    let lanes = S::F32_LANES;
    let depth = panel.len() / PANEL;
    let rows = rows.map(|row| &row[..depth]);
    for first in (0..PANEL).step_by(2 * lanes) {
        let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
        if accumulate {
            for (row, sums) in sums.iter_mut().enumerate() {
                let c = S::as_simd_f32s(&c[row * ldc + first..][..2 * lanes]).0;
                *sums = [c[0], c[1]];
            }
        }
        for (k, columns) in panel.chunks_exact(PANEL).enumerate() {
            let columns = S::as_simd_f32s(&columns[first..][..2 * lanes]).0;
            let (left, right) = (columns[0], columns[1]);
            for (row, sums) in rows.iter().zip(&mut sums) {
                let x = simd.splat_f32s(row[k]);
                sums[0] = simd.mul_add_e_f32s(x, left, sums[0]);
                sums[1] = simd.mul_add_e_f32s(x, right, sums[1]);
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let c = S::as_mut_simd_f32s(&mut c[row * ldc + first..][..2 * lanes]).0;
            (c[0], c[1]) = (sums[0], sums[1]);
        }
    }
}
