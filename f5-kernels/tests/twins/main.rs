//! Every kernel against the definition, computed in float64 from the numbers that the kernel was given, on
//! every instruction set that this processor has; and against itself with other cuts of the work.

mod blocks;

use f5_kernels::{
    AttentionScratch, Bf16, Buffer, Cpu, F32, Head, Isa, Kernel, Linear, Panels, ROW_TILE, attend,
};
use proptest::prelude::*;

/// Numbers between -1 and 1 that look random.
fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(747_796_405).wrapping_add(1);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// The instruction sets of this processor, the portable one first.
fn cpus() -> Vec<Cpu> {
    let cpus = Isa::ALL.map(|isa| (isa, Cpu::up_to(isa)));
    cpus.into_iter()
        .filter(|(isa, cpu)| *isa == cpu.isa())
        .map(|(_, cpu)| cpu)
        .collect()
}

/// Runs `check` for every kernel: a name, and the relative error it may make.
fn each_kernel(mut check: impl FnMut(&dyn Fn(&str) -> String, AnyKernel)) {
    for cpu in cpus() {
        let named = |kind: &str| format!("{kind} {}", cpu.isa());
        check(&named, AnyKernel::F32(F32(cpu)));
        check(&named, AnyKernel::Bf16(Bf16(cpu)));
    }
}

enum AnyKernel {
    F32(F32),
    Bf16(Bf16),
}

/// `x` as the kernel keeps it.
fn kept<K: Kernel>(kernel: K, x: &[f32]) -> Vec<f64> {
    x.iter()
        .map(|&x| f64::from(x) - f64::from(kernel.residue(x)))
        .collect()
}

fn operand<K: Kernel>(kernel: K, x: &[f32], inputs: usize) -> Buffer<K::Element> {
    let rows = x.len() / inputs;
    let mut operand = Buffer::zeros(kernel.operand_len(rows, inputs));
    for (row, x) in x.chunks_exact(inputs).enumerate() {
        kernel.store_row(&mut operand, inputs, row, 0, x);
    }
    operand
}

/// Products of rows with weights, by definition.
fn products(x: &[f64], stride: usize, rows: usize, weights: &[f64], inputs: usize) -> Vec<f64> {
    (0..rows)
        .flat_map(|row| {
            weights.chunks_exact(inputs).map(move |weights| {
                let x = &x[row * stride..][..inputs];
                x.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>()
            })
        })
        .collect()
}

fn assert_close(what: &str, got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(*got) - expected).abs();
        assert!(
            error <= tolerance,
            "{what}[{index}]: {got}, expected {expected}"
        );
    }
}

/// A layer applied to `x`, `[rows, inputs]`.
fn apply<K: Kernel>(kernel: K, x: &[f32], weights: &[f32], inputs: usize) -> Vec<f32> {
    let layer = Linear::new(kernel, weights, inputs, Vec::new());
    let (rows, outputs) = (x.len() / inputs, layer.outputs());
    let mut out = vec![f32::NAN; rows * outputs];
    let operand = operand(kernel, x, inputs);
    layer.apply_dense(
        &operand,
        rows,
        1,
        &mut Buffer::default(),
        |row, at, values| {
            out[row * outputs + at..][..values.len()].copy_from_slice(values);
        },
    );
    out
}

fn check_layer<K: Kernel>(
    what: &str,
    kernel: K,
    rows: usize,
    inputs: usize,
    outputs: usize,
    seed: u32,
) {
    let (x, weights) = (
        numbers(seed, rows * inputs),
        numbers(seed + 1, outputs * inputs),
    );
    let expected = products(
        &kept(kernel, &x),
        inputs,
        rows,
        &kept(kernel, &weights),
        inputs,
    );
    let got = apply(kernel, &x, &weights, inputs);
    assert_close(what, &got, &expected, 2e-6 * (inputs as f64).sqrt());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn layers_are_matrix_products(
        rows in 1usize..80, inputs in 1usize..600, outputs in 1usize..600, seed in any::<u32>(),
    ) {
        let seed = seed / 2;
        each_kernel(|named, kernel| match kernel {
            AnyKernel::F32(kernel) => check_layer(&named("f32"), kernel, rows, inputs, outputs, seed),
            AnyKernel::Bf16(kernel) => check_layer(&named("bf16"), kernel, rows, inputs, outputs, seed),
        });
    }

    #[test]
    fn windows_are_convolutions(
        rows in 1usize..70, width in 1usize..40, taps in 1usize..32, seed in any::<u32>(),
    ) {
        let seed = seed / 2;
        each_kernel(|named, kernel| match kernel {
            AnyKernel::F32(kernel) => check_window(&named("f32"), kernel, rows, width, taps, seed),
            AnyKernel::Bf16(kernel) => check_window(&named("bf16"), kernel, rows, width, taps, seed),
        });
    }

    #[test]
    fn attention_is_a_softmax_over_visible_keys(
        positions in 1usize..1200, hidden in 0usize..40, dim_head in prop::sample::select(vec![8usize, 32, 64]), seed in any::<u32>(),
    ) {
        let keys = positions.saturating_sub(hidden).max(1);
        each_kernel(|named, kernel| match kernel {
            AnyKernel::F32(kernel) => check_attention(&named("f32"), kernel, [positions, keys, dim_head], seed, 1e-5),
            AnyKernel::Bf16(kernel) => check_attention(&named("bf16"), kernel, [positions, keys, dim_head], seed, 1e-2),
        });
    }
}

fn check_window<K: Kernel>(
    what: &str,
    kernel: K,
    rows: usize,
    width: usize,
    taps: usize,
    seed: u32,
) {
    let inputs = width * taps;
    let x = numbers(seed, (rows + taps - 1) * width);
    let weights = numbers(seed + 1, 5 * inputs);
    let mut data = Buffer::<K::Element>::zeros(x.len() + kernel.window_slack(width));
    kernel.round(&x, &mut data[..x.len()]);
    let expected = products(
        &kept(kernel, &x),
        width,
        rows,
        &kept(kernel, &weights),
        inputs,
    );
    let layer = Linear::new(kernel, &weights, inputs, Vec::new());
    let mut got = vec![0.0; rows * 5];
    let window = kernel.window(&data, rows, width);
    layer.apply(window, 1, &mut Buffer::default(), |row, at, values| {
        got[row * 5 + at..][..values.len()].copy_from_slice(values);
    });
    assert_close(what, &got, &expected, 2e-6 * (inputs as f64).sqrt());
}

fn check_attention<K: Kernel>(
    what: &str,
    kernel: K,
    [positions, visible, dim_head]: [usize; 3],
    seed: u32,
    tolerance: f64,
) {
    // Scores up to a few dozen, so that maxima move from block to block.
    let parts: [Vec<f32>; 3] = std::array::from_fn(|part| {
        numbers(seed + part as u32, positions * dim_head)
            .iter()
            .map(|x| x * 3.0)
            .collect()
    });
    let [queries, keys, values] = parts.each_ref().map(|part| rounded(kernel, part));
    let parts = parts.map(|part| kept(kernel, &part));
    let part = |position: usize, part: usize| &parts[part][position * dim_head..][..dim_head];
    let mut expected = Vec::new();
    for position in 0..positions {
        let scores: Vec<f64> = (0..visible)
            .map(|key| {
                part(position, 0)
                    .iter()
                    .zip(part(key, 1))
                    .map(|(q, k)| q * k)
                    .sum::<f64>()
                    / (dim_head as f64).sqrt()
            })
            .collect();
        let max = scores.iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| (score - max).exp()).collect();
        let sum: f64 = weights.iter().sum();
        expected.extend((0..dim_head).map(|d| {
            (0..visible)
                .map(|key| weights[key] * part(key, 2)[d])
                .sum::<f64>()
                / sum
        }));
    }
    let mut out = vec![K::Element::default(); positions * dim_head];
    let head = Head {
        queries: &queries,
        keys: &keys,
        values: &values,
        dim_head,
        visible,
    };
    attend(kernel, head, &mut AttentionScratch::default(), &mut out);
    let got = widen(kernel, &out, dim_head);
    assert_close(what, &got, &expected, tolerance * 3.0);
}

/// Panels of weights `[outputs, inputs]`.
fn packed<K: Kernel>(kernel: K, weights: &[f32], inputs: usize) -> Panels<K::Element> {
    let mut panels = Panels::default();
    let rows = rounded(kernel, weights);
    kernel.repack(&rows, inputs, weights.len() / inputs, &mut panels);
    panels
}

fn rounded<K: Kernel>(kernel: K, values: &[f32]) -> Vec<K::Element> {
    let mut out = vec![K::Element::default(); values.len()];
    kernel.round(values, &mut out);
    out
}

/// Values in a kernel's format as float32: each times one.
fn widen<K: Kernel>(kernel: K, values: &[K::Element], width: usize) -> Vec<f32> {
    let identity: Vec<f32> = (0..width * width)
        .map(|i| if i % (width + 1) == 0 { 1.0 } else { 0.0 })
        .collect();
    let rows = values.len() / width;
    let mut operand = Buffer::zeros(kernel.operand_len(rows, width));
    for (row, values) in values.chunks_exact(width).enumerate() {
        kernel.place_row(&mut operand, width, row, 0, values);
    }
    let layer = Linear::new(kernel, &identity, width, Vec::new());
    let mut out = vec![0.0; values.len()];
    layer.apply_dense(
        &operand,
        rows,
        1,
        &mut Buffer::default(),
        |row, at, values| {
            out[row * width + at..][..values.len()].copy_from_slice(values);
        },
    );
    out
}

#[test]
fn products_can_be_added_to_what_is_there() {
    for cpu in cpus() {
        let kernel = Bf16(cpu);
        let (x, weights) = (numbers(1, 40 * 64), numbers(2, 32 * 64));
        let (panels, operand) = (packed(kernel, &weights, 64), operand(kernel, &x, 64));
        let mut once = vec![0.0; 64 * 32];
        kernel.product(
            kernel.dense(&operand, 40, 64),
            &panels,
            0..32,
            &mut once,
            32,
            false,
        );
        let mut twice = once.clone();
        kernel.product(
            kernel.dense(&operand, 40, 64),
            &panels,
            0..32,
            &mut twice,
            32,
            true,
        );
        for (once, twice) in once[..40 * 32].iter().zip(&twice) {
            assert!(
                (2.0 * once - twice).abs() < 1e-5,
                "{}: {twice} is not twice {once}",
                cpu.isa()
            );
        }
    }
}

/// Heads of any width, one after the other, are the row that they make up.
#[test]
fn rows_can_be_placed_in_parts() {
    fn check<K: Kernel>(kernel: K, width: usize, parts: usize) {
        let inputs = width * parts;
        let x = numbers(width as u32, 3 * inputs);
        let whole = operand(kernel, &x, inputs);
        // What was there before must not show.
        let mut placed = operand(kernel, &vec![9.0; x.len()], inputs);
        for (row, x) in x.chunks_exact(inputs).enumerate() {
            for (part, x) in rounded(kernel, x).chunks_exact(width).enumerate() {
                kernel.place_row(&mut placed, inputs, row, part * width, x);
            }
        }
        let bytes = bytemuck::cast_slice::<K::Element, u8>;
        assert!(
            bytes(&placed) == bytes(&whole),
            "{kernel:?}: {parts} of {width}"
        );
    }
    for cpu in cpus() {
        for width in [8, 16, 24, 32, 48, 64, 100] {
            for parts in 1..5 {
                check(F32(cpu), width, parts);
                check(Bf16(cpu), width, parts);
            }
        }
    }
}

#[test]
fn numbers_that_are_none_stay_none() {
    for cpu in cpus() {
        let mut out = [0; 3];
        Bf16(cpu).round(&[f32::NAN, f32::INFINITY, 1.0], &mut out);
        assert_eq!(out, [0x7fc0, 0x7f80, 0x3f80], "{}", cpu.isa());
        assert!(apply(Bf16(cpu), &[f32::NAN, 1.0], &[1.0, 1.0], 2)[0].is_nan());
    }
}

#[test]
fn memory_that_is_used_again_remembers_nothing() {
    let kernel = Bf16(Cpu::up_to(Isa::Amx));
    let mut scratch = AttentionScratch::default();
    let run = |positions: usize, scratch: &mut AttentionScratch<u16>| {
        let part = |seed| rounded(kernel, &numbers(positions as u32 + seed, positions * 64));
        let (queries, keys, values) = (part(0), part(1), part(2));
        let mut out = vec![0; positions * 64];
        let head = Head {
            queries: &queries,
            keys: &keys,
            values: &values,
            dim_head: 64,
            visible: positions,
        };
        attend(kernel, head, scratch, &mut out);
        out
    };
    let fresh: Vec<_> = [500, 33, 270]
        .map(|n| run(n, &mut AttentionScratch::default()))
        .into();
    let reused: Vec<_> = [500, 33, 270].map(|n| run(n, &mut scratch)).into();
    assert!(fresh == reused);
}

#[test]
fn panels_are_as_large_as_their_numbers() {
    let cpu = Cpu::up_to(Isa::Amx);
    assert_eq!(
        packed(F32(cpu), &numbers(1, 64 * 96), 64).bytes(),
        64 * 96 * 4
    );
    assert_eq!(
        packed(Bf16(cpu), &numbers(1, 64 * 96), 64).bytes(),
        64 * 96 * 2
    );
    assert_eq!(Bf16(cpu).operand_len(1, 33), ROW_TILE * 64);
}

#[test]
fn instruction_sets_have_names() {
    for isa in Isa::ALL {
        assert_eq!(isa.to_string().parse(), Ok(isa));
    }
    let error = "sse".parse::<Isa>().unwrap_err();
    assert!(error.to_string().contains("avx512"), "{error}");
    assert_eq!(Cpu::up_to(Isa::Portable).isa(), Isa::Portable);
}
