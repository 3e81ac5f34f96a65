//! `cargo xtask faults`: what the store and the probe promise, under every fault that can be made on
//! one machine, at full size. The faults themselves are tests of f5-runtime.

use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// Runs the tests at full size; `args` are counts and words that pick parts of them.
pub(crate) fn run(root: &Path, args: &[String]) -> Outcome {
    println!("{:<17} {:>8} {:>8}  outcome", "fault", "cases", "time");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", "--quiet", "--locked", "--package", "f5-runtime"])
        .args(["--features", "hub", "--no-fail-fast"])
        .args(["--test", "fake_driver", "--test", "faults", "--", "--full"])
        .args(args)
        .current_dir(root)
        .status()
        .map_err(|e| format!("cannot run cargo test: {e}"))?;
    if status.success() {
        println!("faults: none broke a promise");
        Ok(())
    } else {
        Err("faults: see what failed above".to_owned())
    }
}
