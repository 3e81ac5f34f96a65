//! `train-aligner`: makes the data files of f5-align anew.

use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// Runs f5-align's `train_aligner` example on the crate's own data folder; `args` come before the
/// folders, so the first of two wins.
pub(crate) fn run(root: &Path, args: &[String]) -> Outcome {
    let speech = root.join("target/train-aligner");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .args(["run", "--release", "-p", "f5-align", "--features", "train"]);
    command
        .args(["--example", "train_aligner", "--"])
        .args(args);
    command
        .arg("--speech")
        .arg(speech)
        .arg("--data")
        .arg(root.join("f5-align/data"));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("training the aligner failed: {status}")),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}
