//! Every exact tick of an hour is written as itself.
#![allow(clippy::unwrap_used)] // Helpers of tests state expectations, too.

use f5_timing::{TimingFormat, Track};

/// Times in a line such as `00:00:02,300 --> 00:00:02,301`, in units of their last digit.
fn stamps(line: &str, units: u64) -> Vec<u64> {
    let times = line.split([' ']).filter(|part| part.contains(':'));
    times.map(|time| stamp(time, units)).collect()
}

fn stamp(time: &str, units: u64) -> u64 {
    let (clock, fraction) = time.split_once([',', '.']).unwrap();
    let seconds = clock
        .split(':')
        .fold(0, |sum, field| sum * 60 + field.parse::<u64>().unwrap());
    seconds * units + fraction.parse::<u64>().unwrap()
}

fn hour(units: u32, format: TimingFormat, mut check: impl FnMut(&str)) {
    const CHUNK: u32 = 90_000;
    for first in (0..3600 * units).step_by(CHUNK as usize) {
        let words = (first..first + CHUNK).map(|i| {
            (
                "w",
                f64::from(i) / f64::from(units),
                f64::from(i + 1) / f64::from(units),
            )
        });
        let mut bytes = Vec::new();
        Track::from_seconds(words)
            .unwrap()
            .write(format, &mut bytes)
            .unwrap();
        check(std::str::from_utf8(&bytes).unwrap());
    }
}

#[test]
fn every_millisecond_is_itself() {
    for format in [TimingFormat::Srt, TimingFormat::Vtt] {
        let (mut next, mut wrong) = (0, 0);
        hour(1000, format, |text| {
            for line in text.lines().filter(|line| line.contains("-->")) {
                wrong += usize::from(stamps(line, 1000) != [next, next + 1]);
                next += 1;
            }
        });
        assert_eq!((next, wrong), (3_600_000, 0), "{format}");
    }
}

#[test]
fn every_centisecond_is_itself() {
    let (mut next, mut wrong) = (0, 0);
    hour(100, TimingFormat::Ass, |text| {
        for line in text.lines().filter(|line| line.starts_with("Dialogue")) {
            let fields = line.split(',').collect::<Vec<_>>();
            wrong +=
                usize::from([stamp(fields[1], 100), stamp(fields[2], 100)] != [next, next + 1]);
            next += 1;
        }
    });
    assert_eq!((next, wrong), (360_000, 0));
}
