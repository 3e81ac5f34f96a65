//! Compares aligners with known word times: `evaluate FOLDER [ALIGNER [NOISE_DB [MODEL]]]`.
//!
//! ALIGNER is hmm, energy or proportional; NOISE_DB adds white noise so far below the speech (`inf`
//! for none); MODEL is another model for hmm, as `train_aligner` writes it.
//!
//! The folder holds `eval.jsonl`, lines `{"voice", "text", "wav", "words": [{"start", "end"}]}` with
//! times in seconds, and the WAV files they name. Prints the error of word starts and ends.

use std::{collections::BTreeMap, env, error::Error, fs, path::Path, time::Instant};

use f5_align::{Aligner, EnergyAligner, HmmAligner, ProportionalAligner};
use f5_core::audio::Waveform;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = arguments
        .next()
        .ok_or("evaluate FOLDER [ALIGNER [NOISE_DB [MODEL]]]")?;
    let chosen = arguments.next().unwrap_or_else(|| "hmm".into());
    let noise: Option<f32> = arguments.next().map(|v| v.parse()).transpose()?;
    let aligner: Box<dyn Aligner> = match chosen.as_str() {
        "hmm" => Box::new(match arguments.next() {
            Some(model) => HmmAligner::with_model(&fs::read(model)?)?,
            None => HmmAligner::new(),
        }),
        "energy" => Box::new(EnergyAligner::new()),
        "proportional" => Box::new(ProportionalAligner::new()),
        other => return Err(format!("no aligner {other}").into()),
    };
    let mut errors: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let (mut failed, mut spent, mut audio) = (0, 0.0, 0.0);
    let mut likelihoods: Vec<f32> = Vec::new();
    let folder = Path::new(&folder);
    for line in fs::read_to_string(folder.join("eval.jsonl"))?.lines() {
        let case: Value = serde_json::from_str(line)?;
        let field = |name: &str| {
            case[name]
                .as_str()
                .ok_or_else(|| format!("no {name} in {line}"))
        };
        let mut wave = Waveform::read_wav(folder.join(field("wav")?))?;
        if let Some(db) = noise {
            wave = with_noise(&wave, db)?;
        }
        let started = Instant::now();
        let found = aligner.align(&wave, field("text")?, "en");
        spent += started.elapsed().as_secs_f64();
        audio += wave.duration().as_secs_f64();
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                println!("{}: {error}", field("wav")?);
                failed += 1;
                continue;
            }
        };
        likelihoods.extend(found.quality.log_likelihood);
        let truth = case["words"].as_array().ok_or("no words")?;
        if truth.len() != found.words.len() {
            return Err(format!("{} words, {} times", truth.len(), found.words.len()).into());
        }
        for (true_word, word) in truth.iter().zip(&found.words) {
            let time = |name: &str| true_word[name].as_f64().ok_or("a word without times");
            let two = [
                word.start.as_secs_f64() - time("start")?,
                word.end.as_secs_f64() - time("end")?,
            ];
            for group in [field("voice")?, "all"] {
                errors.entry(group.to_owned()).or_default().extend(two);
            }
        }
    }
    println!(
        "{chosen}: {failed} failed, {:.4} of real time",
        spent / audio
    );
    likelihoods.sort_by(f32::total_cmp);
    if let (Some(worst), Some(best)) = (likelihoods.first(), likelihoods.last()) {
        println!("log-likelihood of a frame from {worst:.2} to {best:.2}");
    }
    println!("voice      mean ms  median    bias  <=20 ms  <=50 ms  <=100 ms");
    for (voice, errors) in &errors {
        let count = errors.len() as f64;
        let mut sizes: Vec<f64> = errors.iter().map(|e| e.abs() * 1000.0).collect();
        sizes.sort_by(f64::total_cmp);
        let within = |ms: f64| 100.0 * sizes.iter().filter(|&&s| s <= ms).count() as f64 / count;
        println!(
            "{voice:10} {:7.1} {:7.1} {:7.1} {:7.1}% {:7.1}% {:8.1}%",
            sizes.iter().sum::<f64>() / count,
            sizes[sizes.len() / 2],
            1000.0 * errors.iter().sum::<f64>() / count,
            within(20.0),
            within(50.0),
            within(100.0),
        );
    }
    Ok(())
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
