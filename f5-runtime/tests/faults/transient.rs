//! Servers of which each request fails with a chance of 15 %, with retries and without.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use f5_runtime::fetch::{HttpFetcher, HttpOptions};
use f5_runtime::store::{Manifest, StoreError};

use super::memory::{all, artifact, bytes, in_parallel, sound, store};
use super::server::{Act, Counts, Server, head, mix};
use super::{Row, Sizes};

/// Per thousand.
const FAULTS: u64 = 150;
const ARTIFACTS: usize = 4;
const SIZE: usize = 6000;

fn body(path: &str) -> Option<Vec<u8>> {
    let i = path.rsplit('/').next()?.parse().ok()?;
    Some(bytes(SIZE, i))
}

/// The fault of the `n`th request of `path`, if it has one: the same in every run of the program.
fn fault(path: &str, n: u32) -> Act {
    let seed = path
        .bytes()
        .fold(u64::from(n), |s, b| mix(s ^ u64::from(b)));
    if seed % 1000 >= FAULTS {
        return Act::Good;
    }
    let at = (mix(seed) % SIZE as u64) as usize;
    match mix(seed ^ 1) % 40 {
        0 => Act::Stall(at),
        1..=9 => Act::Reset(at),
        10..=17 => Act::Break(at),
        18..=22 => Act::Flip(at),
        23..=25 => head("429 Slow", "Content-Length: 0\r\nRetry-After: 1\r\n"),
        26..=31 => head("503 Busy", "Content-Length: 0\r\n"),
        32..=35 => head("500 Oops", "Content-Length: 0\r\n"),
        _ => Act::Raw("HTTP/1.1 200 OK\r\n".into(), b"<html>".to_vec()),
    }
}

/// How many of `runs` sets of artifacts could not be had.
fn failures(address: &str, faulty: &AtomicUsize, runs: usize, attempts: u32) -> usize {
    let kind = if attempts == 1 { "once" } else { "again" };
    let part = |range: std::ops::Range<usize>| {
        let fetcher = Arc::new(HttpFetcher::new(HttpOptions {
            allow_http: true,
            private_hosts: vec!["127.0.0.1".into()],
            answer_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_millis(100),
            ..HttpOptions::default()
        }));
        let mut failed = 0;
        for run in range {
            let dir = tempfile::tempdir().unwrap();
            let list = (0..ARTIFACTS).map(|i| {
                let url = format!("{address}/{kind}/{run}/{i}");
                artifact(&format!("{i}.dat"), &bytes(SIZE, i), &url)
            });
            let manifest = Manifest::new(list.collect()).unwrap();
            let store = store(dir.path(), fetcher.clone(), attempts);
            let report = store.ensure(&manifest, &all(&manifest)).unwrap();
            let mut good = 0;
            for result in report.artifacts.values() {
                match result {
                    Ok(_) => good += 1,
                    Err(StoreError::GaveUp { source, .. }) => {
                        assert_eq!(source.attempts, attempts, "{:?}", source.error);
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
            assert_eq!(sound(dir.path()), good);
            failed += usize::from(good < ARTIFACTS);
        }
        failed
    };
    let failed = in_parallel(runs, part).into_iter().sum();
    assert!(faulty.load(Ordering::Relaxed) > 0);
    failed
}

pub(crate) fn retries_pay(sizes: &Sizes) -> Row {
    let (counts, faulty) = (Counts::default(), Arc::new(AtomicUsize::new(0)));
    let counted = faulty.clone();
    let server = Server::with_script(body, move |path| {
        let act = fault(path, counts.next(path));
        counted.fetch_add(usize::from(act != Act::Good), Ordering::Relaxed);
        act
    });
    let runs = sizes.runs;
    let without = failures(&server.address, &faulty, runs, 1);
    let with = failures(&server.address, &faulty, runs, 5);
    assert!(with * 20 <= runs, "{with} of {runs} failed");
    assert!(with * 10 <= without * 6, "{with} against {without}");
    let percent = |n: usize| 100.0 * n as f64 / runs as f64;
    Row {
        cases: 2 * runs,
        what: format!(
            "{} faults; {:.2} % succeed with retries, {:.2} % without; {:.1} % fewer failures",
            faulty.load(Ordering::Relaxed),
            100.0 - percent(with),
            100.0 - percent(without),
            100.0 - 100.0 * with as f64 / without as f64
        ),
    }
}
