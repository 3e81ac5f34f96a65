//! Answers one request a line with one JSON line, so that the engine can be timed in alternation with
//! another one on the same weights and inputs.
//!
//! ```sh
//! cargo run --release --example engine_bench -- serve --weights FILE --vocos FILE --inputs FILE
//! ```
//!
//! The network is that of `F5TTS_v1_Base`, or of another `--preset`.
//!
//! | request | what is timed |
//! |---|---|
//! | `forward N B` | text encoding and one velocity at `N` frames; `B` 2: with the unconditional one |
//! | `sample N REF NFE CFG` | a whole sample of `N` frames, `REF` of them reference |
//! | `vocos FRAMES` | the vocoder |
//! | `quit` | |
//!
//! `wall` is seconds by the clock, `cpu` processor seconds of all threads, `crit` those of the busiest
//! thread: the time the request would take on an idle machine.

#[path = "engine_bench/serve.rs"]
mod serve;

use std::{path::PathBuf, process::ExitCode};

use f5_tts::model::cpu::Precision;
use lexopt::{Arg, Parser, ValueExt};

type Failure = Box<dyn std::error::Error>;

/// What to load and how.
#[derive(Debug)]
struct Options {
    preset: String,
    weights: PathBuf,
    vocos: PathBuf,
    inputs: PathBuf,
    precision: Precision,
    threads: Option<usize>,
    burn: bool,
}

fn main() -> ExitCode {
    match arguments().and_then(|options| serve::serve(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Options, Failure> {
    let mut options = Options {
        preset: "F5TTS_v1_Base".to_owned(),
        weights: PathBuf::new(),
        vocos: PathBuf::new(),
        inputs: PathBuf::new(),
        precision: Precision::Auto,
        threads: None,
        burn: false,
    };
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(command) if command == "serve" => {}
            Arg::Long("preset") => options.preset = parser.value()?.string()?,
            Arg::Long("weights") => options.weights = parser.value()?.into(),
            Arg::Long("vocos") => options.vocos = parser.value()?.into(),
            Arg::Long("inputs") => options.inputs = parser.value()?.into(),
            Arg::Long("threads") => options.threads = Some(parser.value()?.parse()?),
            Arg::Long("engine") => {
                options.burn = match parser.value()?.string()?.as_str() {
                    "burn" => true,
                    "fused" => false,
                    other => return Err(format!("--engine {other}: burn or fused").into()),
                }
            }
            Arg::Long("precision") => {
                options.precision = match parser.value()?.string()?.as_str() {
                    "auto" => Precision::Auto,
                    "f32" => Precision::F32,
                    "bf16" => Precision::Bf16,
                    other => return Err(format!("--precision {other}: auto, f32 or bf16").into()),
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}
