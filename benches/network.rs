//! The network at its released size on the fused CPU engine, with random weights: one velocity, the same
//! with a single transformer block, whole samples, the vocoder, loading. Writes nothing and downloads nothing, but needs the weights:
//!
//! ```sh
//! cargo xtask fixtures --random-base
//! cargo bench --bench network            # F5_CPU_ISA=avx512 for another instruction set
//! ```
//!
//! Throughput is in floating-point operations.

use std::{fs, ops::ControlFlow, path::PathBuf, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use f5_tts::{
    core::{mel::Mel, noise::keyed_normal},
    model::{
        BackboneConfig, ModelConfig,
        cfm::{Backbone, BatchMasking, Cfm, Conditioning, SampleRow, SamplingParams},
        cpu::{Cpu, Pool, Precision},
    },
    vocoder::{VocoderConfig, VocosConfig},
};
use safetensors::SafeTensors;

const N_MELS: usize = 100;
/// Blocks of the released network.
const DEPTH: usize = 22;

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

fn arch() -> BackboneConfig {
    let model = ModelConfig::preset("F5TTS_v1_Base").expect("a released model");
    model.arch
}

/// The network with its first block alone, and its weights.
fn one_block() -> (BackboneConfig, PathBuf) {
    let bytes = fs::read(fixture("model.safetensors")).expect("the fixture can be read");
    let tensors = SafeTensors::deserialize(&bytes).expect("the fixture is whole");
    let kept = tensors.tensors().into_iter().filter(|(name, _)| {
        !name.contains("transformer_blocks.") || name.contains("transformer_blocks.0.")
    });
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("one_block.safetensors");
    safetensors::serialize_to_file(kept, None, &path).expect("there is space");
    let mut arch = arch();
    if let BackboneConfig::Dit(config) = &mut arch {
        config.depth = 1;
    }
    (arch, path)
}

fn load(arch: &BackboneConfig, weights: PathBuf, precision: Precision) -> Arc<dyn Backbone> {
    let cpu = Cpu::detect().expect("a known instruction set");
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
fn operations(frames: usize, depth: usize) -> u64 {
    let dim = 1024;
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
        let base = || load(&arch(), fixture("model.safetensors"), precision);
        group.bench_function("load", |b| b.iter(base));
        let backbone = base();
        let (arch, weights) = one_block();
        let block = load(&arch, weights, precision);
        for (name, network, depth) in [("forward", &backbone, DEPTH), ("one_block", &block, 1)] {
            for frames in [512, 1024, 2048] {
                for guided in [false, true] {
                    let branches = 1 + usize::from(guided);
                    let field = network.condition(Conditioning {
                        cond: noise(frames),
                        text: vec![(0..frames as i32 / 7).collect()],
                        durations: vec![frames],
                        guided,
                        batch_masking: BatchMasking::Exact,
                        times: vec![0.3],
                    });
                    let x = noise(frames);
                    let work = branches as u64 * operations(frames, depth);
                    group.throughput(Throughput::Elements(work));
                    let id = BenchmarkId::new(name, format!("{frames}x{branches}"));
                    group.bench_function(id, |b| b.iter(|| field.velocity(&x, 0.3)));
                }
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
            let work = 2 * nfe_steps as u64 * operations(frames, DEPTH);
            group.throughput(Throughput::Elements(work));
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
