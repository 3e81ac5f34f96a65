//! Reference recordings: formats, and what is said about their worth.

use f5_tts::core::audio::{Pcm, check::Finding};

use crate::{ENGINE, VOICE, voices};

#[test]
fn the_demo_voice_is_good() {
    let report = VOICE.report();
    assert!(report.is_good() && report.findings.is_empty(), "{report}");
}

#[test]
fn a_text_that_is_too_long_is_reported_and_changes_nothing() {
    let text = std::fs::read_to_string(voices().join("slt.txt")).unwrap();
    let twice = ENGINE
        .voice(voices().join("slt.wav"), &text.repeat(2))
        .unwrap();
    let [Finding::TooManyWords { .. }] = twice.report().findings.as_slice() else {
        panic!("{}", twice.report())
    };
    assert_eq!(twice.mel().data(), VOICE.mel().data());
    assert_eq!(twice.ref_audio(), VOICE.ref_audio());
}

fn encoded(name: &str) -> std::path::PathBuf {
    voices()
        .join("../../f5-core/tests/data/audio/encoded")
        .join(name)
}

#[cfg(feature = "symphonia")]
#[test]
fn a_voice_from_any_format() {
    let text = "a second of speech";
    let flac = ENGINE.voice(encoded("voice.flac"), text).unwrap();
    let pcm = Pcm::read_wav(encoded("../short_16k_mono.wav")).unwrap();
    let second = pcm.slice_ms(500, 1500);
    let wav = ENGINE.voice_from_pcm(&second, text).unwrap();
    assert_eq!(flac.ref_audio(), wav.ref_audio());
    let cache = f5_tts::VoiceCache::new(1);
    let cached = cache.voice(&ENGINE, encoded("voice.flac"), text).unwrap();
    assert_eq!(cached.ref_audio(), wav.ref_audio());
    for name in ["voice.mp3", "voice.ogg", "voice.m4a", "voice.aac"] {
        let voice = ENGINE.voice(encoded(name), text).unwrap();
        let apart = voice
            .ref_audio()
            .duration()
            .abs_diff(wav.ref_audio().duration());
        assert!(apart.as_millis() <= 80, "{name}: {apart:?}");
    }
}

#[cfg(not(feature = "symphonia"))]
#[test]
fn another_format_needs_the_feature() {
    let error = ENGINE.voice(encoded("voice.mp3"), "text").unwrap_err();
    assert_eq!(error.kind(), f5_tts::ErrorKind::InvalidInput);
    let source = std::error::Error::source(&error).unwrap();
    assert!(
        source.to_string().contains("feature `symphonia`"),
        "{source}"
    );
    let cached = f5_tts::VoiceCache::new(1).voice(&ENGINE, encoded("voice.mp3"), "text");
    let cached = cached.unwrap_err();
    let cached = std::error::Error::source(&cached).unwrap();
    assert_eq!(cached.to_string(), source.to_string());
    assert!(Pcm::read(voices().join("slt.wav")).is_ok());
}
