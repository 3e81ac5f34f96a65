//! Random damage to files of every format: readers give errors, they do not panic.
//!
//! `F5_TIMING_FUZZ_EXECUTIONS` sets how many files are read; the corpus lies in `tests/golden`.
#![allow(clippy::unwrap_used)] // Helpers of tests state expectations, too.

use std::{fs, path::Path};

use f5_timing::{MissingTimes, ReadOptions, TimingFormat};

/// xorshift64*: the same damage on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

const TOKENS: &[&str] = &[
    "-->",
    "<",
    ">",
    "{",
    "}",
    "\\",
    "\"",
    "'",
    "\n",
    "\r\n",
    "\r",
    "\t",
    ",",
    ":",
    ".",
    "[",
    "]",
    "00:00:01.000",
    "99999999999999999999",
    "-1",
    "1e308",
    "NaN",
    "-Infinity",
    "null",
    "\u{FEFF}",
    "&",
    "&amp;",
    "&#x110000;",
    "<![CDATA[",
    "<!--",
    "{\\k",
    "{\\kf99999999999}",
    "\u{2060}",
    "\0",
    "👩‍👩‍👧‍👦",
    "\\ud800",
    "<00:00:00.500>",
    "[offset:-99999999999]",
    "intervals: size = 9999999",
    "NOTE",
    "[Events]",
    "Format: Text",
    "begin=\"1h\"",
    "=",
    "words",
    "segments",
];

fn damage(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    // Small files keep executions cheap: a window of the seed, mostly from its start.
    if random.below(4) == 0 {
        let from = random.below(bytes.len());
        bytes.drain(..from);
    }
    bytes.truncate(64 + random.below(448));
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => {
                let to = (at + random.below(16)).min(bytes.len());
                bytes.drain(at..to);
            }
            3 => {
                let to = (at + random.below(32)).min(bytes.len());
                let part = bytes[at..to].to_vec();
                let into = random.below(bytes.len() + 1);
                bytes.splice(into..into, part);
            }
            4 => bytes.truncate(at),
            _ => {
                let token = TOKENS[random.below(TOKENS.len())];
                bytes.splice(at..at, token.bytes());
            }
        }
    }
    bytes
}

#[test]
fn damaged_files_never_panic() {
    let executions = match std::env::var("F5_TIMING_FUZZ_EXECUTIONS") {
        Ok(count) => count.parse::<usize>().expect("a number of executions"),
        Err(_) => 100_000,
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut seeds = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        seeds.push((
            TimingFormat::from_path(&path).unwrap(),
            fs::read(&path).unwrap(),
        ));
    }
    seeds.sort_by_key(|seed| seed.0.name());
    for format in TimingFormat::all() {
        assert!(
            seeds.iter().any(|seed| seed.0 == format),
            "no seed for {format}"
        );
    }
    let lenient = ReadOptions {
        formula_guard: true,
        missing: MissingTimes::Interpolate,
        ..ReadOptions::lenient()
    };
    let mut random = Random(0x5EED_F5F5);
    let (mut read, mut tracks) = (0, 0);
    for execution in 0..executions {
        let (format, seed) = &seeds[execution % seeds.len()];
        let bytes = damage(seed, &mut random);
        // Now and then a file is read as what it is not.
        let format = match random.below(32) {
            0 => seeds[random.below(seeds.len())].0,
            _ => *format,
        };
        let options = if random.below(2) == 0 {
            &lenient
        } else {
            &ReadOptions::default()
        };
        if let Ok(document) = format.parse(&bytes, options) {
            read += 1;
            assert!(document.cues.iter().all(|cue| cue.start <= cue.end));
            tracks += usize::from(document.into_track().is_ok());
        }
    }
    // Damage that never leaves a readable file would test nothing.
    assert!(
        read > executions / 10 && tracks > executions / 20,
        "{read} read, {tracks} tracks"
    );
}
