//! wav2vec 2.0 against transformers' own results (see `data/ctc/README.md`), and what can be wrong
//! with its files.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests state their expectations"
)]

use std::{fs, path::PathBuf};

use burn::tensor::Device;
use f5_align::{
    AlignError, Aligner, CtcAligner, TranscribeError, Transcriber,
    ctc::{Emissions, ModelError},
};
use f5_core::{audio::Waveform, weights::WeightsError};
use safetensors::SafeTensors;

fn folder(name: &str) -> PathBuf {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/ctc");
    data.join(name)
}

fn load(name: &str) -> CtcAligner {
    CtcAligner::load(folder(name), "en", &Device::flex()).unwrap()
}

/// The waveform of a case and the log-probabilities that transformers gives for it.
fn case(name: &str) -> (Waveform, Emissions) {
    let bytes = fs::read(folder(name).join("io.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let values = |name: &str| -> Vec<f32> {
        let data = tensors.tensor(name).unwrap().data().as_chunks::<4>().0;
        data.iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    };
    let waveform = Waveform::new(values("waveform"), 16_000).unwrap();
    (waveform, Emissions::new(values("log_probs"), 32).unwrap())
}

#[test]
fn both_layouts_hear_what_transformers_hears() {
    for name in ["base", "large"] {
        let (waveform, expected) = case(name);
        let found = load(name).emissions(&waveform).unwrap();
        assert_eq!((found.frames(), found.classes()), (29, 32));
        for t in 0..29 {
            for (found, expected) in found.frame(t).iter().zip(expected.frame(t)) {
                assert!(
                    (found - expected).abs() <= 1e-3,
                    "{name} {t}: {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn normalisation_is_the_callers_to_set() {
    // The first norm of the base layout makes loudness nearly the same, so the large one tells.
    let (waveform, expected) = case("large");
    let found = load("large").normalize(false).emissions(&waveform).unwrap();
    let pairs = (0..29).flat_map(|t| found.frame(t).iter().zip(expected.frame(t)));
    let furthest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(furthest > 1e-2, "{furthest}");
}

#[test]
fn what_is_heard_can_be_written_down() {
    for name in ["base", "large"] {
        let (waveform, expected) = case(name);
        let vocab: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&fs::read_to_string(folder(name).join("vocab.json")).unwrap())
                .unwrap();
        let written = expected.greedy(0).into_iter().map(|class| {
            let (token, _) = vocab.iter().find(|(_, id)| **id == class).unwrap();
            match token.as_str() {
                "|" => " ".to_owned(),
                letter if letter.len() == 1 => letter.to_lowercase(),
                _ => String::new(),
            }
        });
        let written: String = written.collect();
        let expected: Vec<&str> = written.split_whitespace().collect();
        assert!(!expected.is_empty());
        let found = load(name).transcribe(&waveform, "en-US").unwrap();
        assert_eq!(found, expected.join(" "), "{name}");
    }
    let aligner = load("base");
    let nothing = Waveform::new(Vec::new(), 16_000).unwrap();
    assert_eq!(
        aligner.transcribe(&nothing, "en"),
        Err(TranscribeError::NoAudio)
    );
    assert!(matches!(
        aligner.transcribe(&case("base").0, "de"),
        Err(TranscribeError::Language { .. })
    ));
}

#[test]
fn long_audio_is_heard_in_windows() {
    let (short, _) = case("base");
    // 40 s: two windows. The first is heard with two seconds more.
    let samples: Vec<f32> = short
        .samples()
        .iter()
        .copied()
        .cycle()
        .take(640_000)
        .collect();
    let first = samples[..1599 * 320 + 400].to_vec();
    let aligner = load("base");
    let whole = aligner
        .emissions(&Waveform::new(samples, 16_000).unwrap())
        .unwrap();
    assert_eq!(whole.frames(), (640_000 - 400) / 320 + 1);
    let first = aligner
        .emissions(&Waveform::new(first, 16_000).unwrap())
        .unwrap();
    assert_eq!(first.frames(), 1600);
    for t in 0..1500 {
        for (a, b) in whole.frame(t).iter().zip(first.frame(t)) {
            assert!((a - b).abs() <= 1e-4, "{t}: {a} {b}");
        }
    }
}

#[test]
fn other_languages_are_refused() {
    let aligner = load("base");
    assert_eq!(aligner.preflight("EN_gb"), Ok(()));
    let found = aligner.align(&case("base").0, "hallo", "de");
    assert_eq!(
        found.unwrap_err().to_string(),
        "the ctc aligner knows en, not the language \"de\"; add an aligner that does, or use the energy aligner"
    );
}

#[test]
fn too_little_audio_says_how_much_is_needed() {
    let (waveform, _) = case("base");
    let found = load("base").align(&waveform, "far too many words for these six tenths", "en");
    let Err(AlignError::TooShort {
        words: 8,
        duration,
        needed,
    }) = found
    else {
        panic!("{found:?}");
    };
    assert!(needed > duration);
    // 39 letters and spaces with one repeat: 40 frames of 20 ms, and 5 ms more.
    assert_eq!(needed.as_millis(), 805);
}

/// A copy of a case's files with one of them changed.
fn broken(file: &str, content: &str) -> ModelError {
    let dir = tempfile::tempdir().unwrap();
    for file in ["config.json", "vocab.json", "model.safetensors"] {
        fs::copy(folder("base").join(file), dir.path().join(file)).unwrap();
    }
    fs::write(dir.path().join(file), content).unwrap();
    CtcAligner::load(dir.path(), "en", &Device::flex()).unwrap_err()
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let config = fs::read_to_string(folder("base").join("config.json")).unwrap();
    let missing = CtcAligner::load(folder("nowhere"), "en", &Device::flex()).unwrap_err();
    assert!(matches!(&missing, ModelError::Read { path, .. } if path.ends_with("config.json")));
    let error = broken("vocab.json", "[1, 2]");
    assert!(matches!(&error, ModelError::Json { path, .. } if path.ends_with("vocab.json")));
    let error = broken("vocab.json", r#"{"<pad>": 0, "tʃ": 1}"#);
    assert!(
        matches!(error, ModelError::NoCharacters { tokens: 2, .. }),
        "{error}"
    );
    let error = broken("preprocessor_config.json", "");
    assert!(matches!(error, ModelError::Json { .. }), "{error}");
    let error = broken("config.json", &config.replace("\"gelu\"", "\"relu\""));
    assert!(matches!(error, ModelError::Unsupported { .. }), "{error}");
    let error = broken("model.safetensors", "PK");
    assert!(
        matches!(error, ModelError::Weights(WeightsError::Truncated { .. })),
        "{error}"
    );
    let error = broken(
        "config.json",
        &config.replace("\"intermediate_size\": 48", "\"intermediate_size\": 40"),
    );
    assert!(
        matches!(error, ModelError::Weights(WeightsError::Mismatch { .. })),
        "{error}"
    );
}
