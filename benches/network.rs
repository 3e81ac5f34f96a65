//! The network at its released size on the fused CPU engine, with random weights: one velocity, whole
//! samples, the vocoder, loading. Writes nothing and downloads nothing, but needs the weights:
//!
//! ```sh
//! cargo xtask fixtures --random-base
//! cargo bench --bench network            # F5_CPU_ISA=avx512 for another instruction set
//! ```
//!
//! Throughput is in floating-point operations.

use std::{ops::ControlFlow, path::PathBuf, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use f5_tts::{
    core::{mel::Mel, noise::keyed_normal},
    model::{
        ModelConfig,
        cfm::{Backbone, BatchMasking, Cfm, Conditioning, SampleRow, SamplingParams},
        cpu::{Cpu, Pool, Precision},
    },
    vocoder::{VocoderConfig, VocosConfig},
};

const N_MELS: usize = 100;

fn fixture(file: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("target/fixtures/random-base")
        .join(file);
    assert!(
        path.is_file(),
        "no {}: run `cargo xtask fixtures --random-base`",
        path.display()
    );
    path
}

fn load(precision: Precision) -> Arc<dyn Backbone> {
    let arch = ModelConfig::preset("F5TTS_v1_Base")
        .expect("a released model")
        .arch;
    let cpu = Cpu::detect().expect("a known instruction set");
    let weights = fixture("model.safetensors");
    arch.load_cpu(
        weights,
        2545,
        &Device::flex(),
        precision,
        cpu,
        Pool::default(),
    )
    .expect("the fixture loads")
    .into()
}

/// `[1, frames, N_MELS]`
fn noise(frames: usize) -> Tensor<3> {
    let values = keyed_normal(1, 0, frames * N_MELS);
    Tensor::from_data(
        TensorData::new(values, [1, frames, N_MELS]),
        &Device::flex(),
    )
}

/// Operations of one velocity of one branch: linear layers, attention, position convolution.
fn operations(frames: usize) -> u64 {
    let (dim, depth) = (1024, 22);
    let linear = 2 * 8 * dim * dim;
    let attention = 4 * frames * dim;
    let convolution = 2 * 2 * dim * (dim / 16) * 31;
    (frames * (depth * (linear + attention) + convolution)) as u64
}

fn network(c: &mut Criterion) {
    let cpu = Cpu::detect().expect("a known instruction set");
    let mut precisions = vec![("f32", Precision::F32)];
    if cpu.prefers_bf16() {
        precisions.push(("bf16", Precision::Bf16));
    }
    for (name, precision) in precisions {
        let mut group = c.benchmark_group(format!("{name} {}", cpu.isa()));
        group.sample_size(10);
        group.bench_function("load", |b| b.iter(|| load(precision)));
        let backbone = load(precision);
        for frames in [512, 1024, 2048] {
            for guided in [false, true] {
                let branches = 1 + usize::from(guided);
                let field = backbone.condition(Conditioning {
                    cond: noise(frames),
                    text: vec![(0..frames as i32 / 7).collect()],
                    durations: vec![frames],
                    guided,
                    batch_masking: BatchMasking::Exact,
                    times: vec![0.3],
                });
                let x = noise(frames);
                group.throughput(Throughput::Elements(branches as u64 * operations(frames)));
                group.bench_function(
                    BenchmarkId::new("forward", format!("{frames}x{branches}")),
                    |b| {
                        b.iter(|| field.velocity(&x, 0.3));
                    },
                );
            }
        }
        // 5 s of reference, 8 s of speech.
        let (frames, reference) = (1219, 469);
        let cond = Mel::new(keyed_normal(2, 0, reference * N_MELS), N_MELS);
        let text: Vec<i32> = (0..174).collect();
        let noise = keyed_normal(3, 0, frames * N_MELS);
        let row = SampleRow {
            cond: &cond,
            text: &text,
            duration: frames,
            noise: &noise,
            edit_mask: None,
        };
        let cfm = Cfm::new(backbone);
        for nfe_steps in [7, 16, 32] {
            let params = SamplingParams {
                nfe_steps,
                ..Default::default()
            };
            group.throughput(Throughput::Elements(
                2 * nfe_steps as u64 * operations(frames),
            ));
            group.bench_function(BenchmarkId::new("sample", nfe_steps), |b| {
                b.iter(|| {
                    cfm.sample(&[row], &params, |_| ControlFlow::Continue(()))
                        .expect("samples")
                });
            });
        }
        group.finish();
    }
}

fn vocos(c: &mut Criterion) {
    let cpu = Cpu::detect().expect("a known instruction set");
    let vocos = VocoderConfig::Vocos(VocosConfig::mel_24khz());
    let vocoder = vocos
        .load_cpu(
            fixture("vocoder.safetensors"),
            &Device::flex(),
            Precision::F32,
            cpu,
            Pool::default(),
        )
        .expect("the fixture loads");
    let mel = noise(937).swap_dims(1, 2);
    c.bench_function("vocos/10s", |b| {
        b.iter(|| vocoder.decode(mel.clone()).expect("speaks"))
    });
}

criterion_group!(benches, vocos, network);
criterion_main!(benches);
