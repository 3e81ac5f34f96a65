//! Development tasks: `cargo xtask <tidy|faults|fixtures|train-aligner>`. One file or folder per command.

mod faults;
mod fixtures;
mod tidy;
mod train_aligner;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask <COMMAND>

Commands:
  tidy                            check the rules of the workspace that compilers do not check
  faults [WORD...] [--runs=N] [--kills=N] [--rounds=N] [--damages=N] [--decisions=N] [--names=N]
                                  what f5-runtime promises, under faults, at full size; words pick
                                  parts by name (needs strace and cc)
  fixtures --random-base|--random-bigvgan [--out DIR] [--dtype f32|f16|bf16]
                                  write a model, or a BigVGAN vocoder, of the released size with
                                  random weights (default DIR: target/fixtures/random-base or
                                  target/fixtures/random-bigvgan)
  train-aligner --cmudict FILE    make the data files of f5-align anew: synthesise speech, train
                                  (needs festival, festvox-kallpc16k, festvox-us-slt-hts, flite)
";

/// What a command returns: nothing to say, or the text for standard error.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let outcome = match args
        .split_first()
        .map(|(command, rest)| (command.as_str(), rest))
    {
        Some(("tidy", [])) => tidy::run(&root()),
        Some(("faults", rest)) => faults::run(&root(), rest),
        Some(("fixtures", rest)) => fixtures::run(&root(), rest),
        Some(("train-aligner", rest)) => train_aligner::run(&root(), rest),
        Some(("help" | "--help" | "-h", _)) => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(HELP.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// The workspace root: the parent of this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_option_of_fixtures() {
        let options: Vec<&str> = fixtures::USAGE
            .split(|c: char| c.is_whitespace() || "[]|".contains(c))
            .filter(|word| word.starts_with("--"))
            .collect();
        assert!(options.contains(&"--random-bigvgan"), "{options:?}");
        for option in options {
            assert!(HELP.contains(option), "{option}");
        }
    }
}
