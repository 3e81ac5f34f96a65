//! Asks the CUDA driver from a child process, so that a driver that hangs or crashes ends only that.
//!
//! A program that wants this calls [`answer_if_asked`] first thing in its `main` and probes with
//! [`Isolation::Child`](super::Isolation::Child) naming itself:
//!
//! ```no_run
//! use f5_runtime::probe::{Isolation, ProbeOptions, child, probe};
//!
//! # fn main() -> std::io::Result<()> {
//! if child::answer_if_asked() {
//!     return Ok(());
//! }
//! let isolation = Isolation::Child {
//!     program: std::env::current_exe()?,
//!     limit: std::time::Duration::from_secs(15),
//! };
//! let machine = probe(&ProbeOptions { isolation, ..ProbeOptions::default() });
//! # Ok(())
//! # }
//! ```

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::cuda::{self, Cuda, CudaOptions, CudaUnavailable};
use super::finding;

/// Carries the question to the child.
const QUESTION: &str = "F5_RUNTIME_PROBE";
/// Starts the line of the answer; drivers may print lines of their own.
const MARK: &[u8] = b"f5-runtime-probe:";
/// A child that writes more than this is cut off.
const MAX_OUTPUT: u64 = 1 << 26;

#[derive(Serialize, Deserialize)]
struct Answer {
    #[serde(with = "finding")]
    cuda: Result<Cuda, CudaUnavailable>,
}

/// Answers a probing parent on standard output. True if there was one: the program should end then.
///
/// Without a parent that asks, does nothing.
#[must_use]
pub fn answer_if_asked() -> bool {
    let Some(question) = env::var_os(QUESTION) else {
        return false;
    };
    let options = question
        .to_str()
        .and_then(|q| serde_json::from_str(q).ok())
        .unwrap_or_default();
    let answer = Answer {
        cuda: cuda::probe(&options),
    };
    if let Ok(json) = serde_json::to_string(&answer) {
        // A parent that is gone reads nothing; there is nobody to tell.
        let line = [b"\n", MARK, json.as_bytes(), b"\n"].concat();
        let _ = io::stdout()
            .write_all(&line)
            .and_then(|()| io::stdout().flush());
    }
    true
}

/// Starts `program` and waits for its answer.
pub(super) fn ask(
    program: &Path,
    options: &CudaOptions,
    limit: Duration,
) -> Result<Cuda, CudaUnavailable> {
    let not_started = |e: &dyn ToString| CudaUnavailable::ProbeNotStarted {
        message: e.to_string(),
    };
    let question = serde_json::to_string(options).map_err(|e| not_started(&e))?;
    // A limit beyond what the clock can tell is none.
    let deadline = Instant::now().checked_add(limit);
    let mut child = Command::new(program)
        .env(QUESTION, question)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| not_started(&e))?;
    let output = read_aside(&mut child);
    let Some(status) = wait(&mut child, deadline) else {
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        return Err(CudaUnavailable::ProbeTimeout { limit_ms });
    };
    // A grandchild can keep the pipe open after the child has ended; the answer is in it by then.
    let answer = output.recv_timeout(Duration::from_millis(500));
    match answer {
        // A driver may crash on the way out; what it said before that stands only if it ended well.
        Ok(answer) if status.success() => answer.cuda,
        _ => Err(CudaUnavailable::ProbeCrashed { how: how(status) }),
    }
}

/// Reads the child's output in a thread, so that a full pipe cannot hold it up, for the answer.
fn read_aside(child: &mut Child) -> mpsc::Receiver<Answer> {
    let (send, receive) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let answer = |line: Vec<u8>| serde_json::from_slice(line.strip_prefix(MARK)?).ok();
            let mut lines = BufReader::new(stdout.take(MAX_OUTPUT)).split(b'\n');
            if let Some(answer) = lines.by_ref().map_while(Result::ok).find_map(answer) {
                // The parent may have given up waiting.
                let _ = send.send(answer);
            }
            lines.for_each(drop);
        });
    }
    receive
}

/// Waits until the child ends; at the deadline, if there is one, it is ended, and there is no status.
fn wait(child: &mut Child, deadline: Option<Instant>) -> Option<ExitStatus> {
    let mut pause = Duration::from_micros(500);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let _ = child.kill();
            // A process stuck inside a driver may outlive even that; do not wait for it for ever.
            for _ in 0..50 {
                if !matches!(child.try_wait(), Ok(None)) {
                    break;
                }
                thread::sleep(Duration::from_millis(2));
            }
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

fn how(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("ended with code {code} and no answer"),
        None => "ended without an answer".to_owned(),
    }
}
