//! Weights of the keys of one block, straight into the tiles that the next product reads: the innermost
//! loop of attention, written for AVX-512 where it is used most.
//!
//! First the largest score of every query, then all weights: the steps of one query wait for each
//! other, those of different queries do not.
#![cfg(target_arch = "x86_64")]
#![expect(unsafe_code, reason = "masked loads and stores take pointers")]

use std::arch::x86_64::*;

use super::{
    Dots, ROW_TILE, Scores,
    bf16::{K_STEP, TILE, TILE_ROWS},
};
use crate::rows::Softmax;

/// As [`Softmax::add`] for every query, but writes the weights as bf16 into tiles of 16 queries by 32
/// keys, groups of 16 queries `row_tile` elements apart; weights that fill up the last tile are 0.
pub(super) fn add(
    _: Dots,
    softmax: &mut Softmax,
    scores: &Scores<'_>,
    tiles: &mut [u16],
    row_tile: usize,
) {
    let Some(last) = scores.queries.checked_sub(1) else {
        return;
    };
    let read = last * scores.stride + scores.keys;
    assert!(scores.queries <= ROW_TILE && read <= scores.data.len());
    let written = last / TILE_ROWS * row_tile + scores.keys.div_ceil(K_STEP) * TILE;
    assert!(written <= tiles.len());
    // SAFETY: `Dots` is only made where AVX-512 with BF16 exists; the assertions cover the last row
    // and the last tile.
    unsafe { add_avx512(softmax, scores, tiles, row_tile) }
}

/// # Safety
///
/// `scores` holds `queries` rows of `keys`, at most [`ROW_TILE`]; `tiles` a row of [`K_STEP`] elements for
/// each query and each step of keys.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn add_avx512(
    softmax: &mut Softmax,
    scores: &Scores<'_>,
    tiles: &mut [u16],
    row_tile: usize,
) {
    let nothing = _mm512_set1_ps(f32::NEG_INFINITY);
    let (whole, rest) = (scores.keys / K_STEP, scores.keys % K_STEP);
    let masks = [lanes(rest), lanes(rest.saturating_sub(TILE_ROWS))];
    // SAFETY: callers stay below `queries` and `keys`; lanes beyond the keys are masked off and not read.
    let load = |row: usize, at: usize, half: usize| unsafe {
        let from = scores
            .data
            .as_ptr()
            .wrapping_add(row * scores.stride + at + half * 16);
        if at < whole * K_STEP {
            _mm512_loadu_ps(from)
        } else {
            _mm512_mask_loadu_ps(nothing, masks[half], from)
        }
    };

    let mut largest = [f32::NEG_INFINITY; ROW_TILE];
    for (row, out) in largest.iter_mut().enumerate().take(scores.queries) {
        let mut both = [nothing; 2];
        for at in (0..scores.keys).step_by(K_STEP) {
            both[0] = _mm512_max_ps(both[0], load(row, at, 0));
            both[1] = _mm512_max_ps(both[1], load(row, at, 1));
        }
        *out = _mm512_reduce_max_ps(_mm512_max_ps(both[0], both[1]));
    }
    let scale = _mm512_set1_ps(scores.scale);
    let (seen, _) = softmax.max.as_chunks_mut::<16>();
    let (factors, _) = softmax.factor.as_chunks_mut::<16>();
    let (largest, _) = largest.as_chunks_mut::<16>();
    for ((seen, factors), largest) in seen.iter_mut().zip(factors).zip(largest) {
        // SAFETY: each array is the size of a register.
        unsafe {
            let before = _mm512_loadu_ps(seen.as_ptr());
            let after = _mm512_max_ps(
                _mm512_mul_ps(_mm512_loadu_ps(largest.as_ptr()), scale),
                before,
            );
            let same = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(before, after);
            let factor = _mm512_mask_mov_ps(
                exp2(_mm512_sub_ps(before, after)),
                same,
                _mm512_set1_ps(1.0),
            );
            _mm512_storeu_ps(seen.as_mut_ptr(), after);
            _mm512_storeu_ps(factors.as_mut_ptr(), factor);
        }
    }

    for row in 0..scores.queries {
        let less = _mm512_set1_ps(-softmax.max[row]);
        let mut sums = [_mm512_setzero_ps(); 2];
        let out = tiles
            .as_mut_ptr()
            .wrapping_add(row / TILE_ROWS * row_tile + row % TILE_ROWS * K_STEP);
        for (step, at) in (0..scores.keys).step_by(K_STEP).enumerate() {
            let low = exp2(_mm512_fmadd_ps(load(row, at, 0), scale, less));
            let high = exp2(_mm512_fmadd_ps(load(row, at, 1), scale, less));
            sums[0] = _mm512_add_ps(sums[0], low);
            sums[1] = _mm512_add_ps(sums[1], high);
            let rounded = _mm512_cvtne2ps_pbh(high, low);
            // SAFETY: the caller's promise; both types are 512 plain bits.
            unsafe {
                let rounded = std::mem::transmute::<__m512bh, __m512i>(rounded);
                _mm512_storeu_si512(out.add(step * TILE).cast(), rounded);
            }
        }
        let sum = _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1]));
        softmax.sum[row] = softmax.sum[row] * softmax.factor[row] + sum;
    }
}

/// The first `left` of sixteen lanes.
fn lanes(left: usize) -> __mmask16 {
    (1u32 << left.min(16)).wrapping_sub(1) as __mmask16
}

/// `2^x` for `x` up to 0, relative error below 7.6e-5: a thirtieth of what rounding to bf16 adds.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn exp2(x: __m512) -> __m512 {
    // What is left above the next lower integer; `scalef` takes the integer out of `x` itself.
    let r = _mm512_reduce_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(x);
    let p = _mm512_set1_ps(P3);
    let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(P2));
    let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(P1));
    let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(P0));
    _mm512_scalef_ps(p, x)
}

/// Minimax polynomial of `2^r` on `0..1`.
const P0: f32 = 0.999_925_2;
const P1: f32 = 0.695_833_5;
const P2: f32 = 0.226_067_14;
const P3: f32 = 0.078_024_55;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomial_is_the_power_of_two_it_stands_for() {
        for step in 0..=10_000 {
            let r = f64::from(step) / 10_000.0;
            let p = [P2, P1, P0]
                .iter()
                .fold(f64::from(P3), |p, &next| p * r + f64::from(next));
            assert!((p / r.exp2() - 1.0).abs() < 7.6e-5, "{r}: {p}");
        }
    }
}
