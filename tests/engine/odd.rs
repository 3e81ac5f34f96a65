//! Odd texts through the engine and odd sounds through the aligners: times for every word, or an
//! error of a kind.

use std::{f32::consts::TAU, time::Duration};

use f5_tts::{
    ErrorKind, WordTiming,
    align::{AlignError, Aligner, AlignerChain, HmmAligner, split_words},
    core::audio::Waveform,
};

use crate::{ENGINE, VOICE, quick, voices};

/// Every word of the text, in order, inside the audio.
fn assert_timed(words: &[WordTiming], text: &str, duration: Duration) {
    let expected = split_words(text);
    let names: Vec<&str> = words.iter().map(|w| w.word.as_str()).collect();
    let wanted: Vec<&str> = expected.iter().map(|w| w.text.as_str()).collect();
    assert_eq!(names, wanted);
    let mut before = Duration::ZERO;
    for (word, expected) in words.iter().zip(&expected) {
        assert!(before <= word.start && word.start <= word.end, "{word:?}");
        assert_eq!(word.chars, expected.chars, "{word:?}");
        before = word.end;
    }
    assert!(before <= duration, "{before:?} is after {duration:?}");
}

#[test]
fn odd_texts_are_timed_whole() {
    for text in [
        "Xqzvbtk.",
        "We walk xqzvbtk home.",
        "We paid 1,299 for it in 2025, up 50%.",
        "We walk \u{1F600} home. \u{1F600}",
        "We walk 你好 home.",
        "We walk home.\n\n \t\n\n…\n\nThe end.",
        "a",
    ] {
        let speech = ENGINE.synthesize(&VOICE, text, &quick());
        let speech = speech.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_timed(&speech.words, text, speech.duration());
        let chunks = speech.report.alignment.iter();
        let trails: Vec<_> = chunks.map(|chunk| chunk.trail.len()).collect();
        assert!(trails.iter().all(|&links| links > 0), "{text:?} {trails:?}");
    }
}

#[test]
fn texts_that_cannot_be_spoken_are_errors_of_a_kind() {
    for text in ["", " \n\n ", "你好世界", "\u{FFFC}", "— — —"] {
        let error = ENGINE.synthesize(&VOICE, text, &quick()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text:?}: {error}");
    }
}

#[test]
fn the_demo_voice_is_found_by_the_default_link() {
    let audio = Waveform::read_wav(voices().join("slt.wav")).unwrap();
    let text = std::fs::read_to_string(voices().join("slt.txt")).unwrap();
    let found = AlignerChain::default().align(&audio, &text, "en").unwrap();
    assert_timed(&found.words, &text, audio.duration());
    assert_eq!((found.aligner, found.trail.len()), ("hmm", 1));
    assert!(found.words.iter().all(|word| !word.is_interpolated()));
    let slow = found
        .words
        .iter()
        .filter(|w| w.end - w.start > Duration::from_secs(1));
    assert_eq!(slow.count(), 0);
}

#[test]
fn odd_sounds_give_every_word_a_time() {
    let tone = |hertz: f32, i: u32| (TAU * hertz * i as f32 / 24_000.0).sin();
    // Two bars of two chords with a plucked start each.
    let music = (0..96_000_u32).map(|i| {
        let root = if i < 48_000 { 220.0 } else { 293.7 };
        let chord = tone(root, i) + tone(root * 1.25, i) + tone(root * 1.5, i);
        0.2 * chord * (-((i % 12_000) as f32) / 6_000.0).exp()
    });
    let speech = Waveform::read_wav(voices().join("slt.wav")).unwrap();
    let start = speech.sample_rate() as usize;
    let blink = speech.samples()[start..start + start / 20].to_vec();
    let sounds = [
        ("music", Waveform::new(music.collect(), 24_000)),
        ("silence", Waveform::new(vec![0.0; 48_000], 24_000)),
        ("0.05 s", Waveform::new(blink, speech.sample_rate())),
        ("one sample", Waveform::new(vec![0.1], 24_000)),
    ];
    let texts = [
        "",
        "We walk home.",
        "xqzvbtk",
        "1,299 apples",
        "hello \u{1F600}",
        "你好世界",
        "…",
    ];
    let chain = AlignerChain::default();
    for (sound, audio) in &sounds {
        let audio = audio.as_ref().unwrap();
        for text in texts {
            let found = chain.align(audio, text, "en");
            let found = found.unwrap_or_else(|error| panic!("{sound}, {text:?}: {error}"));
            assert_timed(&found.words, text, audio.duration());
            match HmmAligner::new().align(audio, text, "en") {
                Ok(found) => assert_timed(&found.words, text, audio.duration()),
                Err(AlignError::TooShort { .. }) => {
                    assert!(*sound == "0.05 s" || *sound == "one sample", "{text:?}");
                }
                Err(AlignError::NothingSpoken { words }) => {
                    assert_eq!(words, split_words(text).len());
                    assert!(
                        !text.contains(|c: char| c.is_ascii_alphanumeric()),
                        "{text:?}"
                    );
                }
                Err(error) => panic!("{sound}, {text:?}: {error}"),
            }
        }
    }
    let nothing = Waveform::new(Vec::new(), 24_000).unwrap();
    let found = chain.align(&nothing, "We walk home.", "en");
    assert_eq!(found, Err(AlignError::NoAudio { words: 3 }));
}
