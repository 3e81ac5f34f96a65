//! Matrix products with the bf16 dot products of AVX-512, for processors that have them and no tiles.
//!
//! Operands, panels and results lie as for [`amx`](super::amx): a row of a weight tile is 16 outputs with
//! two inputs each, which is what one instruction takes.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "vector loads and stores take pointers")
)]
#![cfg_attr(
    not(target_arch = "x86_64"),
    expect(unused, reason = "never constructed elsewhere")
)]

use super::Product;

/// Proof that this processor has AVX-512 with BF16.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dots {
    /// Whether they do more than float32 products in the same time.
    pub(crate) pay: bool,
}

#[cfg(not(target_arch = "x86_64"))]
mod imp {
    use super::{Dots, Product};

    impl Dots {
        pub(crate) fn try_new() -> Option<Self> {
            None
        }
    }

    pub(crate) fn product(_: Dots, _: Product<'_, u16>) {}
}

#[cfg(target_arch = "x86_64")]
mod imp {
    use std::arch::x86_64::*;

    use super::{Dots, Product};
    use crate::gemm::{
        PANEL,
        bf16::{K_STEP, TILE, TILE_ROWS},
    };

    /// Rows of accumulators: two vectors each, and half a tile.
    const ROWS: usize = 8;
    /// Steps of a panel that all rows pass by before the next ones: half a first-level cache.
    const STEPS: usize = 8;

    impl Dots {
        /// Asks the processor.
        pub(crate) fn try_new() -> Option<Self> {
            let has = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bf16");
            has.then(|| Self { pay: is_amd() })
        }
    }

    /// AMD's processors (Zen 4 and later) do a dot product in the time of a multiplication, which is twice
    /// the work; Intel's take more than twice the time.
    fn is_amd() -> bool {
        let id = __cpuid(0);
        [id.ebx, id.edx, id.ecx]
            .map(u32::to_le_bytes)
            .as_flattened()
            == b"AuthenticAMD"
    }

    pub(crate) fn product(_: Dots, p: Product<'_, u16>) {
        let (steps, _) = p.checked_tiles();
        let Product {
            a,
            panels,
            c,
            ldc,
            accumulate,
        } = p;
        for (index, panel) in panels.iter().enumerate() {
            for from in (0..steps).step_by(STEPS) {
                for row in (0..a.rows).step_by(ROWS) {
                    let first = row / TILE_ROWS * a.row_tile + row % TILE_ROWS * a.row;
                    // SAFETY: `Dots` is only made where the instructions exist; `checked_tiles` covers the
                    // last row, step and column of whole tiles, and blocks of rows end where tiles do.
                    unsafe {
                        block(
                            a.data.as_ptr().add(first + from * a.k_step),
                            [a.row, a.k_step],
                            panel.as_ptr().add(from * 2 * TILE),
                            STEPS.min(steps - from),
                            c.as_mut_ptr().add(row * ldc + index * PANEL),
                            ldc,
                            accumulate || from > 0,
                        );
                    }
                }
            }
        }
    }

    /// [`ROWS`] rows by one panel.
    ///
    /// # Safety
    ///
    /// `a` points to [`ROWS`] rows, `a_strides[0]` elements from row to row and `a_strides[1]` from step to
    /// step; `b` to `steps` pairs of tiles; `c` to as many rows of 32 floats, `ldc` from row to row.
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn block(
        a: *const u16,
        a_strides: [usize; 2],
        b: *const u16,
        steps: usize,
        c: *mut f32,
        ldc: usize,
        accumulate: bool,
    ) {
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
        // SAFETY: the caller's promise for every pointer; loads and stores ask for no alignment, and the
        // types of a register are all 512 plain bits.
        unsafe {
            if accumulate {
                for (row, sums) in sums.iter_mut().enumerate() {
                    let c = c.add(row * ldc);
                    *sums = [_mm512_loadu_ps(c), _mm512_loadu_ps(c.add(TILE_ROWS))];
                }
            }
            for step in 0..steps {
                let a = a.add(step * a_strides[1]);
                for pair in 0..K_STEP / 2 {
                    let b = b.add(step * 2 * TILE + pair * K_STEP);
                    let weights = |b: *const u16| {
                        std::mem::transmute::<__m512i, __m512bh>(_mm512_loadu_si512(b.cast()))
                    };
                    let (left, right) = (weights(b), weights(b.add(TILE)));
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let a = a.add(row * a_strides[0] + 2 * pair);
                        let both = _mm512_set1_epi32(a.cast::<i32>().read_unaligned());
                        let both = std::mem::transmute::<__m512i, __m512bh>(both);
                        sums[0] = _mm512_dpbf16_ps(sums[0], both, left);
                        sums[1] = _mm512_dpbf16_ps(sums[1], both, right);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                let c = c.add(row * ldc);
                _mm512_storeu_ps(c, sums[0]);
                _mm512_storeu_ps(c.add(TILE_ROWS), sums[1]);
            }
        }
    }

    const _: () = assert!(TILE_ROWS.is_multiple_of(ROWS) && PANEL == 2 * TILE_ROWS);
}

pub(crate) use imp::product;
