//! Every kind of input that cannot be spoken is refused by kind and with its evidence.

use std::{fs, time::Duration};

use f5_tts::{
    Error, ErrorKind, SynthesisParams,
    core::audio::{Pcm, SampleWidth},
};

use crate::{ENGINE, VOICE, quick, voices};

fn voice_error(pcm: &Pcm) -> Error {
    ENGINE.voice_from_pcm(pcm, "Some words.").unwrap_err()
}

fn pcm(samples: Vec<i32>) -> Pcm {
    Pcm::new(samples, SampleWidth::Bits16, 1, 24_000).unwrap()
}

fn text_error(text: &str) -> Error {
    ENGINE.synthesize(&VOICE, text, &quick()).unwrap_err()
}

fn params_error(params: SynthesisParams) -> Error {
    ENGINE
        .synthesize(&VOICE, "We walk home.", &params)
        .unwrap_err()
}

fn assert_says(error: &Error, kind: ErrorKind, evidence: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    for evidence in evidence {
        assert!(text.contains(evidence), "{evidence:?} is not in {text:?}");
    }
}

#[test]
fn missing_ref_audio() {
    let error = ENGINE.voice("no/such.wav", "Some words.").unwrap_err();
    assert_says(&error, ErrorKind::Io, &["no/such.wav"]);
}

#[test]
fn ref_audio_that_is_no_wav() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("song.wav");
    fs::write(&path, "ID3 this is something else altogether").unwrap();
    let error = ENGINE.voice(&path, "Some words.").unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["song.wav"]);
}

#[test]
fn silent_ref_audio() {
    assert_says(
        &voice_error(&pcm(vec![0; 48_000])),
        ErrorKind::InvalidInput,
        &["silent"],
    );
}

#[test]
fn ref_audio_shorter_than_a_window() {
    let click = pcm((0..600)
        .map(|i| if i % 2 == 0 { 9000 } else { -9000 })
        .collect());
    assert_says(&voice_error(&click), ErrorKind::InvalidInput, &["1024"]);
}

#[test]
fn empty_ref_audio() {
    assert_says(
        &voice_error(&pcm(Vec::new())),
        ErrorKind::InvalidInput,
        &["empty"],
    );
}

#[test]
fn empty_ref_text() {
    for ref_text in ["", " \n"] {
        let error = ENGINE
            .voice(voices().join("slt.wav"), ref_text)
            .unwrap_err();
        let says = ["ref_text is empty", "transcriber", "the engine has none"];
        assert_says(&error, ErrorKind::InvalidInput, &says);
    }
}

#[test]
fn empty_gen_text() {
    for text in ["", " \t\n "] {
        assert_says(
            &text_error(text),
            ErrorKind::InvalidInput,
            &["gen_text is empty"],
        );
    }
}

#[test]
fn gen_text_of_unknown_characters_alone() {
    let evidence = ["none of the 3 characters", "'7' at 0", "'ж' at 4"];
    assert_says(&text_error("7 8 ж"), ErrorKind::InvalidInput, &evidence);
}

#[test]
fn text_longer_than_the_position_table() {
    let fix_duration = Some(Duration::from_secs(100));
    let error = params_error(SynthesisParams {
        fix_duration,
        ..quick()
    });
    assert_says(&error, ErrorKind::InvalidInput, &["9375 frames", "8192"]);
}

#[test]
fn fix_duration_that_leaves_no_time_to_speak() {
    let fix_duration = Some(Duration::from_secs(2));
    let error = params_error(SynthesisParams {
        fix_duration,
        ..quick()
    });
    assert_says(&error, ErrorKind::InvalidInput, &["2"]);
}

#[test]
fn no_steps() {
    let error = params_error(SynthesisParams {
        nfe_steps: 0,
        ..quick()
    });
    assert_says(&error, ErrorKind::InvalidInput, &["nfe_steps"]);
}

#[test]
fn parameters_out_of_range() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = params_error(SynthesisParams {
            speed: bad,
            ..quick()
        });
        assert_says(
            &error,
            ErrorKind::InvalidInput,
            &["speed is", &bad.to_string()],
        );
        let error = params_error(SynthesisParams {
            target_rms: bad as f32,
            ..quick()
        });
        assert_says(&error, ErrorKind::InvalidInput, &["target_rms is"]);
    }
    for bad in [-1.0, f32::NAN, f32::INFINITY] {
        let error = params_error(SynthesisParams {
            cfg_strength: bad,
            ..quick()
        });
        assert_says(
            &error,
            ErrorKind::InvalidInput,
            &["cfg_strength is", &bad.to_string()],
        );
    }
    for bad in [f32::NAN, f32::NEG_INFINITY] {
        let error = params_error(SynthesisParams {
            sway_sampling_coef: Some(bad),
            ..quick()
        });
        assert_says(&error, ErrorKind::InvalidInput, &["sway_sampling_coef is"]);
    }
}

#[test]
fn sway_that_turns_time_back() {
    let error = params_error(SynthesisParams {
        sway_sampling_coef: Some(-4.0),
        ..quick()
    });
    assert_says(&error, ErrorKind::InvalidInput, &["sway_sampling_coef -4"]);
}
