//! Times the SRT, WebVTT and ASS writers on the words of a JSON file.
//!
//! `cargo run --release -p f5-timing --example write_speed -- WORDS.json` prints a line with the
//! format and the seconds of every run; `benches/against_python.py` reads them. A run begins with
//! the words as an aligner gives them, so it checks, escapes and writes.

use std::{error::Error, hint::black_box, io, time::Instant};

use f5_core::timing::{TimingSource, WordTiming};
use f5_timing::{Document, ReadOptions, TimingFormat, Track};

const RUNS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("usage: write_speed WORDS.json")?;
    let document = Document::open(path, &ReadOptions::default())?;
    let word = |cue: f5_timing::Cue| WordTiming {
        word: cue.text,
        start: cue.start,
        end: cue.end,
        score: cue.score,
        source: TimingSource::Acoustic,
        chars: 0..0,
    };
    let words = document.cues.into_iter().map(word).collect::<Vec<_>>();
    for run in 0..=RUNS {
        for format in [TimingFormat::Srt, TimingFormat::Vtt, TimingFormat::Ass] {
            let start = Instant::now();
            Track::from_words(black_box(&words))?.write(format, io::sink())?;
            let took = start.elapsed().as_secs_f64();
            // The first run fetches the program and its memory.
            if run > 0 {
                println!("{format} {took}");
            }
        }
    }
    Ok(())
}
