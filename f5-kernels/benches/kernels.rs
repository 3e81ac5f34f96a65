//! Every kernel on every instruction set that this processor has, one thread, in the sizes of the released
//! model: `cargo bench -p f5-kernels`. Throughput is in floating-point operations (products, attention) or
//! in numbers (rows).

use std::{any::TypeId, hint::black_box};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use f5_kernels::{
    AttentionScratch, Bf16, Buffer, ChannelScale, ConvNext, Cpu, F32, Head, Isa, Kernel, Linear,
    Pool, Snake, SnakeScratch, attend,
    rows::{self, Activation, Softmax},
};

const ROWS: usize = 256;

fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919) % 1009) as f32 / 504.5 - 1.0)
        .collect()
}

fn cpus() -> impl Iterator<Item = Cpu> {
    let all = Isa::ALL.map(|isa| (isa, Cpu::up_to(isa)));
    all.into_iter()
        .skip(1)
        .filter(|(isa, cpu)| *isa == cpu.isa())
        .map(|(_, cpu)| cpu)
}

/// The sizes of the released model, and one that the first-level cache holds whole: what the instructions
/// give when nothing has to be waited for, to hold the others against.
fn linear<K: Kernel>(c: &mut Criterion, name: &str, kernel: K) {
    let mut group = c.benchmark_group(format!("linear/{name}"));
    let sizes = [
        ("peak", 24, 192, 32),
        ("qkv", ROWS, 1024, 3072),
        ("to_out", ROWS, 1024, 1024),
        ("linear_in", ROWS, 1024, 2048),
        ("linear_out", ROWS, 2048, 1024),
    ];
    for (name, rows, inputs, outputs) in sizes {
        // Tiles are 32 rows, float32 blocks twelve: both whole.
        let rows = if rows == ROWS || TypeId::of::<K>() == TypeId::of::<F32>() {
            rows
        } else {
            32
        };
        let layer = Linear::new(kernel, &numbers(inputs * outputs), inputs, Vec::new());
        let mut operand = Buffer::zeros(kernel.operand_len(rows, inputs));
        for (row, x) in numbers(rows * inputs).chunks_exact(inputs).enumerate() {
            kernel.store_row(&mut operand, inputs, row, 0, x);
        }
        let mut products = Buffer::default();
        group.throughput(Throughput::Elements((2 * rows * inputs * outputs) as u64));
        group.bench_function(
            BenchmarkId::new(name, format!("{rows}x{inputs}x{outputs}")),
            |b| {
                b.iter(|| {
                    layer.apply_dense(&operand, rows, 1, &mut products, |_, _, values| {
                        black_box(values);
                    });
                });
            },
        );
    }
    group.finish();
}

/// One group of the position convolution: 31 taps, 64 channels, as a product whose rows overlap.
fn grouped_convolution<K: Kernel>(c: &mut Criterion, name: &str, kernel: K) {
    const WIDTH: usize = 64;
    let inputs = 31 * WIDTH;
    let layer = Linear::new(kernel, &numbers(WIDTH * inputs), inputs, Vec::new());
    let x = numbers((ROWS + 30) * WIDTH);
    let mut padded = Buffer::zeros(x.len() + kernel.window_slack(WIDTH));
    kernel.round(&x, &mut padded[..x.len()]);
    let mut products = Buffer::default();
    let mut group = c.benchmark_group(format!("grouped_convolution/{name}"));
    group.throughput(Throughput::Elements((2 * ROWS * inputs * WIDTH) as u64));
    group.bench_function(BenchmarkId::from_parameter(ROWS), |b| {
        b.iter(|| {
            let window = kernel.window(&padded, ROWS, WIDTH);
            layer.apply(window, WIDTH, &mut products, |_, _, values| {
                black_box(values);
            });
        });
    });
    group.finish();
}

/// A block of Vocos, 10 s of sound; and an activation of BigVGAN's last stage, as many rows as go together.
fn vocoder_kernels(c: &mut Criterion, cpu: Cpu) {
    let (dim, inner, frames) = (512, 1536, 937);
    let linear = |inputs: usize, outputs: usize| {
        Linear::new(
            F32(cpu),
            &numbers(inputs * outputs),
            inputs,
            numbers(outputs),
        )
    };
    let block = ConvNext {
        taps: numbers(7 * dim),
        tap_bias: numbers(dim),
        norm_weight: numbers(dim),
        norm_bias: numbers(dim),
        pwconv1: linear(dim, inner),
        pwconv2: linear(inner, dim),
        scale: ChannelScale::Layer(vec![0.01; dim]),
    };
    let pool = Pool::new(Some(1)).expect("one thread");
    let mut x = numbers(frames * dim);
    let mut group = c.benchmark_group(format!("vocoder/{}", cpu.isa()));
    group.throughput(Throughput::Elements(
        (frames * dim * (2 * 2 * inner + 2 * 7)) as u64,
    ));
    group.bench_function("convnext", |b| b.iter(|| block.forward(&pool, &mut x)));
    let (channels, positions) = (24, 256);
    let snake = Snake::new(&vec![1.0; channels], &vec![0.5; channels], [1.0 / 6.0; 6]);
    let (x, mut scratch) = (numbers(channels * positions), SnakeScratch::default());
    group.throughput(Throughput::Elements((channels * positions) as u64));
    group.bench_function("snake", |b| {
        b.iter(|| black_box(snake.apply(cpu, &x, 0..positions, &mut scratch)).len());
    });
    group.finish();
}

fn attention<K: Kernel>(c: &mut Criterion, name: &str, kernel: K) {
    const WIDTH: usize = 64;
    let mut group = c.benchmark_group(format!("attention/{name}"));
    for positions in [512, 1219, 2048] {
        let mut rounded = vec![K::Element::default(); positions * WIDTH];
        kernel.round(&numbers(positions * WIDTH), &mut rounded);
        let (mut scratch, mut out) = (AttentionScratch::default(), rounded.clone());
        let head = Head {
            queries: &rounded,
            keys: &rounded,
            values: &rounded,
            dim_head: WIDTH,
            visible: positions,
        };
        group.throughput(Throughput::Elements(
            (4 * positions * positions * WIDTH) as u64,
        ));
        group.bench_function(BenchmarkId::from_parameter(positions), |b| {
            b.iter(|| attend(kernel, head, &mut scratch, &mut out));
        });
    }
    group.finish();
}

fn row_kernels(c: &mut Criterion, cpu: Cpu) {
    const WIDTH: usize = 1024;
    let (mut x, branch, weight) = (numbers(ROWS * WIDTH), numbers(ROWS * WIDTH), numbers(WIDTH));
    // What is done in place again and again must not shrink to denormal numbers, which are slow.
    let ones = vec![1.0; WIDTH];
    let (sin, cos): (Vec<f32>, Vec<f32>) =
        (0..64).map(|i| ((i / 2) as f32 / 10.0).sin_cos()).unzip();
    let mut out = vec![0.0; WIDTH];
    let mut rounded = vec![0; WIDTH];
    let mut group = c.benchmark_group(format!("rows/{}", cpu.isa()));
    group.throughput(Throughput::Elements((ROWS * WIDTH) as u64));
    group.bench_function("layer_norm", |b| {
        b.iter(|| {
            for x in x.chunks_exact(WIDTH) {
                rows::layer_norm(cpu, x, 1e-6, &weight, &weight, &mut out);
            }
        });
    });
    group.bench_function("rms_norm", |b| {
        b.iter(|| {
            for x in x.chunks_exact_mut(WIDTH) {
                rows::rms_norm(cpu, x, 1e-6, &ones);
            }
        });
    });
    group.bench_function("depthwise7", |b| {
        let taps = numbers(7 * WIDTH);
        b.iter(|| {
            for x in x.chunks_exact(WIDTH) {
                rows::depthwise7(cpu, [Some(x); 7], &taps, &weight, &mut out);
            }
        });
    });
    group.bench_function("softmax", |b| {
        b.iter(|| {
            let mut softmax = Softmax::NEW;
            for (row, x) in x.chunks_exact_mut(WIDTH).enumerate() {
                softmax.add(cpu, row % 32, x, 0.1);
            }
            softmax
        });
    });
    group.bench_function("rotate", |b| {
        b.iter(|| {
            for x in x.chunks_exact_mut(WIDTH) {
                rows::rotate(cpu, x, &cos, &sin);
            }
        });
    });
    group.bench_function("add_gated", |b| {
        b.iter(|| {
            for (x, branch) in x.chunks_exact_mut(WIDTH).zip(branch.chunks_exact(WIDTH)) {
                rows::add_gated(cpu, x, branch, &weight, &weight);
            }
        });
    });
    group.bench_function("round_to_bf16", |b| {
        b.iter(|| {
            for x in x.chunks_exact(WIDTH) {
                Bf16(cpu).round(x, &mut rounded);
            }
        });
    });
    for (name, activation) in [
        ("gelu_tanh", Activation::GeluTanh),
        ("gelu_erf", Activation::GeluErf),
        ("mish", Activation::Mish),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| {
                for x in x.chunks_exact_mut(WIDTH) {
                    rows::activate(cpu, x, &weight, activation);
                }
            });
        });
    }
    group.finish();
}

fn kernels(c: &mut Criterion) {
    for cpu in cpus() {
        let isa = cpu.isa();
        if isa >= Isa::Avx512Bf16 {
            linear(c, &format!("bf16 {isa}"), Bf16(cpu));
            attention(c, &format!("bf16 {isa}"), Bf16(cpu));
            grouped_convolution(c, &format!("bf16 {isa}"), Bf16(cpu));
        } else {
            linear(c, &format!("f32 {isa}"), F32(cpu));
            attention(c, &format!("f32 {isa}"), F32(cpu));
            grouped_convolution(c, &format!("f32 {isa}"), F32(cpu));
            row_kernels(c, cpu);
            vocoder_kernels(c, cpu);
        }
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
