//! Segmented cues keep their limits, and a stream writes what a whole track writes.
#![allow(clippy::unwrap_used)] // Helpers of tests state expectations, too.

use std::time::Duration;

use f5_timing::{
    CueMode, CueOptions, Document, ReadOptions, StreamWriter, TimingError, TimingFormat, Track,
    WriteOptions,
};

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and then it runs away into the \
    forest. Nobody knows why it did that! Some say the dog was never asleep, but others think \
    that it had been dreaming of a very long and winding road through the hills, where nothing \
    ever happens and nobody ever comes. Then Mr. Smith came. It rained.";

fn track(repeat: usize) -> Track {
    let mut at = 0.0;
    let words = TEXT
        .split(' ')
        .cycle()
        .take(TEXT.split(' ').count() * repeat);
    let words = words.map(|word| {
        let start = at + if word.len() % 5 == 0 { 0.12 } else { 0.0 };
        at = start + 0.06 * word.len() as f64;
        (word, start, at)
    });
    Track::from_seconds(words).unwrap()
}

fn options(cues: CueOptions) -> WriteOptions {
    WriteOptions {
        cues: CueMode::Segmented(cues),
        ..WriteOptions::default()
    }
}

fn cues(track: &Track, cues: CueOptions) -> Document {
    let mut bytes = Vec::new();
    track
        .write_with(TimingFormat::Srt, &options(cues), &mut bytes)
        .unwrap();
    TimingFormat::Srt
        .parse(&bytes, &ReadOptions::default())
        .unwrap()
}

#[test]
fn limits_hold() {
    let presets = [
        CueOptions::default(),
        CueOptions::netflix(),
        CueOptions::bbc(),
        CueOptions::shorts(),
    ];
    for preset in presets {
        let document = cues(&track(20), preset.clone());
        for cue in &document.cues {
            let lines = cue.text.lines().collect::<Vec<_>>();
            assert!(lines.len() <= preset.max_lines, "{:?}", cue.text);
            assert!(
                lines.iter().all(|line| line.len() <= preset.max_columns),
                "{:?}",
                cue.text
            );
            assert!(cue.end - cue.start <= preset.max_duration + Duration::from_millis(1));
            let words = cue.text.split_whitespace().count();
            assert!(words <= preset.max_words.unwrap_or(usize::MAX));
        }
    }
}

#[test]
fn netflix_leaves_two_frames() {
    let document = cues(&track(20), CueOptions::netflix());
    for pair in document.cues.windows(2) {
        let gap = pair[1].start - pair[0].end;
        assert!(
            gap >= Duration::from_millis(82),
            "{gap:?} behind {:?}",
            pair[0].text
        );
    }
}

#[test]
fn cues_end_with_sentences_where_they_can() {
    let document = cues(&track(1), CueOptions::default());
    let texts = document
        .cues
        .iter()
        .map(|cue| cue.text.as_str())
        .collect::<Vec<_>>();
    for sentence in ["forest.", "that!", "comes."] {
        assert!(
            texts.iter().any(|text| text.ends_with(sentence)),
            "{texts:#?}"
        );
    }
    assert!(
        !texts.iter().any(|text| text.ends_with("Mr.")),
        "{texts:#?}"
    );
}

#[test]
fn long_pauses_end_cues() {
    let words = [("one", 0.0, 0.5), ("two", 3.6, 4.0), ("three", 4.1, 4.5)];
    let document = cues(&Track::from_seconds(words).unwrap(), CueOptions::default());
    let texts = document
        .cues
        .iter()
        .map(|cue| cue.text.as_str())
        .collect::<Vec<_>>();
    assert_eq!(texts, ["one", "two three"]);
    // A short cue stays up to be read, no longer than half a second.
    assert_eq!(document.cues[0].end, Duration::from_millis(833));
}

#[test]
fn wide_words_break_between_grapheme_clusters() {
    let word = "👩‍👩‍👧‍👦".repeat(30);
    let document = cues(
        &Track::from_seconds([(&word, 0.0, 2.0)]).unwrap(),
        CueOptions::default(),
    );
    let lines = document.cues[0].text.lines().collect::<Vec<_>>();
    assert_eq!(lines, ["👩‍👩‍👧‍👦".repeat(21), "👩‍👩‍👧‍👦".repeat(9)]);
}

#[test]
fn streams_write_what_tracks_write() {
    let track = track(30);
    let modes = [
        WriteOptions::default(),
        options(CueOptions::default()),
        options(CueOptions::shorts()),
    ];
    for format in TimingFormat::all() {
        for options in &modes {
            let mut whole = Vec::new();
            track.write_with(format, options, &mut whole).unwrap();
            let mut stream = match StreamWriter::new(Vec::new(), format, options) {
                Ok(stream) => stream,
                Err(TimingError::NotStreamable { .. }) => {
                    let segments = format == TimingFormat::Json && *options != modes[0];
                    let totals = [
                        TimingFormat::TextGrid,
                        TimingFormat::Whisper,
                        TimingFormat::WhisperX,
                    ];
                    assert!(segments || totals.contains(&format), "{format}");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            for word in track.iter() {
                stream
                    .push_word(word.text, word.start, word.end, word.score)
                    .unwrap();
            }
            let streamed = stream.finish().unwrap();
            assert_eq!(
                String::from_utf8_lossy(&streamed),
                String::from_utf8_lossy(&whole)
            );
        }
    }
}

#[test]
fn a_stream_lets_go_of_cues_early() {
    let track = track(4);
    let mut stream = StreamWriter::new(
        Sink::default(),
        TimingFormat::Srt,
        &options(CueOptions::default()),
    )
    .unwrap();
    let sink = stream.get_ref().clone();
    let mut most = 0;
    for (i, word) in track.iter().enumerate() {
        stream
            .push_word(word.text, word.start, word.end, word.score)
            .unwrap();
        let written = sink.text();
        let shown = written
            .split("\n\n")
            .flat_map(|cue| cue.lines().skip(2))
            .flat_map(str::split_whitespace);
        most = most.max(i + 1 - shown.count());
    }
    // Two cues' worth of words may wait, not the whole track.
    assert!(most < 64, "{most} words waited");
}

#[derive(Debug, Clone, Default)]
struct Sink(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
