//! SRT as bytes, and files that are whole or not there.
#![allow(clippy::unwrap_used)] // Helpers of tests state expectations, too.

use f5_timing::{MAX_SECONDS, ReadOptions, TimingError, TimingFormat, Track};

#[test]
fn words_become_numbered_cues() {
    let track = Track::from_seconds([
        ("2.3", 2.3, 2.3004),
        ("a-->b", 2.3004, 59.9995),
        ("two\nlines", 60.0, 61.0),
        ("", 61.0, 400_000.0),
    ])
    .unwrap();
    let mut srt = Vec::new();
    track.write(TimingFormat::Srt, &mut srt).unwrap();
    assert_eq!(
        String::from_utf8(srt).unwrap(),
        "1\n00:00:02,300 --> 00:01:00,000\n2.3 a--\u{2060}>b\n\n\
         2\n00:01:00,000 --> 00:01:01,000\ntwo lines\n\n"
    );
}

#[test]
fn a_bad_word_is_named_with_its_values() {
    let infinite = f64::INFINITY;
    let cases = [
        (
            1.0,
            f64::NAN,
            "end is NaN, expected a finite number of seconds",
        ),
        (
            -infinite,
            2.0,
            "start is -inf, expected a finite number of seconds",
        ),
        (
            1.0,
            infinite,
            "end is inf, expected a finite number of seconds",
        ),
        (-0.5, 2.0, "start is -0.5 s, expected zero or more"),
        (
            1.0,
            3.7e9,
            "end is 3700000000 s, expected at most 3600000000 s",
        ),
        (2.0, 1.5, "end 1.5 s is before start 2 s"),
        (
            0.75,
            2.0,
            "start 0.75 s overlaps the previous word, which ends at 1 s",
        ),
        (
            0.25,
            2.0,
            "start 0.25 s is out of order, the previous word starts at 0.5 s",
        ),
    ];
    for (start, end, reason) in cases {
        let words = [("a", 0.0, 0.5), ("b", 0.5, 1.0), ("c", start, end)];
        let error = Track::from_seconds(words).unwrap_err();
        assert_eq!(error.to_string(), format!("word 2: {reason}"));
    }
    let mut track = Track::new();
    let error = track.push_seconds("a", None, Some(1.0), None).unwrap_err();
    assert!(matches!(error, TimingError::Missing { index: 0, .. }));
    let error = track.push_seconds("a", Some(0.0), Some(1.0), Some(f32::NAN));
    assert!(matches!(error, Err(TimingError::BadScore { index: 0, .. })));
    assert!(track.is_empty());
}

#[test]
fn the_latest_time_is_written_and_read() {
    let late = MAX_SECONDS as f64;
    let track = Track::from_seconds([("a", late - 1.0, late)]).unwrap();
    for format in TimingFormat::all() {
        let mut bytes = Vec::new();
        track.write(format, &mut bytes).unwrap();
        let document = format.parse(&bytes, &ReadOptions::default()).unwrap();
        let cue = document.cues.first().unwrap();
        // Lyrics know only when a line begins.
        let late = MAX_SECONDS - u64::from(format == TimingFormat::Lrc);
        assert_eq!(cue.end.as_secs(), late, "{format}");
        assert_eq!(document.into_track().unwrap().len(), 1, "{format}");
    }
}

#[test]
fn save_replaces_whole_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.srt");
    std::fs::write(&path, "before").unwrap();
    let track = Track::from_seconds([("a", 0.0, 1.0)]).unwrap();
    track.save(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, "1\n00:00:00,000 --> 00:00:01,000\na\n\n");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(track.save(dir.path().join("a.unknown")).is_err());
    assert!(
        track
            .save(dir.path().join("missing").join("a.srt"))
            .is_err()
    );
}
