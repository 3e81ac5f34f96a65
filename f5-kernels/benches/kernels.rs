//! Every kernel on every instruction set that this processor has, one thread, in the sizes of the released
//! model: `cargo bench -p f5-kernels`. Throughput is in floating-point operations (products, attention) or
//! in numbers (rows).

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use f5_kernels::{
    AttentionScratch, Bf16, Buffer, Cpu, F32, Head, Isa, Kernel, Linear, attend,
    rows::{self, Activation},
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

fn linear<K: Kernel>(c: &mut Criterion, name: &str, kernel: K) {
    let mut group = c.benchmark_group(format!("linear/{name}"));
    for (inputs, outputs) in [(1024, 3072), (1024, 1024), (1024, 2048), (2048, 1024)] {
        let layer = Linear::new(kernel, &numbers(inputs * outputs), inputs, Vec::new());
        let mut operand = Buffer::zeros(kernel.operand_len(ROWS, inputs));
        for (row, x) in numbers(ROWS * inputs).chunks_exact(inputs).enumerate() {
            kernel.store_row(&mut operand, inputs, row, 0, x);
        }
        let mut products = Buffer::default();
        group.throughput(Throughput::Elements((2 * ROWS * inputs * outputs) as u64));
        group.bench_function(
            BenchmarkId::from_parameter(format!("{ROWS}x{inputs}x{outputs}")),
            |b| {
                b.iter(|| {
                    layer.apply_dense(&operand, ROWS, 1, &mut products, |_, _, values| {
                        black_box(values);
                    });
                });
            },
        );
    }
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
    group.bench_function("rotate", |b| {
        b.iter(|| {
            for x in x.chunks_exact_mut(WIDTH) {
                rows::rotate(cpu, x, &weight[..64], &weight[64..128]);
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
        } else {
            linear(c, &format!("f32 {isa}"), F32(cpu));
            attention(c, &format!("f32 {isa}"), F32(cpu));
            row_kernels(c, cpu);
        }
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
