//! Who says a word: written where a format has a place for it, and read back.

use std::time::Duration;

use f5_core::timing::{TimingSource, WordTiming};
use f5_timing::{
    CueMode, CueOptions, Karaoke, ReadOptions, StreamWriter, TimingFormat, Track, WriteOptions,
};

const LINES: [(Option<&str>, &[&str]); 4] = [
    (None, &["It", "rained."]),
    (Some("Ann <& co>"), &["Come", "in!"]),
    (Some("Bob, old"), &["Yes."]),
    (Some("Ann <& co>"), &["Good."]),
];

fn words(from: usize, texts: &[&str]) -> Vec<WordTiming> {
    let word = |(at, text): (usize, &&str)| {
        let start = Duration::from_millis(300 * (from + at) as u64);
        WordTiming {
            word: (*text).to_owned(),
            start,
            end: start + Duration::from_millis(300),
            score: Some(0.5),
            source: TimingSource::Acoustic,
            chars: 0..text.len(),
        }
    };
    texts.iter().enumerate().map(word).collect()
}

fn track() -> Track {
    let mut track = Track::new();
    for (speaker, texts) in LINES {
        let words = words(track.len(), texts);
        track.push_words_of(speaker, &words).expect("in order");
    }
    track
}

fn written(format: TimingFormat, options: &WriteOptions) -> String {
    let mut bytes = Vec::new();
    track()
        .write_with(format, options, &mut bytes)
        .expect("written");
    String::from_utf8(bytes).expect("UTF-8")
}

fn segmented() -> WriteOptions {
    WriteOptions {
        cues: CueMode::Segmented(CueOptions::default()),
        ..WriteOptions::default()
    }
}

#[test]
fn a_track_knows_its_speakers() {
    let track = track();
    assert_eq!(track.speakers(), ["Ann <& co>", "Bob, old"]);
    let said: Vec<_> = track.iter().map(|word| word.speaker).collect();
    let (ann, bob) = (Some("Ann <& co>"), Some("Bob, old"));
    assert_eq!(said, [None, None, ann, ann, bob, ann]);
    assert_eq!(track.get(4).and_then(|word| word.speaker), bob);
}

#[test]
fn cues_never_mix_speakers() {
    let vtt = written(TimingFormat::Vtt, &segmented());
    let cues: Vec<&str> = vtt
        .lines()
        .filter(|line| line.ends_with(['.', '!']))
        .collect();
    let expected = [
        "It rained.",
        "<v Ann &lt;&amp; co&gt;>Come in!",
        "<v Bob, old>Yes.",
        "<v Ann &lt;&amp; co&gt;>Good.",
    ];
    assert_eq!(cues, expected);
    let ass = written(TimingFormat::Ass, &segmented());
    for part in [
        "Default,,0,0,0,,It rained.",
        "Default,Ann <& co>,0,0,0,,Come in!",
        "Default,Bob; old,0,0,0,,Yes.",
    ] {
        assert!(ass.contains(part), "{part}: {ass}");
    }
}

#[test]
fn speakers_are_read_back() {
    for format in [
        TimingFormat::Vtt,
        TimingFormat::Ass,
        TimingFormat::Json,
        TimingFormat::JsonLines,
    ] {
        for karaoke in [None, Some(Karaoke::Sweep)] {
            let options = WriteOptions {
                karaoke,
                ..WriteOptions::default()
            };
            let text = written(format, &options);
            let document = format
                .parse(text.as_bytes(), &ReadOptions::default())
                .expect("read");
            let read = document.into_track().expect("in order");
            let names = |track: &Track| -> Vec<_> {
                track
                    .iter()
                    .map(|word| word.speaker.map(|name| name.replace(',', ";")))
                    .collect()
            };
            assert_eq!(names(&read), names(&track()), "{format}: {text}");
        }
    }
}

#[test]
fn streams_write_what_a_track_writes() {
    for format in [
        TimingFormat::Vtt,
        TimingFormat::Ass,
        TimingFormat::JsonLines,
    ] {
        for options in [WriteOptions::default(), segmented()] {
            let mut stream = StreamWriter::new(Vec::new(), format, &options).expect("streamable");
            let mut count = 0;
            for (speaker, texts) in LINES {
                stream.set_speaker(speaker);
                for word in words(count, texts) {
                    stream.push(&word).expect("in order");
                    count += 1;
                }
            }
            let streamed = stream.finish().expect("written");
            assert_eq!(
                String::from_utf8(streamed).expect("UTF-8"),
                written(format, &options)
            );
        }
    }
}

#[test]
fn formats_without_a_place_leave_speakers_out() {
    for format in [
        TimingFormat::Srt,
        TimingFormat::Csv,
        TimingFormat::Lrc,
        TimingFormat::Tsv,
    ] {
        let text = written(format, &WriteOptions::default());
        assert!(
            text.contains("rained.") && !text.contains("Ann"),
            "{format}"
        );
    }
}
