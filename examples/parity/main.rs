//! Runs parity cases: folders of inputs and expected outputs that upstream made, stage by stage.
//!
//! ```text
//! cargo run --release --example parity -- CASE_DIR... [--device auto|cpu|vulkan|cuda] [--dump DIR]
//! ```
//!
//! Prints `case stage max_abs mean_abs tolerance ok|FAIL` a line and `N passed, N failed` at the end; the
//! exit status is 1 if anything failed. A kind or stage that is not implemented counts as failed.
//! `--dump` writes what this engine computed to `DIR/<case>.safetensors`. docs/PARITY.md has the results.

mod backbone;
mod case;
mod exact;
mod features;
mod pipeline;
mod report;
mod vocoder;

use std::{path::PathBuf, process::ExitCode};

use case::{Case, Failure};
use f5_tts::DevicePreference;
use report::Report;

struct Args {
    cases: Vec<PathBuf>,
    device: DevicePreference,
    dump: Option<PathBuf>,
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse()?;
    let (mut passed, mut failed) = (0, 0);
    for dir in &args.cases {
        let mut report = Report::new(dir);
        if let Err(error) = run(dir, args.device, &mut report) {
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

fn run(
    dir: &std::path::Path,
    device: DevicePreference,
    report: &mut Report,
) -> Result<(), Failure> {
    let case = Case::read(dir)?;
    match case.kind.as_str() {
        "backbone" => backbone::run(&case, device, report),
        "vocoder" => vocoder::run(&case, device, report),
        "features" => features::run(&case, report),
        "text" => exact::text(&case, report),
        "reference" => exact::reference(&case, report),
        "pipeline" => pipeline::run(&case, device, report),
        kind => Err(format!("kind {kind:?} is not implemented").into()),
    }
}

impl Args {
    fn parse() -> Result<Self, Failure> {
        use lexopt::prelude::*;
        let mut args = Self {
            cases: Vec::new(),
            device: DevicePreference::Cpu,
            dump: None,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Long("device") => args.device = parser.value()?.parse()?,
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
