//! The stations of a synthesis, with the demo model: `cargo bench --bench engine`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use f5_tts::{
    DevicePreference, F5Tts, SynthesisParams,
    core::{
        audio::Waveform,
        mel::{MelExtractor, MelSpec},
        noise::keyed_normal,
        text::{Tokenizer, Vocab},
    },
    demo_dir,
};

fn voices(file: &str) -> String {
    format!("{}/assets/voices/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// 5 s of reference in, 4 s of speech out.
fn engine(c: &mut Criterion) {
    let tts = F5Tts::builder()
        .device(DevicePreference::Cpu)
        .build()
        .expect("the demo model loads");
    let ref_text = std::fs::read_to_string(voices("slt.txt")).expect("slt.txt");
    let voice = tts
        .voice(voices("slt.wav"), &ref_text)
        .expect("the demo voice is usable");
    let text = "The green hill stands near the river, and the wind is gentle.";

    let mut group = c.benchmark_group("engine");
    group.sample_size(10);
    group.bench_function("build", |b| {
        b.iter(|| {
            F5Tts::builder()
                .device(DevicePreference::Cpu)
                .build()
                .expect("loads")
        });
    });
    group.bench_function("voice", |b| {
        b.iter(|| {
            tts.voice(voices("slt.wav"), black_box(&ref_text))
                .expect("usable")
        });
    });
    for nfe_steps in [7, 32] {
        let params = SynthesisParams {
            nfe_steps,
            seed: Some(7),
            ..Default::default()
        };
        group.bench_function(format!("synthesize_nfe{nfe_steps}"), |b| {
            b.iter(|| {
                tts.synthesize(&voice, black_box(text), &params)
                    .expect("speaks")
            });
        });
    }
    group.finish();
}

fn features(c: &mut Criterion) {
    let wave = Waveform::read_wav(voices("slt.wav")).expect("slt.wav");
    let extractor = MelExtractor::new(&MelSpec::vocos()).expect("a sound specification");
    let mut group = c.benchmark_group("features");
    group.bench_function("mel_5s", |b| {
        b.iter(|| {
            extractor
                .extract(black_box(wave.samples()))
                .expect("long enough")
        });
    });
    group.bench_function("resample_5s_to_16k", |b| {
        b.iter(|| black_box(&wave).resample(16_000).expect("a usual rate"));
    });
    group.bench_function("noise_1000_frames", |b| {
        b.iter(|| keyed_normal(black_box(7), 0, 100_000))
    });
    let vocab = Vocab::from_file(demo_dir().join("vocab.txt")).expect("the demo vocabulary");
    let text = "The green hill stands near the river, and the wind is gentle. ".repeat(16);
    group.bench_function("encode_1000_chars", |b| {
        b.iter(|| Tokenizer::Custom.encode(black_box(&text), &vocab));
    });
    group.finish();
}

criterion_group!(benches, features, engine);
criterion_main!(benches);
