//! Aligns the recordings of a manifest and compares the words with their known times.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    io::{BufWriter, Write},
    path::Path,
    str::FromStr,
    time::Instant,
};

use f5_tts::{
    align::{Aligner, Alignment, BoundaryErrors, Gate, split_words},
    core::audio::Waveform,
};
use serde::Deserialize;
use serde_json::json;

/// How the recordings are aligned.
pub(crate) struct Judge<'a> {
    pub(crate) language: &'a str,
    pub(crate) noise: Option<f32>,
    pub(crate) wrong_text: bool,
    pub(crate) require: Option<Require>,
    /// Whether `require` is for the default link alone, since all are judged.
    pub(crate) all: bool,
}

/// What `--require` asks, over all voices; and no recording may fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Require {
    /// Largest mean absolute error of word starts and ends, in milliseconds.
    mean_ms: f64,
    /// Smallest share of them within 50 ms, in percent.
    within_50_percent: f64,
}

impl FromStr for Require {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().ok().filter(|n: &f64| n.is_finite());
        let numbers = text.split_once(',');
        let numbers = numbers.and_then(|(mean, share)| Some((number(mean)?, number(share)?)));
        let (mean_ms, within_50_percent) = numbers.ok_or_else(|| {
            format!("--require takes MEAN_MS,WITHIN_50_PERCENT, such as 15,95, not {text:?}")
        })?;
        Ok(Self {
            mean_ms,
            within_50_percent,
        })
    }
}

/// A line of the manifest.
#[derive(Deserialize)]
struct Case {
    id: String,
    wav: String,
    text: String,
    /// Who speaks; the table has a row for each.
    #[serde(default)]
    voice: Option<String>,
    #[serde(default)]
    words: Vec<Known>,
}

/// A word whose times are known, in seconds.
#[derive(Deserialize)]
struct Known {
    start: f64,
    end: f64,
}

/// What became of the recordings with one aligner.
#[derive(Default)]
struct Tally {
    errors: BTreeMap<String, BoundaryErrors>,
    failed: usize,
    /// Answers that the gate of a chain believes.
    believed: usize,
    log_likelihoods: Vec<f32>,
    spent: f64,
    audio: f64,
}

impl Judge<'_> {
    /// Aligns every recording with every aligner, prints the table and writes the words to `out`;
    /// an error if that is less than required.
    pub(crate) fn run(
        &self,
        manifest: &Path,
        aligners: &[Box<dyn Aligner>],
        out: Option<&Path>,
    ) -> Result<(), Box<dyn Error>> {
        let folder = manifest.parent().unwrap_or(Path::new(""));
        let mut cases = read(manifest)?;
        if self.wrong_text {
            exchange_texts(&mut cases);
        }
        let mut lines = match out {
            Some(path) => {
                let written = tempfile::NamedTempFile::new_in(match path.parent() {
                    Some(folder) if !folder.as_os_str().is_empty() => folder,
                    _ => Path::new("."),
                })?;
                Some((BufWriter::new(written), path))
            }
            None => None,
        };
        println!(
            "aligner       voice     mean ms  median    bias  <=20 ms  <=50 ms  <=100 ms  failed  believed  real-time factor"
        );
        let mut short = Vec::new();
        for aligner in aligners {
            let mut tally = Tally::default();
            for case in &cases {
                let mut audio = Waveform::read_wav(folder.join(&case.wav))?;
                if let Some(db) = self.noise {
                    audio = with_noise(&audio, db)?;
                }
                let started = Instant::now();
                let found = aligner.align(&audio, &case.text, self.language);
                tally.spent += started.elapsed().as_secs_f64();
                tally.audio += audio.duration().as_secs_f64();
                if let Err(error) = &found {
                    eprintln!("{}: {error}", case.id);
                }
                if let Some((lines, _)) = &mut lines {
                    writeln!(lines, "{}", line(case, found.as_ref()))?;
                }
                match found {
                    Ok(found) => self.count(&mut tally, case, &found)?,
                    Err(_) => tally.failed += 1,
                }
            }
            tally.print(aligner.name(), cases.len());
            let is_held = !self.all || aligner.name() == "hmm";
            if let Some(require) = self.require.filter(|_| is_held) {
                short.extend(tally.falls_short(require, aligner.name(), cases.len()));
            }
        }
        if let Some((lines, path)) = lines {
            lines.into_inner()?.persist(path)?;
        }
        if !short.is_empty() {
            return Err(format!("less than --require asks: {}", short.join("; ")).into());
        }
        Ok(())
    }

    fn count(
        &self,
        tally: &mut Tally,
        case: &Case,
        found: &Alignment,
    ) -> Result<(), Box<dyn Error>> {
        let words = split_words(&case.text);
        tally.believed += usize::from(Gate::default().check(found, &words).is_ok());
        tally.log_likelihoods.extend(found.quality.log_likelihood);
        if self.wrong_text || case.words.is_empty() {
            return Ok(());
        }
        let known: Vec<(f64, f64)> = case.words.iter().map(|w| (w.start, w.end)).collect();
        for group in case.voice.iter().map(String::as_str).chain(["all"]) {
            let errors = tally.errors.entry(group.to_owned()).or_default();
            if !errors.add(&found.words, &known) {
                let (have, want) = (found.words.len(), known.len());
                let id = &case.id;
                return Err(format!("{id}: {want} words have times, the text has {have}").into());
            }
        }
        Ok(())
    }
}

impl Tally {
    /// What is worse than required, a phrase each.
    fn falls_short(&mut self, require: Require, aligner: &str, cases: usize) -> Vec<String> {
        let mut short = Vec::new();
        if self.failed > 0 {
            short.push(format!("{aligner} failed on {} of {cases}", self.failed));
        }
        let errors = self.errors.entry("all".to_owned()).or_default();
        if errors.count() == 0 {
            short.push(format!("{aligner} has no words whose times are known"));
            return short;
        }
        let (mean, share) = (1000.0 * errors.mean(), 100.0 * errors.within(0.05));
        let Require {
            mean_ms,
            within_50_percent,
        } = require;
        if mean > mean_ms {
            short.push(format!("{aligner} is {mean:.1} ms off, not {mean_ms} ms"));
        }
        if share < within_50_percent {
            short.push(format!(
                "{aligner} is within 50 ms for {share:.1} %, not {within_50_percent} %"
            ));
        }
        short
    }

    fn print(&mut self, aligner: &str, cases: usize) {
        // A row for the speed, where no times are known.
        self.errors.entry("all".to_owned()).or_default();
        for (voice, errors) in &self.errors {
            print!("{aligner:13} {voice:9}");
            if errors.count() == 0 {
                print!("{:52}", "");
            } else {
                print!(
                    "{:8.1} {:7.1} {:7.1} {:7.1}% {:7.1}% {:8.1}%",
                    1000.0 * errors.mean(),
                    1000.0 * errors.median(),
                    1000.0 * errors.bias(),
                    100.0 * errors.within(0.02),
                    100.0 * errors.within(0.05),
                    100.0 * errors.within(0.1),
                );
            }
            if voice == "all" {
                let (failed, believed) = (self.failed, self.believed);
                let speed = self.spent / self.audio;
                print!("{failed:5}/{cases} {believed:6}/{cases} {speed:17.4}");
            }
            println!();
        }
        self.log_likelihoods.sort_by(f32::total_cmp);
        if let [lowest, .., highest] = self.log_likelihoods[..] {
            println!("{aligner:13} log-likelihood from {lowest:.2} to {highest:.2}");
        }
    }
}

/// A recording's words as a line of `--out`; a failure has a message instead of words.
fn line(case: &Case, found: Result<&Alignment, &f5_tts::align::AlignError>) -> serde_json::Value {
    match found {
        Ok(found) => {
            let words = found.words.iter().map(|word| {
                json!({
                    "w": word.word,
                    "start": word.start.as_secs_f64(),
                    "end": word.end.as_secs_f64(),
                    "score": word.score,
                })
            });
            let words: Vec<_> = words.collect();
            json!({"id": case.id, "words": words, "source": found.aligner})
        }
        Err(error) => json!({"id": case.id, "words": [], "error": error.to_string()}),
    }
}

fn read(manifest: &Path) -> Result<Vec<Case>, Box<dyn Error>> {
    let text = fs::read_to_string(manifest)
        .map_err(|error| format!("cannot read {}: {error}", manifest.display()))?;
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line)
                .map_err(|error| format!("{}, line {number}: {error}", manifest.display()).into())
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
pub(crate) fn with_noise(wave: &Waveform, db: f32) -> Result<Waveform, Box<dyn Error>> {
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
