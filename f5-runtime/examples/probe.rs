//! Prints what this machine can do, as a table or with `--json`.
//!
//! `cargo run -p f5-runtime --example probe -- --json`

use std::error::Error;
use std::time::Duration;

use f5_runtime::probe::{Isolation, ProbeOptions, child, probe};

fn main() -> Result<(), Box<dyn Error>> {
    if child::answer_if_asked() {
        return Ok(());
    }
    // A driver that hangs or crashes ends a child and not this program.
    let isolation = Isolation::Child {
        program: std::env::current_exe()?,
        limit: Duration::from_secs(15),
    };
    let machine = probe(&ProbeOptions {
        isolation,
        ..ProbeOptions::default()
    });
    if std::env::args().any(|arg| arg == "--json") {
        println!("{}", serde_json::to_string_pretty(&machine)?);
    } else {
        println!("{machine}");
    }
    Ok(())
}
