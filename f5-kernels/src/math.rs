//! Elementary functions without branches or tables, so that loops over them become vector code.

/// Multiplies and adds; in one instruction where the processor has it.
pub(crate) trait MulAdd: Copy {
    fn mul_add(self, a: f32, b: f32, c: f32) -> f32;
}

/// One rounding, one instruction.
#[derive(Clone, Copy)]
pub(crate) struct Fused;

/// Two roundings: without the instruction, `f32::mul_add` is a slow function call.
#[derive(Clone, Copy)]
pub(crate) struct Unfused;

impl MulAdd for Fused {
    #[inline(always)]
    fn mul_add(self, a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl MulAdd for Unfused {
    #[inline(always)]
    fn mul_add(self, a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// `2^x`, relative error below 3e-7; 0 where the result would be subnormal, never infinite.
#[inline(always)]
pub(crate) fn exp2(m: impl MulAdd, x: f32) -> f32 {
    // Adding 1.5 * 2^23 leaves the nearest integer in the lowest bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-126.0, 127.0);
    let rounded = clamped + ROUND;
    let r = clamped - (rounded - ROUND);
    // Minimax polynomial of 2^r on -0.5..=0.5.
    let p = m.mul_add(1.535_336_2e-4, r, 1.339_887_4e-3);
    let p = m.mul_add(p, r, 9.618_437e-3);
    let p = m.mul_add(p, r, 5.550_332_5e-2);
    let p = m.mul_add(p, r, 2.402_264_6e-1);
    let p = m.mul_add(p, r, 6.931_472e-1);
    let p = m.mul_add(p, r, 1.0);
    let scale = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    if x < -126.0 { 0.0 } else { p * scale }
}

/// `e^x`, relative error below 1e-6 in `-87..=88`; see [`exp2`] for the ends.
#[inline(always)]
pub(crate) fn exp(m: impl MulAdd, x: f32) -> f32 {
    exp2(m, x * std::f32::consts::LOG2_E)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid(m: impl MulAdd, x: f32) -> f32 {
    1.0 / (1.0 + exp(m, -x))
}

/// `x * sigmoid(x)`.
#[inline(always)]
pub(crate) fn silu(m: impl MulAdd, x: f32) -> f32 {
    x * sigmoid(m, x)
}

/// GELU in its tanh form: `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, by way of
/// `0.5 (1 + tanh z) = sigmoid(2 z)`.
#[inline(always)]
pub(crate) fn gelu_tanh(m: impl MulAdd, x: f32) -> f32 {
    const TWO_SQRT_2_OVER_PI: f32 = 1.595_769_2;
    let z = x * m.mul_add(x * x, 0.044_715 * TWO_SQRT_2_OVER_PI, TWO_SQRT_2_OVER_PI);
    x * sigmoid(m, z)
}

/// GELU by the error function, which is approximated to 1.5e-7 (Abramowitz and Stegun 7.1.26).
#[inline(always)]
pub(crate) fn gelu_erf(m: impl MulAdd, x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / m.mul_add(0.327_591_1, z, 1.0);
    let p = m.mul_add(1.061_405_4, t, -1.453_152);
    let p = m.mul_add(p, t, 1.421_413_8);
    let p = m.mul_add(p, t, -0.284_496_74);
    let p = m.mul_add(p, t, 0.254_829_6);
    let erf = 1.0 - p * t * exp(m, -z * z);
    0.5 * m.mul_add(x.abs(), erf, x)
}

/// `x * tanh(ln(1 + e^x))`, written without logarithm: with `n = e^x (e^x + 2)` it is
/// `x n / (n + 2)`.
#[inline(always)]
pub(crate) fn mish(m: impl MulAdd, x: f32) -> f32 {
    // From 20 on both are `x` in float32, and `n` stays finite.
    let e = exp(m, x.min(20.0));
    let n = e * (e + 2.0);
    x * n / (n + 2.0)
}

/// Sum in sixteen lanes, the same on every instruction set.
#[inline(always)]
pub(crate) fn sum(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0; 16];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += f(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += f(*value);
    }
    lanes.iter().sum()
}

/// Largest value, or negative infinity.
#[inline(always)]
pub(crate) fn max(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [f32::NEG_INFINITY; 16];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            // Compiles to one instruction; `f32::max` is three for the sake of NaN.
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |a, &b| a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(
        range: std::ops::Range<f32>,
        got: impl Fn(f32) -> f32,
        expected: impl Fn(f64) -> f64,
        relative: bool,
    ) -> f64 {
        let steps = 20_000;
        (0..=steps)
            .map(|i| range.start + (range.end - range.start) * i as f32 / steps as f32)
            .map(|x| {
                let expected = expected(f64::from(x));
                let error = (f64::from(got(x)) - expected).abs();
                if relative {
                    error / expected.abs()
                } else {
                    error
                }
            })
            .fold(0.0, f64::max)
    }

    fn erf(x: f64) -> f64 {
        // Series: exact enough where the tests look.
        let mut term = x;
        let mut sum = x;
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn exponentials_are_accurate_to_the_ends() {
        assert!(worst(-126.0..126.9, |x| exp2(Fused, x), f64::exp2, true) < 3e-7);
        assert!(worst(-20.0..20.0, |x| exp(Fused, x), f64::exp, true) < 1.5e-6);
        assert!(worst(-87.0..88.0, |x| exp(Unfused, x), f64::exp, true) < 6e-6);
        assert_eq!(exp(Fused, -1000.0), 0.0);
        assert!(exp(Fused, 1000.0).is_finite());
    }

    #[test]
    fn activations_are_what_their_names_say() {
        let sigmoid64 = |x: f64| 1.0 / (1.0 + (-x).exp());
        assert!(worst(-30.0..30.0, |x| silu(Fused, x), |x| x * sigmoid64(x), false) < 3e-6);
        let tanh_form = |x: f64| {
            0.5 * x
                * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x)).tanh())
        };
        assert!(worst(-8.0..8.0, |x| gelu_tanh(Fused, x), tanh_form, false) < 2e-6);
        assert!(
            worst(
                -4.0..4.0,
                |x| gelu_erf(Fused, x),
                |x| 0.5 * x * (1.0 + erf(x / 2f64.sqrt())),
                false
            ) < 1e-6
        );
        assert!(
            worst(
                -30.0..30.0,
                |x| mish(Fused, x),
                |x| x * x.exp().ln_1p().tanh(),
                false
            ) < 4e-6
        );
        assert_eq!(mish(Fused, 100.0), 100.0);
    }

    #[test]
    fn sums_and_maxima_take_every_value() {
        let values: Vec<f32> = (0..37).map(|i| i as f32).collect();
        assert_eq!(sum(&values, |x| x), 666.0);
        assert_eq!(max(&values), 36.0);
        assert_eq!(max(&[]), f32::NEG_INFINITY);
        assert_eq!(max(&[-3.0, -2.0]), -2.0);
    }
}
