//! Timing formats against a plain copy of the same bytes, `fasrt`, `csv` and serde_json.
//!
//! `cargo bench --bench timing_formats`; throughput is words a second. Every case begins with the
//! words as an aligner gives them where it says `validated`, with a checked track elsewhere.

use std::{
    hint::black_box,
    io::{self, Write},
    time::Duration,
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use f5_core::timing::{TimingSource, WordTiming};
use f5_tts::timing::{CueMode, CueOptions, ReadOptions, TimingFormat, Track, WriteOptions};

const BASE: [&str; 12] = [
    "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog,", "and", "runs", "away.",
];

fn words(count: usize) -> Vec<WordTiming> {
    let word = |i: usize| {
        let start = Duration::from_micros(313_700 * i as u64);
        WordTiming {
            word: BASE[i % BASE.len()].to_owned(),
            start,
            end: start + Duration::from_millis(250),
            score: Some((i % 100) as f32 / 100.0),
            source: TimingSource::Acoustic,
            chars: 0..0,
        }
    };
    (0..count).map(word).collect()
}

/// Counts what it is given.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn writers(c: &mut Criterion) {
    for count in [10_000, 1_000_000] {
        let words = words(count);
        let track = Track::from_words(&words).expect("the words are in order");
        let mut group = c.benchmark_group(format!("write/{count}"));
        group
            .throughput(Throughput::Elements(count as u64))
            .sample_size(10);
        let mut srt = Vec::new();
        track
            .write(TimingFormat::Srt, &mut srt)
            .expect("a vector takes everything");
        let mut copy = vec![0; srt.len()];
        group.bench_function("copy of the srt", |b| {
            b.iter(|| copy.copy_from_slice(black_box(&srt)))
        });
        for format in TimingFormat::all() {
            group.bench_function(format.name(), |b| {
                b.iter(|| {
                    let mut sink = Count(0);
                    track
                        .write(format, &mut sink)
                        .expect("counting cannot fail");
                    sink.0
                });
            });
        }
        for format in [TimingFormat::Srt, TimingFormat::Vtt, TimingFormat::Ass] {
            group.bench_function(format!("{format} validated"), |b| {
                b.iter(|| {
                    let mut sink = Count(0);
                    let track = Track::from_words(black_box(&words)).expect("in order");
                    track
                        .write(format, &mut sink)
                        .expect("counting cannot fail");
                    sink.0
                });
            });
        }
        let cues = CueMode::Segmented(CueOptions::default());
        let cues = WriteOptions {
            cues,
            ..WriteOptions::default()
        };
        group.bench_function("srt segmented", |b| {
            b.iter(|| track.write_with(TimingFormat::Srt, &cues, Count(0)));
        });
        group.bench_function("five formats", |b| {
            b.iter(|| {
                for format in [
                    TimingFormat::Srt,
                    TimingFormat::Vtt,
                    TimingFormat::Csv,
                    TimingFormat::Json,
                    TimingFormat::Ass,
                ] {
                    track.write(format, Count(0)).expect("counting cannot fail");
                }
            });
        });
        rivals(&mut group, &words);
        fasrt_writers(&mut group, &track);
        group.finish();
    }
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn rivals(group: &mut Group<'_>, words: &[WordTiming]) {
    group.bench_function("csv crate", |b| {
        b.iter(|| {
            let mut writer = csv::Writer::from_writer(Count(0));
            for (i, word) in words.iter().enumerate() {
                let (start, end) = (word.start.as_secs_f64(), word.end.as_secs_f64());
                writer
                    .serialize((i, start, end, &word.word, word.score))
                    .expect("a row");
            }
            writer.flush()
        });
    });
    group.bench_function("serde_json lines", |b| {
        b.iter(|| {
            let mut sink = io::BufWriter::new(Count(0));
            for word in words {
                serde_json::to_writer(&mut sink, word).expect("a word");
                sink.write_all(b"\n").expect("counting cannot fail");
            }
            sink.flush()
        });
    });
}

/// Entries are made outside the timed part; `fasrt` neither validates nor escapes.
fn fasrt_writers(group: &mut Group<'_>, track: &Track) {
    let mut srt = Vec::new();
    track
        .write(TimingFormat::Srt, &mut srt)
        .expect("a vector takes everything");
    let srt = String::from_utf8(srt).expect("UTF-8");
    let entries = fasrt::srt::Parser::strict(&srt)
        .collect::<Result<Vec<_>, _>>()
        .expect("srt");
    group.bench_function("fasrt srt", |b| {
        b.iter(|| fasrt::srt::Writer::new(io::BufWriter::new(Count(0))).write_all(&entries));
    });
    let mut vtt = Vec::new();
    track
        .write(TimingFormat::Vtt, &mut vtt)
        .expect("a vector takes everything");
    let vtt = String::from_utf8(vtt).expect("UTF-8");
    let blocks = fasrt::vtt::Parser::new(&vtt)
        .collect::<Result<Vec<_>, _>>()
        .expect("vtt");
    group.bench_function("fasrt vtt", |b| {
        b.iter(|| {
            let mut writer = fasrt::vtt::Writer::new(io::BufWriter::new(Count(0)));
            blocks.iter().try_for_each(|block| writer.write(block))
        });
    });
    let mut ass = Vec::new();
    track
        .write(TimingFormat::Ass, &mut ass)
        .expect("a vector takes everything");
    let ass = String::from_utf8(ass).expect("UTF-8");
    let blocks = fasrt::ass::Parser::strict(&ass)
        .collect::<Result<Vec<_>, _>>()
        .expect("ass");
    group.bench_function("fasrt ass", |b| {
        b.iter(|| fasrt::ass::Writer::new(io::BufWriter::new(Count(0))).write_all(&blocks));
    });
}

fn readers(c: &mut Criterion) {
    for count in [10_000, 1_000_000] {
        let track = Track::from_words(&words(count)).expect("the words are in order");
        let mut group = c.benchmark_group(format!("read/{count}"));
        group
            .throughput(Throughput::Elements(count as u64))
            .sample_size(10);
        for format in TimingFormat::all() {
            let mut bytes = Vec::new();
            track
                .write(format, &mut bytes)
                .expect("a vector takes everything");
            group.bench_function(format.name(), |b| {
                b.iter(|| format.parse(black_box(&bytes), &ReadOptions::default()));
            });
            if format == TimingFormat::Srt {
                let text = String::from_utf8(bytes.clone()).expect("UTF-8");
                group.bench_function("fasrt srt", |b| {
                    b.iter(|| {
                        fasrt::srt::Parser::strict(black_box(&text))
                            .filter(Result::is_ok)
                            .count()
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, writers, readers);
criterion_main!(benches);
