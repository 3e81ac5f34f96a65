//! A reference recording whose text a transcriber writes down.

use std::sync::Arc;

use f5_tts::{
    DevicePreference, ErrorKind, F5Tts, VoiceCache,
    align::{TranscribeError, Transcriber},
    core::audio::Waveform,
};

use crate::voices;

/// Says what it is told to, and that it was given audio in the engine's language.
#[derive(Debug)]
struct Fake(Result<&'static str, TranscribeError>);

impl Transcriber for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn transcribe(&self, audio: &Waveform, language: &str) -> Result<String, TranscribeError> {
        assert!(audio.duration().as_secs_f64() > 3.0 && language == "en-GB");
        self.0.clone().map(str::to_owned)
    }
}

fn engine(says: Result<&'static str, TranscribeError>) -> F5Tts {
    let builder = F5Tts::builder()
        .device(DevicePreference::Cpu)
        .language("en-GB");
    builder.transcriber(Arc::new(Fake(says))).build().unwrap()
}

#[test]
fn a_missing_text_is_written_down_and_a_given_one_kept() {
    let engine = engine(Ok("the old house"));
    let voice = engine.voice(voices().join("slt.wav"), " ").unwrap();
    assert_eq!(voice.ref_text(), "the old house. ");
    let voice = engine
        .voice(voices().join("slt.wav"), "Another one.")
        .unwrap();
    assert_eq!(voice.ref_text(), "Another one. ");
}

#[test]
fn a_recording_that_cannot_be_transcribed_says_why() {
    let nothing = TranscribeError::NothingHeard {
        transcriber: "fake",
    };
    for says in [Err(nothing.clone()), Ok("  ")] {
        let error = engine(says)
            .voice(voices().join("slt.wav"), "")
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transcription);
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), nothing.to_string());
    }
}

#[derive(Debug)]
struct Other;

impl Transcriber for Other {
    fn name(&self) -> &'static str {
        "other"
    }

    fn transcribe(&self, _: &Waveform, language: &str) -> Result<String, TranscribeError> {
        Ok(format!("heard in {language}"))
    }
}

#[test]
fn a_cache_keeps_the_transcripts_of_engines_apart() {
    let cache = VoiceCache::new(9);
    let slt = voices().join("slt.wav");
    let text = |tts: &F5Tts, ref_text: &str| {
        let voice = cache.voice(tts, &slt, ref_text).unwrap();
        voice.ref_text().to_owned()
    };
    let other = |language: &str| {
        let builder = F5Tts::builder().device(DevicePreference::Cpu);
        let builder = builder.transcriber(Arc::new(Other));
        builder.language(language).build().unwrap()
    };
    let (fake, english, german) = (engine(Ok("the old house")), other("en"), other("de"));
    assert_eq!(text(&fake, ""), "the old house. ");
    assert_eq!(text(&english, ""), "heard in en. ");
    assert_eq!(text(&german, ""), "heard in de. ");
    assert_eq!(text(&german, " \n"), "heard in de. ");
    let error = cache.voice(&crate::ENGINE, &slt, "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!((cache.stats().hits, cache.stats().misses), (1, 4));
    // A text that is given is the same for all of them.
    assert_eq!(text(&fake, "Given."), text(&german, "Given."));
    assert_eq!((cache.stats().hits, cache.stats().misses), (2, 5));
}
