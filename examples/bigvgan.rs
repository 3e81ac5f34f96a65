//! Copy synthesis with BigVGAN: a recording becomes a mel spectrogram of BigVGAN's kind and sound again.
//!
//! ```text
//! cargo run --release --example bigvgan -- --vocoder DIR [--wav FILE] [--out FILE] [--engine fused|burn] [--precision f32|bf16]
//! ```
//!
//! `DIR` is laid out as NVIDIA publishes it: `config.json` and `bigvgan_generator.pt` (feature `pickle`), or the
//! same tensors as `bigvgan_generator.safetensors`; `cargo xtask fixtures --random-bigvgan` writes one of random
//! weights for timing. Prints the real-time factor, seconds of computing for a second of sound: by the clock, and by
//! the processor time of the busiest thread, which is what an idle machine would take (Linux).

use std::{collections::BTreeMap, error::Error, ffi::OsString, fs, path::PathBuf, time::Instant};

use burn::tensor::{Device, Tensor, TensorData};
use f5_tts::{
    core::{
        audio::{WavFormat, Waveform},
        mel::{MelExtractor, MelSpec},
    },
    model::cpu::{Cpu, Pool, Precision},
    vocoder::{BigVganConfig, VocoderConfig},
};

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse()?;
    let text = fs::read_to_string(args.vocoder.join("config.json"))?;
    let config: BigVganConfig = serde_json::from_str(&text)?;
    let names = ["bigvgan_generator.safetensors", "bigvgan_generator.pt"];
    let weights = names
        .map(|name| args.vocoder.join(name))
        .into_iter()
        .find(|path| path.is_file());
    let weights =
        weights.ok_or("no bigvgan_generator.safetensors or .pt in the vocoder directory")?;

    let clock = Instant::now();
    let (config, device) = (VocoderConfig::BigVgan(config), Device::flex());
    let vocoder = match args.fused {
        true => config.load_cpu(
            weights,
            &device,
            args.precision,
            Cpu::detect()?,
            Pool::default(),
        )?,
        false => config.load(weights, &device)?,
    };
    vocoder.check_mel_spec(&MelSpec::bigvgan())?;
    println!("loaded in {:.2?}", clock.elapsed());

    let wave = Waveform::read_wav(&args.wav)?.resample(24_000)?;
    let mel = MelExtractor::new(&MelSpec::bigvgan())?.extract(wave.samples())?;
    let shape = [1, mel.frames(), mel.n_mels()];
    let mel =
        Tensor::<3>::from_data(TensorData::new(mel.into_data(), shape), &device).swap_dims(1, 2);
    // The first run claims memory.
    for _ in 0..2 {
        let (clock, before) = (Instant::now(), threads());
        let samples = vocoder
            .decode(mel.clone())?
            .try_into_data()?
            .try_into_vec::<f32>()?;
        let (took, seconds) = (clock.elapsed().as_secs_f64(), samples.len() as f64 / 24e3);
        let spent = threads()
            .into_iter()
            .map(|(thread, spent)| spent - before.get(&thread).unwrap_or(&0.0));
        let busiest = spent.fold(0.0, f64::max);
        println!(
            "{seconds:.2} s of sound in {took:.2} s, busiest thread {busiest:.2} s: real-time factor {:.3}, {:.3}",
            took / seconds,
            busiest / seconds
        );
        Waveform::new(samples, 24_000)?.write_wav(&args.out, WavFormat::Pcm16)?;
    }
    println!("{}", args.out.display());
    Ok(())
}

/// Processor seconds of every thread.
fn threads() -> BTreeMap<OsString, f64> {
    let task = |entry: fs::DirEntry| {
        let stat = fs::read_to_string(entry.path().join("schedstat")).ok()?;
        let nanoseconds: f64 = stat.split_whitespace().next()?.parse().ok()?;
        Some((entry.file_name(), nanoseconds / 1e9))
    };
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
    tasks.flatten().filter_map(task).collect()
}

struct Args {
    vocoder: PathBuf,
    wav: PathBuf,
    out: PathBuf,
    fused: bool,
    precision: Precision,
}

impl Args {
    fn parse() -> Result<Self, Box<dyn Error>> {
        use lexopt::prelude::*;
        let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
        let (mut vocoder, mut fused, mut precision) = (None, true, Precision::Auto);
        let (mut wav, mut out) = (format!("{voices}/slt.wav").into(), "bigvgan.wav".into());
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Long("vocoder") => vocoder = Some(parser.value()?.into()),
                Long("wav") => wav = parser.value()?.into(),
                Long("out") => out = parser.value()?.into(),
                Long("engine") => {
                    fused = match parser.value()?.string()?.as_str() {
                        "fused" => true,
                        "burn" => false,
                        other => return Err(format!("--engine {other}: fused or burn").into()),
                    }
                }
                Long("precision") => {
                    precision = match parser.value()?.string()?.as_str() {
                        "f32" => Precision::F32,
                        "bf16" => Precision::Bf16,
                        other => return Err(format!("--precision {other}: f32 or bf16").into()),
                    }
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(Self {
            vocoder: vocoder.ok_or("usage: bigvgan --vocoder DIR [--wav FILE] [--out FILE]")?,
            wav,
            out,
            fused,
            precision,
        })
    }
}
