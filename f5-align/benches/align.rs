//! Time to align a minute of speech, by every aligner that needs no download, and an hour by the
//! default one: `cargo bench -p f5-align --bench align`. With `--features ctc` a minute by that
//! aligner too, with the tests' network of random weights: what is around a network, which is many
//! times as large where it is a real one.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use f5_align::{Aligner, AlignerChain, EnergyAligner, HmmAligner, ProportionalAligner};
use f5_core::audio::Waveform;

const TEXT: &str = "Nobody knew where the sound was coming from. ";

/// Speech of that length and more, by less than a sentence, and its text.
fn speech(length: Duration) -> (Waveform, String) {
    let sentence = Waveform::read_wav("tests/data/awb_19.wav").expect("the test's audio");
    let times = length.as_secs_f64() / sentence.duration().as_secs_f64();
    let times = times.ceil() as usize;
    let samples = sentence.samples().repeat(times);
    let audio = Waveform::new(samples, sentence.sample_rate()).expect("finite samples");
    (audio, TEXT.repeat(times))
}

fn minute(c: &mut Criterion) {
    let (audio, text) = speech(Duration::from_secs(60));
    let aligners: Vec<(&str, Box<dyn Aligner>)> = vec![
        ("auto", Box::new(AlignerChain::default())),
        ("hmm", Box::new(HmmAligner::new())),
        ("energy", Box::new(EnergyAligner::new())),
        ("proportional", Box::new(ProportionalAligner::new())),
        #[cfg(feature = "ctc")]
        ("ctc", {
            let device = burn::tensor::Device::flex();
            let network = f5_align::CtcAligner::load("tests/data/ctc/base", "en", &device);
            Box::new(network.expect("the tests' network"))
        }),
    ];
    let mut group = c.benchmark_group("minute");
    group.sample_size(20);
    group.throughput(Throughput::Elements(audio.duration().as_secs()));
    for (name, aligner) in aligners {
        group.bench_function(name, |b| {
            b.iter(|| {
                let found = aligner.align(black_box(&audio), &text, "en");
                found.expect("enough audio")
            });
        });
    }
    group.finish();
}

fn hour(c: &mut Criterion) {
    let (audio, text) = speech(Duration::from_secs(3600));
    let aligner = AlignerChain::default();
    let mut group = c.benchmark_group("hour");
    group.sample_size(10);
    group.throughput(Throughput::Elements(audio.duration().as_secs()));
    group.bench_function("auto", |b| {
        b.iter(|| {
            let found = aligner.align(black_box(&audio), &text, "en");
            let found = found.expect("enough audio");
            assert_eq!(found.aligner, "hmm");
            found
        });
    });
    group.finish();
}

criterion_group!(benches, minute, hour);
criterion_main!(benches);
