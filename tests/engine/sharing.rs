//! What the engine says of its device, and what engines of one process share.

use f5_tts::{DevicePreference, ErrorKind, F5Tts, VoiceCache, WeightCache};

use crate::{ENGINE, VOICE, quick, voices};

const TEXT: &str = "We walk home.";

#[test]
fn a_second_engine_shares_the_networks_of_the_first() {
    let weights = WeightCache::new();
    assert!(weights.is_empty());
    let build = || {
        let builder = F5Tts::builder().device(DevicePreference::Cpu);
        builder.weight_cache(&weights).build().unwrap()
    };
    let (first, second) = (build(), build());
    let (cold, warm) = (&first.report().loading, &second.report().loading);
    assert!(!cold.shared() && cold.bytes > 1_000_000, "{cold:?}");
    assert!(warm.shared() && warm.bytes == 0, "{warm:?}");
    assert!(warm.elapsed < cold.elapsed, "{warm:?} against {cold:?}");
    assert_eq!(weights.len(), 2);
    let say = |tts: &F5Tts| tts.synthesize(&VOICE, TEXT, &quick()).unwrap().waveform;
    assert_eq!(say(&first), say(&second));
    assert_eq!(weights.release_unused(), 0);
    drop(first);
    assert_eq!(weights.release_unused(), 0, "the second one still speaks");
    drop(second);
    assert_eq!(weights.release_unused(), 2);
    assert!(weights.is_empty());
    assert!(!build().report().loading.shared());
}

#[test]
fn engines_without_a_common_cache_share_nothing() {
    let again = F5Tts::builder().device(DevicePreference::Cpu).build();
    assert!(!again.unwrap().report().loading.shared());
}

#[test]
fn the_report_names_what_was_wanted_and_refused() {
    let auto = F5Tts::builder().build().unwrap();
    let report = &auto.report().device;
    assert_eq!(report.wanted, DevicePreference::Auto);
    assert_eq!(report.used, auto.device());
    assert!(
        report
            .refused
            .iter()
            .all(|refused| !refused.error.is_empty())
    );
    // A GPU that no machine has.
    let none = DevicePreference::Cuda(77);
    let error = F5Tts::builder().device(none).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    assert!(error.to_string().contains("cuda:77"), "{error}");
    let builder = F5Tts::builder().device(none).allow_fallback(true);
    let tts = builder.build().unwrap();
    let report = &tts.report().device;
    assert_eq!(
        (report.wanted, report.refused[0].name.as_str()),
        (none, "cuda:77")
    );
    assert_ne!(report.used, none);
    let json = serde_json::to_value(tts.report()).unwrap();
    assert_eq!(json["device"]["wanted"], "cuda:77");
}

#[test]
fn the_same_recording_is_prepared_once() {
    let voices_cache = VoiceCache::new(2);
    let text = std::fs::read_to_string(voices().join("slt.txt")).unwrap();
    let first = voices_cache
        .voice(&ENGINE, voices().join("slt.wav"), &text)
        .unwrap();
    // The same content under another name.
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.wav");
    std::fs::copy(voices().join("slt.wav"), &copy).unwrap();
    let second = voices_cache.voice(&ENGINE, &copy, &text).unwrap();
    let stats = voices_cache.stats();
    assert_eq!((stats.hits, stats.misses), (1, 1));
    assert!(std::ptr::eq(first.mel(), second.mel()), "one mel for both");
    // Another text is another voice, and the one that was not used longest goes.
    for text in ["One.", "Two.", "One."] {
        voices_cache.voice(&ENGINE, &copy, text).unwrap();
    }
    voices_cache.voice(&ENGINE, &copy, &text).unwrap();
    let stats = voices_cache.stats();
    assert_eq!((stats.hits, stats.misses), (2, 4));
    assert!(
        voices_cache
            .voice(&ENGINE, dir.path().join("none.wav"), &text)
            .is_err()
    );
}

#[test]
fn warming_up_changes_nothing_that_is_spoken() {
    let say = || ENGINE.synthesize(&VOICE, TEXT, &quick()).unwrap().waveform;
    let before = say();
    let warm = ENGINE.warm_up().unwrap();
    assert_eq!(warm.device, DevicePreference::Cpu);
    assert!(!warm.sampling.is_zero() && !warm.vocoding.is_zero());
    assert_eq!(say(), before);
}
