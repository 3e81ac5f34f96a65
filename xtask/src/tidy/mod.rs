//! `cargo xtask tidy`: the rules of the workspace, checked from its files and from `cargo metadata`.

mod graph;
mod manifest;
mod text;
mod walk;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// One broken rule, printed as `path:line: what`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Violation {
    path: String,
    line: usize,
    what: String,
}

impl Violation {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Checks the workspace at `root`; the error lists every violation.
pub(crate) fn run(root: &Path) -> Outcome {
    let mut violations = graph::check(&metadata(root)?)?;
    for path in
        walk::text_files(root).map_err(|e| format!("cannot list {}: {e}", root.display()))?
    {
        let full = root.join(&path);
        let bytes = fs::read(&full).map_err(|e| format!("cannot read {path}: {e}"))?;
        match String::from_utf8(bytes) {
            Ok(text) => {
                violations.extend(text::check(&path, &text));
                match path.as_str() {
                    "Cargo.toml" => violations.extend(manifest::check(&path, &text)),
                    "README.md" => violations.extend(text::check_readme(&path, &text)),
                    _ => {}
                }
            }
            Err(_) => violations.push(Violation::new(&path, 1, "not UTF-8")),
        }
    }
    if violations.is_empty() {
        println!("tidy: ok");
        return Ok(());
    }
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    Err(format!(
        "{}\ntidy: {} violations",
        lines.join("\n"),
        lines.len()
    ))
}

/// The dependency graph with every feature switched on.
fn metadata(root: &Path) -> Result<serde_json::Value, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--offline",
            "--format-version",
            "1",
            "--all-features",
        ])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cannot run cargo metadata: {e}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo metadata failed; `cargo fetch` brings what it needs\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))
}
