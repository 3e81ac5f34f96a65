//! Timing formats against a plain copy of the same bytes, `fasrt`, `csv` and serde_json.
//!
//! `cargo bench --bench timing_formats`; throughput is words a second. `validated` begins with the
//! words as an aligner gives them, the others with a checked track. The table of ratios at the end
//! takes turns between what it compares; `cargo bench --bench timing_formats -- ratios` prints it
//! alone.

use std::{
    hint::black_box,
    io::{self, Write},
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use f5_core::timing::{TimingSource, WordTiming};
use f5_tts::timing::{CueMode, CueOptions, ReadOptions, TimingFormat, Track, WriteOptions};

const BASE: [&str; 12] = [
    "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog,", "and", "runs", "away.",
];
const COUNTS: [usize; 2] = [10_000, 1_000_000];
/// The formats of the system that this one succeeds.
const FIVE: [TimingFormat; 5] = [
    TimingFormat::Srt,
    TimingFormat::Vtt,
    TimingFormat::Ass,
    TimingFormat::Csv,
    TimingFormat::Json,
];

/// Drawn by chance: a processor learns words that come round again, and no text does that.
fn words(count: usize) -> Vec<WordTiming> {
    let mut state = 0x5EED_u64;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        BASE[(state >> 33) as usize % BASE.len()]
    };
    let word = |i: usize| {
        let start = Duration::from_micros(313_700 * i as u64);
        WordTiming {
            word: draw().to_owned(),
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

/// A name and what is timed under it.
type Case<'a> = (String, Box<dyn FnMut() + 'a>);

fn case<'a, R>(name: impl Into<String>, mut run: impl FnMut() -> R + 'a) -> Case<'a> {
    let run = move || {
        black_box(run());
    };
    (name.into(), Box::new(run))
}

/// A file of the track, as a string that the rivals can read.
fn file(track: &Track, format: TimingFormat) -> String {
    let mut bytes = Vec::new();
    track
        .write(format, &mut bytes)
        .expect("a vector takes everything");
    String::from_utf8(bytes).expect("UTF-8")
}

fn write(track: &Track, format: TimingFormat) -> u64 {
    let mut sink = Count(0);
    track
        .write(format, &mut sink)
        .expect("counting cannot fail");
    sink.0
}

fn writers<'a>(words: &'a [WordTiming], track: &'a Track) -> Vec<Case<'a>> {
    let srt = file(track, TimingFormat::Srt).into_bytes();
    let mut copy = vec![0; srt.len()];
    let mut cases = vec![case("copy of the srt", move || {
        copy.copy_from_slice(black_box(&srt));
    })];
    for format in TimingFormat::all() {
        cases.push(case(format.name(), move || write(track, format)));
    }
    for format in FIVE {
        cases.push(case(format!("{format} validated"), move || {
            let track = Track::from_words(black_box(words)).expect("in order");
            write(&track, format)
        }));
    }
    let cues = WriteOptions {
        cues: CueMode::Segmented(CueOptions::default()),
        ..WriteOptions::default()
    };
    cases.push(case("srt segmented", move || {
        track.write_with(TimingFormat::Srt, &cues, Count(0))
    }));
    cases.push(case("five formats", move || {
        FIVE.map(|format| write(track, format))
    }));
    cases.push(case("csv crate", move || {
        let mut writer = csv::Writer::from_writer(Count(0));
        for (i, word) in words.iter().enumerate() {
            let (start, end) = (word.start.as_secs_f64(), word.end.as_secs_f64());
            writer
                .serialize((i, start, end, &word.word, word.score))
                .expect("a row");
        }
        writer.flush()
    }));
    cases.push(case("serde_json lines", move || {
        let mut sink = io::BufWriter::new(Count(0));
        for word in words {
            serde_json::to_writer(&mut sink, word).expect("a word");
            sink.write_all(b"\n").expect("counting cannot fail");
        }
        sink.flush()
    }));
    cases
}

/// Files that `fasrt` makes its entries of, outside the timed part; it neither validates nor
/// escapes.
struct Files {
    srt: String,
    vtt: String,
    ass: String,
}

impl Files {
    fn new(track: &Track) -> Self {
        Self {
            srt: file(track, TimingFormat::Srt),
            vtt: file(track, TimingFormat::Vtt),
            ass: file(track, TimingFormat::Ass),
        }
    }

    fn writers(&self) -> [Case<'_>; 3] {
        let srt = fasrt::srt::Parser::strict(&self.srt)
            .collect::<Result<Vec<_>, _>>()
            .expect("srt");
        let vtt = fasrt::vtt::Parser::new(&self.vtt)
            .collect::<Result<Vec<_>, _>>()
            .expect("vtt");
        let ass = fasrt::ass::Parser::strict(&self.ass)
            .collect::<Result<Vec<_>, _>>()
            .expect("ass");
        let sink = || io::BufWriter::new(Count(0));
        [
            case("fasrt srt", move || {
                fasrt::srt::Writer::new(sink()).write_all(&srt)
            }),
            case("fasrt vtt", move || {
                let mut writer = fasrt::vtt::Writer::new(sink());
                vtt.iter().try_for_each(|block| writer.write(block))
            }),
            case("fasrt ass", move || {
                fasrt::ass::Writer::new(sink()).write_all(&ass)
            }),
        ]
    }

    fn readers(&self) -> [Case<'_>; 1] {
        let read = || fasrt::srt::Parser::strict(black_box(&self.srt));
        [case("fasrt srt", move || {
            read().filter(Result::is_ok).count()
        })]
    }
}

fn readers(track: &Track) -> Vec<Case<'static>> {
    let read = |format: TimingFormat| {
        let text = file(track, format);
        case(format.name(), move || {
            format.parse(black_box(text.as_bytes()), &ReadOptions::default())
        })
    };
    TimingFormat::all().map(read).collect()
}

fn measure<'a>(
    c: &mut Criterion,
    name: &str,
    count: usize,
    cases: impl IntoIterator<Item = Case<'a>>,
) {
    let mut group = c.benchmark_group(format!("{name}/{count}"));
    group
        .throughput(Throughput::Elements(count as u64))
        .sample_size(10);
    for (name, mut run) in cases {
        group.bench_function(name, |b| b.iter(&mut run));
    }
    group.finish();
}

fn each(c: &mut Criterion) {
    for count in COUNTS {
        let words = words(count);
        let track = Track::from_words(&words).expect("the words are in order");
        let files = Files::new(&track);
        let cases = writers(&words, &track).into_iter().chain(files.writers());
        measure(c, "write", count, cases);
        measure(
            c,
            "read",
            count,
            readers(&track).into_iter().chain(files.readers()),
        );
    }
}

/// Medians of rounds in which every case runs once, so that a slow moment meets all of them.
fn ratios(_: &mut Criterion) {
    const ROUNDS: usize = 21;
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    if arguments.next().is_some_and(|filter| filter != "ratios") {
        return;
    }
    let [_, count] = COUNTS;
    let words = words(count);
    let track = Track::from_words(&words).expect("the words are in order");
    let files = Files::new(&track);
    let mut cases = writers(&words, &track);
    cases.extend(files.writers());
    let mut times = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for ((_, run), times) in cases.iter_mut().zip(&mut times) {
            // Untimed: memory and caches are as the case leaves them, not as its neighbour does.
            run();
            let start = Instant::now();
            run();
            times.push(start.elapsed().as_secs_f64());
        }
    }
    let median = |name: &str| {
        let at = cases.iter().position(|case| case.0 == name);
        let mut times = times[at.expect("a case of this name")].clone();
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    let five = median("five formats");
    println!("Mwords/s, medians of {ROUNDS} rounds of {count} words");
    for format in FIVE {
        let (plain, validated) = (
            median(format.name()),
            median(&format!("{format} validated")),
        );
        let rival = match format {
            TimingFormat::Csv => "csv crate".to_owned(),
            TimingFormat::Json => "serde_json lines".to_owned(),
            _ => format!("fasrt {format}"),
        };
        let rate = |time: f64| count as f64 / time / 1e6;
        let other = median(&rival);
        println!(
            "{format:5}{:6.1}, validated{:6.1}, {rival}{:6.1}: {:.2} times, validated {:.2} times; \
             {:.3} of all five",
            rate(plain),
            rate(validated),
            rate(other),
            other / plain,
            other / validated,
            plain / five,
        );
    }
}

criterion_group!(benches, each, ratios);
criterion_main!(benches);
