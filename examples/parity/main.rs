//! Runs parity cases: folders of inputs and expected outputs that upstream made, stage by stage.
//!
//! ```text
//! cargo run --release --example parity -- CASE_DIR... [--device auto|cpu|vulkan|cuda] [--engine fused|burn]
//!     [--precision f32|bf16] [--dump DIR]
//! ```
//!
//! Prints `case stage max_abs mean_abs tolerance ok|FAIL` a line and `N passed, N failed` at the end; the
//! exit status is 1 if anything failed. A kind or stage that is not implemented counts as failed.
//! On a CPU the fused engine computes, in float32 unless told otherwise; stages inside the network are those
//! of the Burn network in any case. `--dump` writes what this engine computed to `DIR/<case>.safetensors`. docs/PARITY.md has the results.

mod backbone;
mod case;
mod exact;
mod features;
mod inside;
mod pipeline;
mod report;
mod vocoder;

use std::{path::PathBuf, process::ExitCode};

use case::{Case, Failure};
use f5_tts::{CpuEngine, DevicePreference, Precision};
use report::Report;

/// Who computes.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) device: DevicePreference,
    pub(crate) engine: CpuEngine,
    pub(crate) precision: Precision,
}

impl Target {
    /// Whether the fused kernels compute.
    pub(crate) fn is_fused(&self) -> bool {
        self.device == DevicePreference::Cpu && self.engine == CpuEngine::Fused
    }
}

struct Args {
    cases: Vec<PathBuf>,
    target: Target,
    dump: Option<PathBuf>,
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse()?;
    let (mut passed, mut failed) = (0, 0);
    for dir in &args.cases {
        let mut report = Report::new(dir);
        if let Err(error) = run(dir, args.target, &mut report) {
            report.fail("case", &error.to_string());
        }
        if let Some(dump) = &args.dump {
            report.dump(dump)?;
        }
        passed += report.passed;
        failed += report.failed;
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run(dir: &std::path::Path, target: Target, report: &mut Report) -> Result<(), Failure> {
    let case = Case::read(dir)?;
    match case.kind.as_str() {
        "backbone" => backbone::run(&case, target, report),
        "vocoder" => vocoder::run(&case, target, report),
        "features" => features::run(&case, report),
        "text" => exact::text(&case, report),
        "reference" => exact::reference(&case, report),
        "pipeline" => pipeline::run(&case, target, report),
        kind => Err(format!("kind {kind:?} is not implemented").into()),
    }
}

impl Args {
    fn parse() -> Result<Self, Failure> {
        use lexopt::prelude::*;
        let mut args = Self {
            cases: Vec::new(),
            target: Target {
                device: DevicePreference::Cpu,
                engine: CpuEngine::Fused,
                precision: Precision::F32,
            },
            dump: None,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Long("device") => args.target.device = parser.value()?.parse()?,
                Long("engine") => {
                    args.target.engine = match parser.value()?.string()?.as_str() {
                        "fused" => CpuEngine::Fused,
                        "burn" => CpuEngine::Burn,
                        other => return Err(format!("--engine {other}: fused or burn").into()),
                    }
                }
                Long("precision") => {
                    args.target.precision = match parser.value()?.string()?.as_str() {
                        "f32" => Precision::F32,
                        "bf16" => Precision::Bf16,
                        other => return Err(format!("--precision {other}: f32 or bf16").into()),
                    }
                }
                Long("dump") => args.dump = Some(parser.value()?.into()),
                Value(dir) => args.cases.push(dir.into()),
                other => return Err(other.unexpected().into()),
            }
        }
        if args.cases.is_empty() {
            return Err("usage: parity CASE_DIR... [--device D] [--dump DIR]".into());
        }
        Ok(args)
    }
}
