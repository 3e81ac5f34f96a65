//! Weights of the keys of one block, straight into the tiles that the next product reads: the innermost
//! loop of attention, written for AVX-512 where it is used most.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "masked loads and stores take pointers")]

use std::arch::x86_64::*;

use super::Amx;
use crate::rows::Softmax;

/// Keys of one tile row.
const STEP: usize = 32;

/// As [`Softmax::add`], but writes the weights as bf16: 32 of them every `stride` elements of `tiles`,
/// the last ones filled up with weights that are next to nothing.
pub(super) fn add(
    _: Amx,
    softmax: &mut Softmax,
    scores: &[f32],
    scale: f32,
    tiles: &mut [u16],
    stride: usize,
) -> f32 {
    assert!(scores.is_empty() || (scores.len() - 1) / STEP * stride + STEP <= tiles.len());
    // SAFETY: `Amx` is only made where AVX-512 with BF16 exists; the assertion covers the last row.
    unsafe { add_avx512(softmax, scores, scale, tiles, stride) }
}

/// The first `left` of sixteen lanes.
fn lanes(left: usize) -> __mmask16 {
    (1u32 << left.min(16)).wrapping_sub(1) as __mmask16
}

/// # Safety
///
/// `tiles` holds a row of [`STEP`] elements at every multiple of `stride` that `scores` reach.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn add_avx512(
    softmax: &mut Softmax,
    scores: &[f32],
    scale: f32,
    tiles: &mut [u16],
    stride: usize,
) -> f32 {
    let nothing = _mm512_set1_ps(f32::NEG_INFINITY);
    let load = |at: usize| {
        // SAFETY: lanes beyond the end of `scores` are masked off and not read.
        unsafe {
            let mask = lanes(scores.len().saturating_sub(at));
            _mm512_mask_loadu_ps(nothing, mask, scores.as_ptr().wrapping_add(at))
        }
    };
    let mut largest = [nothing; 2];
    for at in (0..scores.len()).step_by(STEP) {
        largest[0] = _mm512_max_ps(largest[0], load(at));
        largest[1] = _mm512_max_ps(largest[1], load(at + 16));
    }
    let largest = _mm512_reduce_max_ps(_mm512_max_ps(largest[0], largest[1]));
    let max = (largest * scale).max(softmax.max);

    let (factor_of, less) = (_mm512_set1_ps(scale), _mm512_set1_ps(-max));
    let mut sums = [_mm512_setzero_ps(); 2];
    for (step, at) in (0..scores.len()).step_by(STEP).enumerate() {
        let low = exp2(_mm512_fmadd_ps(load(at), factor_of, less));
        let high = exp2(_mm512_fmadd_ps(load(at + 16), factor_of, less));
        sums[0] = _mm512_add_ps(sums[0], low);
        sums[1] = _mm512_add_ps(sums[1], high);
        let rounded = _mm512_cvtne2ps_pbh(high, low);
        // SAFETY: the caller's promise; both types are 512 plain bits.
        unsafe {
            let rounded = std::mem::transmute::<__m512bh, __m512i>(rounded);
            _mm512_storeu_si512(tiles.as_mut_ptr().add(step * stride).cast(), rounded);
        }
    }
    let factor = if softmax.max == max {
        1.0
    } else {
        (softmax.max - max).exp2()
    };
    softmax.max = max;
    softmax.sum = softmax.sum * factor + _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1]));
    factor
}

/// `2^x` for `x` up to 0; 1e-38 where it would be less. See [`crate::math::exp2`] for the polynomial,
/// which has one term less here: bf16 keeps a hundredth of its accuracy.
#[inline]
#[target_feature(enable = "avx512f")]
fn exp2(x: __m512) -> __m512 {
    let x = _mm512_max_ps(x, _mm512_set1_ps(-126.0));
    let whole = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x);
    let r = _mm512_sub_ps(x, whole);
    let p = _mm512_set1_ps(1.339_887_4e-3);
    let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.618_437e-3));
    let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.550_332_5e-2));
    let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.402_264_7e-1));
    let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.931_472e-1));
    let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0));
    _mm512_scalef_ps(p, whole)
}
