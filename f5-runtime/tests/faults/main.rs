//! What the store promises, under every fault that can be made here: damage, kills, failing system
//! calls, failing servers, hostile names, full disks.
//!
//! `cargo xtask faults` runs it at full size, `cargo test` at a small one. A word among the
//! arguments picks the parts whose names contain it. Has its own `main` because it starts itself
//! again as the processes that share a store, that are killed, or whose system calls fail.
#![expect(clippy::unwrap_used, reason = "a test, although without the harness")]

mod damage;
mod decisions;
mod memory;
mod names;
mod network;
mod processes;
#[path = "../support/http.rs"]
mod server;
mod sizes;
mod subsets;
mod syscalls;
mod transient;

use std::panic;
use std::time::Instant;

use sizes::Sizes;

/// What a part found, had it found no fault.
struct Row {
    cases: usize,
    what: String,
}

type Part = fn(&Sizes) -> Row;

const PARTS: &[(&str, Part)] = &[
    ("network faults", network::every_fault),
    ("transient faults", transient::retries_pay),
    ("second ensure", network::second_ensure),
    ("system calls", syscalls::every_call_fails_once),
    ("few handles", syscalls::few_handles),
    ("kills", processes::kills),
    ("many processes", processes::fetched_once),
    ("damage", damage::all_found),
    ("missing files", subsets::reports_are_exact),
    ("disk decisions", decisions::match_the_oracle),
    ("hostile names", names::stay_inside),
];

fn main() {
    if processes::is_child() {
        return processes::child();
    }
    let sizes = match Sizes::from_args(std::env::args().skip(1)) {
        Ok(sizes) => sizes,
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(2);
        }
    };
    // In memory, where there is such a place: thousands of stores would wait for the disk.
    if std::path::Path::new("/dev/shm").is_dir() {
        let _ = tempfile::env::override_temp_dir("/dev/shm".as_ref());
    }
    let mut failed = 0;
    for (name, part) in PARTS.iter().filter(|(name, _)| sizes.wants(name)) {
        let started = Instant::now();
        let outcome = panic::catch_unwind(|| part(&sizes));
        let seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok(Row { cases, what }) => println!("{name:<17} {cases:>8} {seconds:>6.1} s  {what}"),
            Err(_) => {
                failed += 1;
                println!("{name:<17}   FAILED {seconds:>6.1} s  see above");
            }
        }
    }
    if failed > 0 {
        std::process::exit(1);
    }
}
