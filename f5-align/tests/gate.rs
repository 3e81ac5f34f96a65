//! What the chain believes of the phone models: the right text, and nothing else.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests state their expectations"
)]

use std::path::Path;

use f5_align::{Aligner, AlignerChain, Alignment, Refusal, Verdict};
use f5_core::audio::Waveform;

const RIGHT: &str = "Nobody knew where the sound was coming from.";

fn speech() -> Waveform {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    Waveform::read_wav(folder.join("awb_19.wav")).unwrap()
}

fn random() -> impl FnMut() -> f32 {
    let mut seed = 1_u32;
    move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// Four seconds of chords with struck tones and overtones.
fn music() -> Waveform {
    let chords = [
        [220.0, 277.2, 329.6],
        [246.9, 311.1, 370.0],
        [196.0, 246.9, 293.7],
    ];
    let sample = |i: usize| {
        let t = i as f32 / 24_000.0;
        let struck = t % 0.5;
        let tones = chords[(t / 0.5) as usize % 3].iter();
        let tone = |f: &f32| {
            (1..6)
                .map(|n| (t * f * n as f32 * std::f32::consts::TAU).sin() / n as f32)
                .sum::<f32>()
        };
        0.1 * (-3.0 * struck).exp() * tones.map(tone).sum::<f32>()
    };
    Waveform::new((0..96_000).map(sample).collect(), 24_000).unwrap()
}

fn align(audio: &Waveform, text: &str) -> Alignment {
    let found = AlignerChain::default().align(audio, text, "en").unwrap();
    let words = f5_align::split_words(text);
    assert_eq!(found.words.len(), words.len());
    found
}

fn refusal(audio: &Waveform, text: &str) -> Refusal {
    let found = align(audio, text);
    assert_eq!(found.aligner, "energy", "{text}: {:?}", found.quality);
    match &found.trail[0].verdict {
        Verdict::Refused(refusal) => *refusal,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn the_right_text_is_believed_also_in_noise() {
    assert_eq!(align(&speech(), RIGHT).aligner, "hmm");
    for db in [20.0_f32, 10.0] {
        let (speech, mut random) = (speech(), random());
        let loudness = speech.rms() * 10_f32.powf(-db / 20.0) * 3_f32.sqrt();
        let samples = speech.samples().iter().map(|s| s + loudness * random());
        let noisy = Waveform::new(samples.collect(), speech.sample_rate()).unwrap();
        let found = align(&noisy, RIGHT);
        assert_eq!(found.aligner, "hmm", "{db} dB: {:?}", found.trail);
    }
}

#[test]
fn another_text_is_not_believed() {
    for text in [
        "Seven purple cats share six big boxes daily",
        "It was a bright cold day in April and the clocks were striking thirteen",
        "xqzvbtk grmpf",
    ] {
        let refusal = refusal(&speech(), text);
        assert!(
            matches!(refusal, Refusal::LogLikelihood { .. }),
            "{refusal}"
        );
    }
}

#[test]
fn music_noise_and_silence_are_not_speech() {
    let mut random = random();
    let noise = (0..72_000).map(|_| 0.3 * random()).collect();
    let sounds = [
        ("music", music()),
        ("noise", Waveform::new(noise, 24_000).unwrap()),
        ("silence", Waveform::new(vec![0.0; 72_000], 24_000).unwrap()),
    ];
    for (name, audio) in sounds {
        println!("{name}: {}", refusal(&audio, RIGHT));
    }
}
