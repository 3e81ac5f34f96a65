//! The engine end to end with the demo voice. Nothing here depends on the values of its weights.

#![allow(clippy::unwrap_used, reason = "tests state their expectations with it")]

mod bad_input;
mod bad_model;
mod batch;
mod candidates;
mod dub;
mod edit;
mod family;
mod long_form;
mod normalize;
mod odd;
mod perform;
#[path = "../../f5-runtime/tests/store/recorder.rs"]
mod recorder;
mod reference;
mod script;
mod sharing;
mod spans;
mod speech;
mod stream;
mod transcript;
mod words;

use std::{path::PathBuf, sync::LazyLock};

use f5_tts::{DevicePreference, F5Tts, SynthesisParams, Voice};

/// One engine for all tests: it is shared between their threads, as a program would.
static ENGINE: LazyLock<F5Tts> = LazyLock::new(|| {
    F5Tts::builder()
        .device(DevicePreference::Cpu)
        .build()
        .expect("the demo model loads")
});

static VOICE: LazyLock<Voice> = LazyLock::new(|| {
    let ref_text = std::fs::read_to_string(voices().join("slt.txt")).expect("slt.txt");
    ENGINE
        .voice(voices().join("slt.wav"), &ref_text)
        .expect("the demo voice is usable")
});

fn voices() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/voices")
}

/// As few steps as say anything.
fn quick() -> SynthesisParams {
    SynthesisParams {
        nfe_steps: 2,
        seed: Some(7),
        ..Default::default()
    }
}
