//! What every aligner promises, whatever the audio and the text.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests state their expectations"
)]

use f5_align::{
    AlignError, Aligner, AlignerChain, Alignment, EnergyAligner, HmmAligner, ProportionalAligner,
    split_words,
};
use f5_core::{audio::Waveform, timing::TimingSource};
use proptest::prelude::*;

/// Bursts of a buzzing sound and pauses, in turn, from (length, gap) pairs in milliseconds.
fn bursts(rate: u32, parts: &[(u32, u32)]) -> Vec<f32> {
    let mut samples = Vec::new();
    for &(sound, gap) in parts {
        let n = (sound * rate / 1000) as usize;
        samples.extend((0..n).map(|i| {
            let t = i as f32 / rate as f32;
            0.3 * ((t * 900.0).sin() + (t * 4100.0).sin() * (t * 30.0).cos())
        }));
        samples.extend(std::iter::repeat_n(0.0, (gap * rate / 1000) as usize));
    }
    samples
}

fn wave(samples: Vec<f32>, rate: u32) -> Waveform {
    Waveform::new(samples, rate).unwrap()
}

fn aligners() -> Vec<Box<dyn Aligner>> {
    vec![
        Box::new(ProportionalAligner::new()),
        Box::new(EnergyAligner::new()),
        Box::new(HmmAligner::new()),
        #[cfg(feature = "ctc")]
        ctc("base"),
        #[cfg(feature = "ctc")]
        ctc("large"),
        #[cfg(feature = "google-speech")]
        Box::new(google::aligner()),
        Box::new(AlignerChain::default()),
    ]
}

/// A recogniser that hears every second word of what it is told to expect, evenly over the sound.
#[cfg(feature = "google-speech")]
mod google {
    use std::sync::Arc;

    use base64::{Engine, engine::general_purpose::STANDARD};
    use f5_align::google::{
        Credentials, GoogleSpeechAligner, HttpError, HttpRequest, HttpResponse, HttpTransport,
    };
    use serde_json::{Value as Json, json};

    #[derive(Debug)]
    struct EverySecondWord;

    impl HttpTransport for EverySecondWord {
        fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError> {
            let body: Json = serde_json::from_slice(request.body.unwrap()).unwrap();
            let content = body["audio"]["content"].as_str().unwrap();
            let content = STANDARD.decode(content).unwrap();
            // Louder than what resampling leaves before a sound.
            let levels = content
                .chunks_exact(2)
                .map(|s| i16::from_le_bytes([s[0], s[1]]).unsigned_abs());
            let levels: Vec<u16> = levels.collect();
            let threshold = levels.iter().max().map_or(0, |most| most / 8);
            let first = levels
                .iter()
                .position(|level| *level > threshold)
                .unwrap_or(0);
            let last = levels
                .iter()
                .rposition(|level| *level > threshold)
                .unwrap_or(0);
            let phrases = body["config"]["speechContexts"][0]["phrases"]
                .as_array()
                .unwrap();
            let words: Vec<&str> = phrases
                .iter()
                .flat_map(|p| p.as_str().unwrap().split(' '))
                .collect();
            let rate = body["config"]["sampleRateHertz"].as_u64().unwrap() as f64;
            let at = |i: usize| {
                let sample = first as f64 + (last - first) as f64 * i as f64 / words.len() as f64;
                format!("{:.9}s", sample / rate)
            };
            let heard = (0..words.len()).step_by(2);
            let heard: Vec<Json> = heard
                .map(|i| json!({"word": words[i], "startTime": at(i), "endTime": at(i + 1)}))
                .collect();
            let body = json!({"results": [{"alternatives": [{"words": heard}]}]});
            Ok(HttpResponse {
                status: 200,
                retry_after: None,
                body: body.to_string().into_bytes(),
            })
        }
    }

    pub(super) fn aligner() -> GoogleSpeechAligner {
        GoogleSpeechAligner::new(Credentials::api_key("key"))
            .allow_upload(true)
            .transport(Arc::new(EverySecondWord))
    }
}

/// A network with random weights: what it hears is nonsense, what it promises is not.
#[cfg(feature = "ctc")]
fn ctc(name: &str) -> Box<dyn Aligner> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ctc");
    let device = burn::tensor::Device::flex();
    Box::new(
        f5_align::CtcAligner::load(folder.join(name), "en", &device)
            .unwrap()
            .normalize(true),
    )
}

/// Aligners that need a word they can pronounce, and enough audio for it.
fn is_acoustic(aligner: &dyn Aligner) -> bool {
    matches!(aligner.name(), "hmm" | "ctc")
}

fn check_promises(alignment: &Alignment, text: &str) {
    let words = split_words(text);
    assert_eq!(alignment.words.len(), words.len(), "words of {text:?}");
    let mut earliest = std::time::Duration::ZERO;
    for (found, word) in alignment.words.iter().zip(words) {
        assert_eq!((&found.word, &found.chars), (&word.text, &word.chars));
        assert!(
            found.start >= earliest && found.end >= found.start,
            "order at {found:?}"
        );
        earliest = found.end;
    }
    assert!(earliest <= alignment.duration, "{earliest:?} after the end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_word_has_a_place(
        parts in prop::collection::vec((20_u32..600, 0_u32..400), 0..6),
        text in "[a-zA-Z你好0-9' ,.!—$\u{1F600}]{0,60}",
        rate in prop::sample::select(vec![8_000_u32, 16_000, 24_000, 44_100]),
    ) {
        let samples = bursts(rate, &parts);
        let audio = wave(samples.clone(), rate);
        for aligner in aligners() {
            match aligner.align(&audio, &text, "en") {
                Ok(alignment) => {
                    check_promises(&alignment, &text);
                    let again = aligner.align(&audio, &text, "en").unwrap();
                    prop_assert_eq!(&alignment.words, &again.words);
                    prop_assert_eq!(&alignment.chars, &again.chars);
                    prop_assert_eq!(&alignment.quality, &again.quality);
                }
                Err(AlignError::NoAudio { .. }) => prop_assert!(samples.is_empty()),
                Err(AlignError::TooShort { needed, duration, .. }) => {
                    prop_assert!(is_acoustic(aligner.as_ref()) && needed > duration);
                }
                Err(AlignError::NothingSpoken { .. }) => {
                    prop_assert!(is_acoustic(aligner.as_ref()));
                    prop_assert!(!text.chars().any(|c| c.is_ascii_alphanumeric()));
                }
                Err(other) => prop_assert!(false, "{}: {}", aligner.name(), other),
            }
        }
    }

    #[test]
    fn loudness_does_not_matter(gain in prop::sample::select(vec![0.001_f32, 0.1, 0.5, 3.0])) {
        let text = "one two, three four five";
        let samples = bursts(16_000, &[(0, 200), (450, 180), (700, 90), (300, 250)]);
        let louder = wave(samples.iter().map(|s| s * gain).collect(), 16_000);
        let audio = wave(samples, 16_000);
        for aligner in aligners() {
            let (a, b) = (aligner.align(&audio, text, "en").unwrap(), aligner.align(&louder, text, "en").unwrap());
            for (a, b) in a.words.iter().zip(&b.words) {
                prop_assert!(a.start.abs_diff(b.start).as_secs_f64() <= 0.0101, "{} {a:?} {b:?}", aligner.name());
            }
        }
    }

    #[test]
    fn leading_silence_shifts_the_words(frames in 1_u32..80) {
        let text = "one two, three four five";
        let samples = bursts(16_000, &[(0, 200), (450, 180), (700, 90), (300, 250)]);
        let mut later = vec![0.0; frames as usize * 160];
        later.extend(&samples);
        let (audio, later) = (wave(samples, 16_000), wave(later, 16_000));
        let shift = std::time::Duration::from_millis(u64::from(frames) * 10);
        for aligner in aligners() {
            let (a, b) = (aligner.align(&audio, text, "en").unwrap(), aligner.align(&later, text, "en").unwrap());
            for (a, b) in a.words.iter().zip(&b.words) {
                prop_assert!((a.start + shift).abs_diff(b.start).as_secs_f64() <= 0.0101, "{} {a:?} {b:?}", aligner.name());
            }
        }
    }
}

#[test]
fn no_audio_is_a_typed_error() {
    for aligner in aligners() {
        let found = aligner.align(&wave(Vec::new(), 16_000), "two words", "en");
        assert_eq!(found, Err(AlignError::NoAudio { words: 2 }));
    }
}

#[test]
fn the_proportional_aligner_trims_silence_and_flags_its_guess() {
    let audio = wave(bursts(24_000, &[(0, 500), (1000, 700)]), 24_000);
    let alignment = ProportionalAligner::new()
        .align(&audio, "one three", "xx")
        .unwrap();
    let seconds: Vec<f64> = alignment
        .words
        .iter()
        .flat_map(|w| [w.start.as_secs_f64(), w.end.as_secs_f64()])
        .collect();
    assert!(
        (seconds[0] - 0.5).abs() <= 0.015 && (seconds[3] - 1.5).abs() <= 0.015,
        "{seconds:?}"
    );
    assert!(
        seconds[1] == seconds[2] && seconds[1] - 0.5 < 0.5,
        "{seconds:?}"
    );
    assert!(
        alignment
            .words
            .iter()
            .all(|w| w.source == TimingSource::Estimated)
    );
    assert_eq!(alignment.quality.coverage, 0.0);
}

#[test]
fn hard_cases_give_every_word_a_time_or_a_typed_error() {
    let speech = bursts(
        24_000,
        &[(100, 60), (400, 200), (900, 40), (250, 300), (700, 500)],
    );
    let mut seed = 1_u32;
    let noise: Vec<f32> = (0..48_000)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect();
    let click: Vec<f32> = (0..24_000).map(|i| f32::from(i == 12_000)).collect();
    let sounds = [
        ("speech", speech.clone()),
        ("noise", noise),
        ("silence", vec![0.0; 48_000]),
        ("a click", click),
        ("0.05 s", speech[4000..5200].to_vec()),
        ("one sample", vec![0.5]),
    ];
    let texts = [
        "",
        "one xqzvbtk three",
        "It cost $1,299.99 in 2025, up 50%.",
        "hello \u{1F600}",
        "你好世界",
        "…",
        &"many words ".repeat(40),
    ];
    for (name, samples) in sounds {
        let audio = wave(samples, 24_000);
        for text in texts {
            for aligner in aligners() {
                let outcome = aligner.align(&audio, text, "en");
                let words = split_words(text).len();
                match &outcome {
                    Ok(alignment) => check_promises(alignment, text),
                    Err(AlignError::TooShort {
                        words: n,
                        needed,
                        duration,
                    }) => {
                        assert!(
                            *n == words && needed > duration,
                            "{name} {text} {outcome:?}"
                        );
                    }
                    Err(AlignError::NothingSpoken { words: n }) => assert_eq!(*n, words),
                    Err(_) => panic!("{} on {name}, {text:?}: {outcome:?}", aligner.name()),
                }
                assert!(
                    outcome.is_ok() || is_acoustic(aligner.as_ref()),
                    "{name} {text} {outcome:?}"
                );
            }
        }
    }
    let found = HmmAligner::new().align(&wave(speech, 24_000), "hello", "de-DE");
    assert!(
        matches!(found, Err(AlignError::Language { .. })),
        "{found:?}"
    );
    assert_eq!(
        HmmAligner::with_model(b"not a model").err(),
        Some(AlignError::Model)
    );
}
