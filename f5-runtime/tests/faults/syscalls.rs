//! Every system call of a download failed once, and the process killed at every one of them.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use super::memory::{in_parallel, sound};
use super::processes::{Place, TYPED, age_unfinished};
use super::{Row, Sizes};

/// Calls that a download makes; those of them that this machine's C library uses are found out.
const CALLS: &str = "open,openat,creat,read,pread64,write,pwrite64,writev,lseek,close,fsync,\
                     fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,link,linkat,\
                     mkdir,mkdirat,rmdir,stat,lstat,fstat,newfstatat,statx,statfs,fstatfs,flock,\
                     fcntl,getdents64,utimensat,fchmod,mmap";
const ERRORS: &[&str] = &["ENOSPC", "EIO", "EINTR", "EACCES", "EMFILE"];

/// A call on a file of the store: its name and the how-many-eth of its name it is in the process.
type Call = (String, usize);

pub(crate) fn every_call_fails_once(sizes: &Sizes) -> Row {
    if !sizes.full || !cfg!(target_os = "linux") {
        let what = "not at this size: needs strace".to_owned();
        return Row { cases: 0, what };
    }
    let calls = calls();
    let mut runs: Vec<(&Call, Option<&str>)> = Vec::new();
    for call in &calls {
        runs.extend(ERRORS.iter().map(|error| (call, Some(*error))));
        runs.push((call, None));
    }
    let part = |range: std::ops::Range<usize>| {
        let mut outcomes = BTreeMap::new();
        for (call, error) in &runs[range] {
            *outcomes.entry(injected(call, *error)).or_insert(0) += 1;
        }
        outcomes
    };
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for (outcome, count) in in_parallel(runs.len(), part).into_iter().flatten() {
        *outcomes.entry(outcome).or_default() += count;
    }
    let told: Vec<String> = outcomes
        .iter()
        .map(|(what, n)| format!("{n} {what}"))
        .collect();
    let told = told.join(", ");
    Row {
        cases: runs.len(),
        what: format!(
            "{} calls, {} errors and a kill at each: {told}; 0 panics, 0 wrong files, nothing \
             left, all recovered",
            calls.len(),
            ERRORS.len()
        ),
    }
}

/// Runs a child under strace.
fn strace(place: &Place, args: &[&str]) -> Option<i32> {
    let program = [["strace", "-qq"].as_slice(), args].concat();
    let status = place
        .command(&program, 0)
        .status()
        .expect("strace, which `cargo xtask faults` needs");
    status.code()
}

/// The calls of an undisturbed run on files of its store.
fn calls() -> Vec<Call> {
    let place = Place::new();
    let log = place.count().join("log");
    let trace = format!("trace={CALLS}");
    // Names that this kernel does not have are passed over with `?`.
    let trace = trace.replace("trace=", "trace=?").replace(',', ",?");
    let log_name = log.to_str().unwrap();
    let code = strace(&place, &["-y", "-s", "0", "-o", log_name, "-e", &trace]);
    assert_eq!(code, Some(0), "strace may not trace here");
    let log = fs::read_to_string(log).unwrap();
    assert_ordered(&log);
    let root = place.root();
    let root = root.to_str().unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((name, _)) = line.split_once('(') else {
            continue;
        };
        let count = counts.entry(name).or_default();
        *count += 1;
        if line.contains(root) {
            calls.push((name.to_owned(), *count));
        }
    }
    assert!(calls.len() > 20, "{log}");
    calls
}

/// Content is written out before it is renamed, and the folder after.
fn assert_ordered(log: &str) {
    let lines: Vec<&str> = log.lines().collect();
    let find = |from: usize, what: &[&str]| {
        let found = |line: &&str| what.iter().all(|w| line.contains(w));
        lines[from..].iter().position(found).map(|i| i + from)
    };
    let renamed = find(0, &["rename", ".part", "/blobs/"]).expect("a rename into place");
    let is_write = |l: &&str| l.starts_with("write(") && l.contains(".part");
    let written = lines[..renamed].iter().rposition(is_write).unwrap();
    let synced = find(written, &["fsync(", ".part"]).expect("the part is written out");
    let folder = find(renamed, &["fsync(", "/blobs>"]).expect("the folder is written out");
    assert!(written < synced && synced < renamed && renamed < folder);
}

/// Fails one call, or kills the process at it; then a run without faults must recover.
fn injected((name, count): &Call, error: Option<&str>) -> &'static str {
    let place = Place::new();
    let how = error.map_or("signal=KILL".to_owned(), |error| format!("error={error}"));
    let inject = format!("inject={name}:{how}:when={count}");
    let trace = format!("trace={name}");
    let code = strace(&place, &["-o", "/dev/null", "-e", &trace, "-e", &inject]);
    sound(&place.root());
    let outcome = match code {
        Some(0) => "succeeded",
        Some(TYPED) => "ended in a typed error",
        None | Some(137) if error.is_none() => "killed",
        other => panic!("{inject}: exit {other:?}"),
    };
    age_unfinished(&place.root());
    assert!(place.recovers(0, 1), "{inject}: the next run");
    let left = age_unfinished(&place.root());
    assert_eq!(left, 0, "{inject}: small files stay unfinished");
    outcome
}

/// Processes that may open few files: the error is typed, and the next run succeeds.
pub(crate) fn few_handles(_: &Sizes) -> Row {
    let limits = 3..20;
    let mut failed = 0;
    for limit in limits.clone() {
        let place = Place::new();
        let script = format!("ulimit -n {limit}; exec \"$0\"");
        let mut command: Command = place.command(&["sh", "-c", &script], 0);
        let status = command.stdout(Stdio::null()).status().unwrap();
        // Below four, the system's loader cannot open its libraries.
        let loader = status.code() == Some(127);
        assert!(
            status.success() || status.code() == Some(TYPED) || (loader && limit < 4),
            "{limit}: {status:?}"
        );
        failed += usize::from(!status.success());
        sound(&place.root());
        assert!(place.recovers(0, 1));
    }
    assert!(failed > 0 && failed < limits.len());
    Row {
        cases: limits.len(),
        what: format!("{failed} typed errors, 0 wrong files, all recovered"),
    }
}
