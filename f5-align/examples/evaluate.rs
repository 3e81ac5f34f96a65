//! Compares aligners with known word times and asks which answers the chain's gate believes.
//!
//! ```text
//! cargo run --release -p f5-align --example evaluate -- FOLDER
//!     [--aligner hmm|energy|proportional|auto] [--noise-db DB] [--wrong-text] [--model FILE]
//! ```
//!
//! The folder holds `eval.jsonl`, lines `{"voice", "text", "wav", "words": [{"start", "end"}]}` with
//! times in seconds, and the WAV files they name. `--noise-db` adds white noise so far below the
//! speech, `--wrong-text` aligns each file with the text of another one (there are no errors to
//! print then), `--model` is another model for hmm, as `train_aligner` writes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use f5_align::{
    Aligner, AlignerChain, BoundaryErrors, EnergyAligner, Gate, HmmAligner, ProportionalAligner,
    split_words,
};
use f5_core::audio::Waveform;
use lexopt::prelude::*;
use serde_json::Value as Json;

#[derive(Default)]
struct Arguments {
    folder: PathBuf,
    aligner: String,
    noise_db: Option<f32>,
    wrong_text: bool,
    model: Option<PathBuf>,
}

struct Case {
    voice: String,
    text: String,
    wave: Waveform,
    times: Vec<(f64, f64)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    let aligner: Box<dyn Aligner> = match arguments.aligner.as_str() {
        "hmm" => Box::new(match &arguments.model {
            Some(model) => HmmAligner::with_model(&fs::read(model)?)?,
            None => HmmAligner::new(),
        }),
        "energy" => Box::new(EnergyAligner::new()),
        "proportional" => Box::new(ProportionalAligner::new()),
        "auto" => Box::new(AlignerChain::default()),
        other => return Err(format!("no aligner {other}").into()),
    };
    let mut cases = cases(&arguments.folder)?;
    if arguments.wrong_text {
        exchange_texts(&mut cases);
    }
    if let Some(db) = arguments.noise_db {
        for case in &mut cases {
            case.wave = with_noise(&case.wave, db)?;
        }
    }
    let mut errors: BTreeMap<&str, BoundaryErrors> = BTreeMap::new();
    let (mut failed, mut believed, mut spent, mut audio) = (0, 0, 0.0, 0.0);
    let mut measures: [Vec<f32>; 4] = Default::default();
    for case in &cases {
        let started = Instant::now();
        let found = aligner.align(&case.wave, &case.text, "en");
        spent += started.elapsed().as_secs_f64();
        audio += case.wave.duration().as_secs_f64();
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                println!("{:?}: {error}", case.text);
                failed += 1;
                continue;
            }
        };
        let q = found.quality;
        let words = split_words(&case.text);
        believed += usize::from(Gate::default().check(&found, &words).is_ok());
        measures[0].extend(q.log_likelihood);
        measures[1].extend(q.score);
        measures[2].push(q.words_per_second);
        measures[3].push(q.odd_pace);
        for group in [&case.voice, "all"] {
            let scored = errors.entry(group).or_default();
            if !arguments.wrong_text && !scored.add(&found.words, &case.times) {
                return Err(format!("other words than in {:?}", case.text).into());
            }
        }
    }
    println!(
        "{}: {} utterances, {failed} failed, {believed} believed, {:.4} of real time",
        aligner.name(),
        cases.len(),
        spent / audio
    );
    let names = ["log-likelihood", "score", "words per second", "odd pace"];
    for (name, mut values) in names.into_iter().zip(measures) {
        values.sort_by(f32::total_cmp);
        if let [lowest, .., highest] = values[..] {
            println!("{name} from {lowest:.2} to {highest:.2}");
        }
    }
    if !arguments.wrong_text {
        println!("voice      mean ms  median    bias  <=20 ms  <=50 ms  <=100 ms");
    }
    for (voice, errors) in errors.iter().filter(|(_, e)| e.count() > 0) {
        println!(
            "{voice:10} {:7.1} {:7.1} {:7.1} {:7.1}% {:7.1}% {:8.1}%",
            1000.0 * errors.mean(),
            1000.0 * errors.median(),
            1000.0 * errors.bias(),
            100.0 * errors.within(0.02),
            100.0 * errors.within(0.05),
            100.0 * errors.within(0.1),
        );
    }
    Ok(())
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    let mut arguments = Arguments {
        aligner: "hmm".to_owned(),
        ..Arguments::default()
    };
    let mut parser = lexopt::Parser::from_env();
    let mut folder = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("aligner") => arguments.aligner = parser.value()?.string()?,
            Long("noise-db") => arguments.noise_db = Some(parser.value()?.parse()?),
            Long("wrong-text") => arguments.wrong_text = true,
            Long("model") => arguments.model = Some(parser.value()?.into()),
            Value(path) if folder.is_none() => folder = Some(path.into()),
            _ => return Err(argument.unexpected()),
        }
    }
    arguments.folder = folder.ok_or("the folder of eval.jsonl is missing")?;
    Ok(arguments)
}

fn cases(folder: &Path) -> Result<Vec<Case>, Box<dyn Error>> {
    let lines = fs::read_to_string(folder.join("eval.jsonl"))?;
    lines
        .lines()
        .map(|line| {
            let case: Json = serde_json::from_str(line)?;
            let field = |name: &str| -> Result<String, String> {
                let value = case[name].as_str();
                value
                    .map(str::to_owned)
                    .ok_or_else(|| format!("no {name} in {line}"))
            };
            let words = case["words"].as_array().ok_or("no words")?;
            let times = words
                .iter()
                .map(|w| Some((w["start"].as_f64()?, w["end"].as_f64()?)));
            Ok(Case {
                voice: field("voice")?,
                text: field("text")?,
                wave: Waveform::read_wav(folder.join(field("wav")?))?,
                times: times.collect::<Option<_>>().ok_or("a word without times")?,
            })
        })
        .collect()
}

/// Gives each case the text that comes seven places later among the different ones.
fn exchange_texts(cases: &mut [Case]) {
    let texts: BTreeSet<String> = cases.iter().map(|case| case.text.clone()).collect();
    let texts: Vec<String> = texts.into_iter().collect();
    for case in cases {
        let own = texts.iter().position(|text| *text == case.text);
        case.text = texts[(own.unwrap_or(0) + 7) % texts.len()].clone();
    }
}

/// The waveform with white noise `db` below its mean power, always the same.
fn with_noise(wave: &Waveform, db: f32) -> Result<Waveform, Box<dyn Error>> {
    let loudness = wave.rms() * 10_f32.powf(-db / 20.0) * 3_f32.sqrt();
    let mut state = 1_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let samples = wave
        .samples()
        .iter()
        .map(|s| s + loudness * uniform())
        .collect();
    Ok(Waveform::new(samples, wave.sample_rate())?)
}
