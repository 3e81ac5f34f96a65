//! What is written is read back: every word, every tick, for any words and times.
#![allow(clippy::unwrap_used)] // Helpers of tests state expectations, too.

use f5_timing::{
    CueMode, CueOptions, Document, ReadOptions, TimingFormat, Track, WordRef, WriteOptions,
};
use proptest::prelude::*;

/// Tick of a format in nanoseconds, and whether it keeps words byte for byte.
fn traits(format: TimingFormat) -> (u128, bool) {
    match format {
        TimingFormat::Ass | TimingFormat::Lrc => (10_000_000, false),
        TimingFormat::TextGrid | TimingFormat::Audacity => (1_000, false),
        TimingFormat::Csv | TimingFormat::Json | TimingFormat::JsonLines => (1_000_000, true),
        _ => (1_000_000, false),
    }
}

fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}[.,!?]?",
        any::<String>(),
        "[<>&{}\\\\\\[\\]\"',;=+@\\-\n\r\t ]{1,6}",
        "-->|WEBVTT|NOTE|42|👩‍👩‍👧‍👦|שלום|你好|\0",
    ]
}

/// Pieces of markup, and of what keeps it apart.
fn markup() -> impl Strategy<Value = &'static str> {
    const PIECES: &[&str] = &[
        "<", ">", "{", "}", "/", "\\", "i", "B", "font", "br", "<i>", "</I>", "<br/>", "{\\an8}",
        "{b}", "{/U}", "{y:i}", "<e>", "-->", "--", "\u{2060}", "=", "x", "é", "好",
    ];
    prop::sample::select(PIECES)
}

/// Words with times in nanoseconds: gaps and lengths from zero to minutes.
fn any_words() -> impl Strategy<Value = Vec<(String, u64, u64)>> {
    let step = || {
        prop_oneof![
            Just(0u64),
            0..2_000_000u64,
            0..2_000_000_000u64,
            0..400_000_000_000_000u64
        ]
    };
    prop::collection::vec((any_word(), step(), step()), 0..24).prop_map(|words| {
        let mut at = 0;
        let place = |(word, gap, length): (String, u64, u64)| {
            let start = at + gap;
            at = start + length;
            (word, start, at)
        };
        words.into_iter().map(place).collect()
    })
}

fn track(words: &[(String, u64, u64)]) -> Track {
    let mut track = Track::new();
    for (word, start, end) in words {
        let nanos = std::time::Duration::from_nanos;
        track.push(word, nanos(*start), nanos(*end), None).unwrap();
    }
    track
}

/// Text without what subtitle formats may change: white space, controls, invisible joiners.
fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !c.is_whitespace()
                && !c.is_control()
                && !matches!(
                    c,
                    '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
                )
        })
        .collect()
}

fn round(nanos: u64, tick: u128) -> u128 {
    (u128::from(nanos) + tick / 2) / tick
}

/// One cue per word, those without a length in the next cue, the last in the previous.
fn expected(words: &[(String, u64, u64)], tick: u128) -> Vec<(u128, u128, String)> {
    let mut cues: Vec<(u128, u128, String)> = Vec::new();
    let (mut wait, mut at) = (String::new(), None);
    for (word, start, end) in words {
        let text = visible(word);
        let (start, end) = (round(*start, tick), round(*end, tick));
        if text.is_empty() {
            continue;
        }
        if start == end {
            at = at.or(Some(start));
            wait += &text;
        } else {
            cues.push((start, end, std::mem::take(&mut wait) + &text));
            at = None;
        }
    }
    match (cues.last_mut(), at) {
        (Some(last), Some(_)) => last.2 += &wait,
        (None, Some(at)) => cues.push((at, at + 1, wait)),
        _ => {}
    }
    cues
}

fn parse(format: TimingFormat, bytes: &[u8], lenient: bool) -> Document {
    let options = if lenient {
        ReadOptions::lenient()
    } else {
        ReadOptions::default()
    };
    format.parse(bytes, &options).unwrap_or_else(|error| {
        panic!("{error}\n{}", String::from_utf8_lossy(bytes));
    })
}

fn check(format: TimingFormat, words: &[(String, u64, u64)]) {
    let (tick, exact) = traits(format);
    let track = track(words);
    let mut bytes = Vec::new();
    track.write(format, &mut bytes).unwrap();
    for lenient in [false, true] {
        let document = parse(format, &bytes, lenient);
        if exact {
            let found = document.cues.iter().map(|cue| {
                (
                    cue.text.clone(),
                    cue.start.as_nanos() / tick,
                    cue.end.as_nanos() / tick,
                )
            });
            let wanted = words
                .iter()
                .map(|(w, s, e)| (w.clone(), round(*s, tick), round(*e, tick)));
            assert_eq!(
                found.collect::<Vec<_>>(),
                wanted.collect::<Vec<_>>(),
                "{format}"
            );
            continue;
        }
        let cues = document.cues.iter().map(|cue| {
            (
                cue.start.as_nanos() / tick,
                cue.end.as_nanos() / tick,
                visible(&cue.text),
            )
        });
        let cues = cues.filter(|cue| format != TimingFormat::Audacity || !cue.2.is_empty());
        let cues = cues.collect::<Vec<_>>();
        let mut wanted = expected(words, tick);
        match format {
            // Labels have no need to merge.
            TimingFormat::Audacity => {
                let all = words
                    .iter()
                    .map(|(w, s, e)| (round(*s, tick), round(*e, tick), visible(w)));
                wanted = all.filter(|word| !word.2.is_empty()).collect();
            }
            // Lines have no end of their own.
            TimingFormat::Lrc => {
                for i in 0..wanted.len() {
                    wanted[i].1 = wanted.get(i + 1).map_or(wanted[i].0, |next| next.0);
                }
            }
            _ => {}
        }
        assert_eq!(cues, wanted, "{format}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_word_and_tick_comes_back(words in any_words()) {
        for format in TimingFormat::all() {
            if !matches!(format, TimingFormat::Whisper | TimingFormat::WhisperX) {
                check(format, &words);
            }
        }
    }

    #[test]
    fn whisper_layouts_keep_visible_words(words in any_words()) {
        let words = words.into_iter().filter(|word| !visible(&word.0).is_empty()).collect::<Vec<_>>();
        let track = track(&words);
        for format in [TimingFormat::Whisper, TimingFormat::WhisperX] {
            let mut bytes = Vec::new();
            track.write(format, &mut bytes).unwrap();
            let found = parse(format, &bytes, false).cues.into_iter().map(|cue| visible(&cue.text));
            let wanted = words.iter().map(|word| visible(&word.0)).collect::<Vec<_>>();
            prop_assert_eq!(found.collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn segmented_cues_keep_text_and_order(words in any_words(), preset in 0..4usize) {
        let presets = [CueOptions::netflix(), CueOptions::bbc(), CueOptions::cjk(), CueOptions::shorts()];
        let options = WriteOptions { cues: CueMode::Segmented(presets[preset].clone()), ..WriteOptions::default() };
        let track = track(&words);
        for format in [TimingFormat::Srt, TimingFormat::Ass, TimingFormat::Ttml, TimingFormat::TextGrid] {
            let mut bytes = Vec::new();
            track.write_with(format, &options, &mut bytes).unwrap();
            let cues = parse(format, &bytes, false).cues;
            let text = cues.iter().map(|cue| visible(&cue.text)).collect::<String>();
            prop_assert_eq!(text, words.iter().map(|word| visible(&word.0)).collect::<String>());
            prop_assert!(cues.iter().all(|cue| cue.start < cue.end));
            prop_assert!(cues.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }

    #[test]
    fn srt_gives_back_text_that_looks_like_markup(
        words in prop::collection::vec(prop::collection::vec(markup(), 1..6), 1..6),
        neutralise_markup in any::<bool>(),
        highlight in any::<bool>(),
    ) {
        // Words of joiners alone would be left out.
        let words = words.iter().map(|parts| parts.concat() + ".").collect::<Vec<_>>();
        let mut track = Track::new();
        let second = std::time::Duration::from_secs(1);
        for (i, word) in words.iter().enumerate() {
            track.push(word, second * i as u32, second * (i as u32 + 1), None).unwrap();
        }
        let cues = CueMode::Segmented(CueOptions { max_columns: 4_000, ..CueOptions::default() });
        let options = WriteOptions { neutralise_markup, ..WriteOptions::default() };
        let marked = WriteOptions { cues, highlight, ..options.clone() };
        for lenient in [false, true] {
            let mut bytes = Vec::new();
            track.write_with(TimingFormat::Srt, &options, &mut bytes).unwrap();
            let found = parse(TimingFormat::Srt, &bytes, lenient).cues;
            let found = found.iter().map(|cue| cue.text.as_str()).collect::<Vec<_>>();
            prop_assert_eq!(found, words.iter().map(String::as_str).collect::<Vec<_>>());
            bytes.clear();
            track.write_with(TimingFormat::Srt, &marked, &mut bytes).unwrap();
            let text = words.concat();
            for cue in parse(TimingFormat::Srt, &bytes, lenient).cues {
                let cue = cue.text.replace(['\n', ' '], "");
                prop_assert!(text.contains(&cue), "{:?} is not in {:?}", cue, text);
            }
        }
    }

    #[test]
    fn formula_guard_is_reversible(words in any_words()) {
        let options = WriteOptions { formula_guard: true, ..WriteOptions::default() };
        let mut bytes = Vec::new();
        track(&words).write_with(TimingFormat::Csv, &options, &mut bytes).unwrap();
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        for row in reader.records() {
            let risky = ['=', '+', '-', '@', '\t', '\r'];
            prop_assert!(!row.unwrap()[3].starts_with(risky));
        }
        let options = ReadOptions { formula_guard: true, ..ReadOptions::default() };
        let document = TimingFormat::Csv.parse(&bytes, &options).unwrap();
        let found = document.cues.iter().map(|cue| cue.text.as_str()).collect::<Vec<_>>();
        // The guard is an apostrophe in front of cells that need one; words that begin with one
        // get another, so taking one away gives every word back.
        prop_assert_eq!(found, words.iter().map(|word| word.0.as_str()).collect::<Vec<_>>());
    }
}

#[test]
fn other_crates_read_the_same() {
    let words = [
        ("a, \"b\"", 0.25, 0.5),
        ("c\r\nd", 0.5, 1.75),
        ("<e>", 2.0, 360_000.0),
    ];
    let track = Track::from_seconds(words).unwrap();
    let mut bytes = Vec::new();
    track.write(TimingFormat::Csv, &mut bytes).unwrap();
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let rows = reader.records().map(Result::unwrap).collect::<Vec<_>>();
    let texts = rows.iter().map(|row| &row[3]).collect::<Vec<_>>();
    assert_eq!(
        texts,
        track
            .iter()
            .map(|WordRef { text, .. }| text)
            .collect::<Vec<_>>()
    );
    bytes.clear();
    track.write(TimingFormat::Json, &mut bytes).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(json["schema"], "f5-timing/1");
    assert_eq!(json["words"][1]["word"], "c\r\nd");
    assert_eq!(json["words"][2]["end"], 360_000.0);
    let text = |format| {
        let mut bytes = Vec::new();
        track.write(format, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let (srt, vtt, ass) = (
        text(TimingFormat::Srt),
        text(TimingFormat::Vtt),
        text(TimingFormat::Ass),
    );
    let bodies =
        fasrt::srt::Parser::strict(&srt).map(|entry| entry.unwrap().body_ref().to_string());
    assert_eq!(
        bodies.collect::<Vec<_>>(),
        ["a, \"b\"", "c d", "<\u{2060}e>"]
    );
    assert!(fasrt::vtt::Parser::new(&vtt).all(|block| block.is_ok()));
    assert!(fasrt::ass::Parser::strict(&ass).all(|block| block.is_ok()));
}
