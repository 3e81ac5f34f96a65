//! The text front end: what is spoken, and that words and places are told as they are written.

use std::sync::Arc;

use f5_tts::{
    DevicePreference, ErrorKind, F5Tts, F5TtsBuilder, Speech, SynthesisParams,
    core::text::normalize::{NoNormalizer, Normalized, PronunciationOverrides, TextNormalizer},
};

use crate::{ENGINE, VOICE, quick};

const TEXT: &str = "It costs $5.50 on March 3rd.";

fn builder() -> F5TtsBuilder {
    F5Tts::builder().device(DevicePreference::Cpu)
}

fn speak(engine: &F5Tts, text: &str) -> Speech {
    engine.synthesize(&VOICE, text, &quick()).unwrap()
}

fn off() -> SynthesisParams {
    SynthesisParams {
        normalize_text: false,
        ..quick()
    }
}

/// Words are those of the text, in order, at their places and times.
fn check_words(text: &str, speech: &Speech) {
    let words: Vec<&str> = speech.words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
    let chars: Vec<char> = text.chars().collect();
    for word in &speech.words {
        let written: String = chars[word.chars.clone()].iter().collect();
        assert_eq!(written, word.word);
        assert!(word.start <= word.end);
    }
    for pair in speech.words.windows(2) {
        assert!(pair[0].end <= pair[1].start && pair[0].chars.end <= pair[1].chars.start);
    }
}

#[test]
fn words_are_timed_as_spoken_and_shown_as_written() {
    let speech = speak(&ENGINE, TEXT);
    let spoken = "It costs five dollars fifty on March third.";
    assert_eq!(speech.report.spoken_text.as_deref(), Some(spoken));
    assert_eq!(
        (
            speech.chunks[0].text.as_str(),
            speech.chunks[0].chars.clone()
        ),
        (spoken, 0..28)
    );
    assert_eq!(speech.report.unknown, []);
    assert_eq!(speech.words.len(), 6);
    check_words(TEXT, &speech);
    // The same audio as that of the spoken text, whose words are the parts of the written ones.
    let parts = speak(&ENGINE, spoken);
    assert_eq!(parts.waveform, speech.waveform);
    assert_eq!(
        (speech.words[2].start, speech.words[2].end),
        (parts.words[2].start, parts.words[4].end)
    );
    assert_eq!(speech.words[5].end, parts.words[7].end);
    assert_eq!(parts.report.spoken_text, None);
}

#[test]
fn it_is_switched_off_by_call_engine_and_language() {
    let raw = ENGINE.synthesize(&VOICE, TEXT, &off()).unwrap();
    let unknown: Vec<_> = raw
        .report
        .unknown
        .iter()
        .map(|one| (one.ch, one.at))
        .collect();
    assert_eq!(
        unknown,
        [('$', 9), ('5', 10), ('5', 12), ('0', 13), ('3', 24)]
    );
    assert_eq!(raw.report.spoken_text, None);
    check_words(TEXT, &raw);
    let none = builder()
        .text_normalizer(Arc::new(NoNormalizer))
        .build()
        .unwrap();
    assert_eq!(speak(&none, TEXT).waveform, raw.waveform);
    let german = builder().language("de").build().unwrap();
    assert_eq!(speak(&german, TEXT).waveform, raw.waveform);
    assert!(
        !SynthesisParams::upstream().normalize_text && SynthesisParams::default().normalize_text
    );
}

#[test]
fn long_texts_lose_no_word_at_seams() {
    let sentence = "On 3/14/2025 at 10:05 Dr. Hill paid $1,250.75 for 12 kg of tea (5% off), then called \
        555-123-4567 and wrote to jane.doe@example.com about No. 7. ";
    let text = sentence.repeat(3);
    for params in [
        quick(),
        SynthesisParams {
            first_chunk: Some(std::time::Duration::from_secs(1)),
            ..quick()
        },
        SynthesisParams {
            normalize_text: true,
            nfe_steps: 2,
            seed: Some(7),
            ..SynthesisParams::upstream()
        },
    ] {
        let speech = ENGINE.synthesize(&VOICE, &text, &params).unwrap();
        assert!(speech.chunks.len() > 2);
        check_words(&text, &speech);
        let mut stream = ENGINE.synthesize_stream(&VOICE, &text, &params).unwrap();
        let (mut words, mut chunks) = (vec![], vec![]);
        for piece in &mut stream {
            let piece = piece.unwrap();
            words.extend(piece.words);
            chunks.push(piece.chunk);
        }
        assert_eq!((words, chunks), (speech.words, speech.chunks));
        assert_eq!(stream.report().spoken_text, speech.report.spoken_text);
    }
}

/// Says a word as very many.
#[derive(Debug)]
struct Wordy;

impl TextNormalizer for Wordy {
    fn name(&self) -> &'static str {
        "wordy"
    }

    fn normalize(&self, text: &str, language: &str) -> Normalized {
        assert_eq!(language, "en");
        let found = text.match_indices('&').map(|(at, _)| at..at + 1);
        Normalized::with_replacements(text, found.map(|range| (range, "la ".repeat(200) + "la")))
    }
}

#[test]
fn one_word_over_many_chunks_stays_one() {
    let engine = builder().text_normalizer(Arc::new(Wordy)).build().unwrap();
    let text = "We sing & dance.";
    let speech = speak(&engine, text);
    assert!(speech.chunks.len() > 1);
    check_words(text, &speech);
    let pieces = engine.synthesize_stream(&VOICE, text, &quick()).unwrap();
    let words: Vec<_> = pieces.flat_map(|piece| piece.unwrap().words).collect();
    assert_eq!(words, speech.words);
}

fn unknown(speech: &Speech) -> Vec<(char, usize)> {
    let unknown = speech.report.unknown.iter();
    unknown.map(|one| (one.ch, one.at)).collect()
}

#[test]
fn unknown_characters_are_told_by_their_places_in_the_text() {
    let speech = speak(&ENGINE, "It is 20 km to ж… and & so on");
    assert_eq!(unknown(&speech), [('ж', 15)]);
    // One that only the spoken text has stands where its word does.
    let overrides = PronunciationOverrides::new().respell("tea", "t(ж");
    let engine = builder().pronunciations(overrides).build().unwrap();
    let speech = speak(&engine, "20 cups of tea.");
    assert_eq!(unknown(&speech), [('(', 11), ('ж', 11)]);
    check_words("20 cups of tea.", &speech);
}

#[test]
fn overrides_are_read_and_pinyin_is_a_token() {
    let overrides = PronunciationOverrides::parse("Nguyen = win\n行 = hang2").unwrap();
    let engine = builder().pronunciations(overrides).build().unwrap();
    let speech = speak(&engine, "Mr. Nguyen walks.");
    assert_eq!(
        speech.report.spoken_text.as_deref(),
        Some("Mister win walks.")
    );
    check_words("Mr. Nguyen walks.", &speech);
    // The demo voice has no pinyin, which the report tells by the character.
    let error = engine.synthesize(&VOICE, "行", &quick()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_text_with_nothing_to_say_is_refused() {
    let engine = builder()
        .pronunciations(PronunciationOverrides::new().respell("hush", ""))
        .build()
        .unwrap();
    let error = engine.synthesize(&VOICE, "Hush", &quick()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
