//! SRT as bytes, and files that are whole or not there.
#![allow(clippy::unwrap_used)] // Helpers of tests state expectations, too.

use f5_timing::{TimingError, TimingFormat, Track};

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
fn a_bad_word_is_named() {
    let error = Track::from_seconds([("a", 0.0, 1.0), ("b", 0.5, 2.0)]).unwrap_err();
    assert!(matches!(error, TimingError::Overlap { index: 1, .. }));
    let error = Track::from_seconds([("a", 0.0, f64::NAN)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "word 0: end is NaN, expected a finite number of seconds"
    );
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
