//! Files as they are written, byte for byte; `F5_TIMING_BLESS=1` writes them anew.
#![allow(clippy::unwrap_used)] // Helpers of tests state expectations, too.

use std::{fs, path::Path, time::Duration};

use f5_timing::{CueMode, CueOptions, Karaoke, ReadOptions, TimingFormat, Track, WriteOptions};

fn track() -> Track {
    let words = [
        ("Hello,", 0.25, 0.6, Some(0.98)),
        ("<b>&amp;", 0.6, 1.0995, Some(0.5)),
        ("a-->b", 1.0995, 1.5, None),
        ("{\\an8}", 1.7, 2.3, Some(1.0)),
        ("\"quoted\",", 2.3, 2.3, None),
        ("=cmd|x.", 2.3, 2.9, Some(0.0)),
        ("", 2.9, 3.0, None),
        ("Then", 7.0, 7.2, None),
        ("two\nlines", 7.2, 7.6, None),
        ("你", 7.6, 7.9, None),
        ("好。", 7.9, 8.25, None),
        ("שלום", 59.9996, 61.0, None),
        ("👩‍👩‍👧‍👦", 360_000.0, 360_000.5, Some(0.25)),
    ];
    let mut track = Track::new();
    for (word, start, end, score) in words {
        track
            .push_seconds(word, Some(start), Some(end), score)
            .unwrap();
    }
    track.with_language("en").with_title("Golden & <nasty>")
}

fn check(name: &str, format: TimingFormat, options: &WriteOptions) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let mut bytes = Vec::new();
    track().write_with(format, options, &mut bytes).unwrap();
    if std::env::var_os("F5_TIMING_BLESS").is_some() {
        fs::write(&path, &bytes).unwrap();
    }
    let golden = fs::read(&path).unwrap_or_default();
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        String::from_utf8_lossy(&golden),
        "{name}"
    );
    let document = format.parse(&golden, &ReadOptions::default()).unwrap();
    assert!(!document.cues.is_empty());
}

#[test]
fn words_in_every_format() {
    for format in TimingFormat::all() {
        let name = format!("words.{}", format.extension());
        check(&name, format, &WriteOptions::default());
    }
}

#[test]
fn segmented_karaoke_and_highlight() {
    let cues = CueMode::Segmented(CueOptions {
        isolate_rtl: true,
        ..CueOptions::default()
    });
    let cues = WriteOptions {
        cues,
        ..WriteOptions::default()
    };
    let karaoke = WriteOptions {
        karaoke: Some(Karaoke::Sweep),
        ..cues.clone()
    };
    let highlight = WriteOptions {
        highlight: true,
        ..cues.clone()
    };
    for format in [
        TimingFormat::Srt,
        TimingFormat::Vtt,
        TimingFormat::Ass,
        TimingFormat::Ttml,
    ] {
        check(&format!("cues.{format}"), format, &cues);
        check(&format!("highlight.{format}"), format, &highlight);
    }
    for format in [
        TimingFormat::Vtt,
        TimingFormat::Ass,
        TimingFormat::Lrc,
        TimingFormat::Ttml,
    ] {
        check(&format!("karaoke.{format}"), format, &karaoke);
    }
    check("segments.json", TimingFormat::Json, &cues);
    let neutral = WriteOptions {
        neutralise_markup: true,
        ..WriteOptions::default()
    };
    check("neutral.srt", TimingFormat::Srt, &neutral);
    let guarded = WriteOptions {
        formula_guard: true,
        ..WriteOptions::default()
    };
    check("guarded.csv", TimingFormat::Csv, &guarded);
    let header = WriteOptions {
        header_line: true,
        ..WriteOptions::default()
    };
    check("header.jsonl", TimingFormat::JsonLines, &header);
}

#[test]
fn karaoke_adds_up_to_the_clock() {
    let words = (0..24).map(|i| ("la", f64::from(i) * 0.2967, f64::from(i) * 0.2967 + 0.2516));
    let cues = CueMode::Segmented(CueOptions {
        max_columns: 200,
        ..CueOptions::default()
    });
    let options = WriteOptions {
        cues,
        karaoke: Some(Karaoke::Instant),
        ..WriteOptions::default()
    };
    let track = Track::from_seconds(words).unwrap();
    let mut bytes = Vec::new();
    track
        .write_with(TimingFormat::Ass, &options, &mut bytes)
        .unwrap();
    let document = TimingFormat::Ass
        .parse(&bytes, &ReadOptions::default())
        .unwrap();
    let centis = |time: Duration| (time.as_nanos() + 5_000_000) / 10_000_000;
    let found = document.cues.iter().flat_map(|cue| &cue.words);
    let found = found
        .map(|word| (centis(word.start), centis(word.end)))
        .collect::<Vec<_>>();
    let wanted = track
        .iter()
        .map(|word| (centis(word.start), centis(word.end)));
    assert_eq!(found, wanted.collect::<Vec<_>>());
}
