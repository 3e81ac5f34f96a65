//! One store and many processes: bodies are fetched once, and killing a process at any time leaves
//! nothing wrong.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use f5_runtime::fetch::{FetchError, FetchRequest, FetchResponse, Fetcher};
use f5_runtime::store::{Manifest, ModelStore, StoreError};

use super::memory::{all, artifact, bytes, in_parallel, sound};
use super::server::mix;
use super::{Row, Sizes};

const ROOT: &str = "FAULTS_ROOT";
const COUNT: &str = "FAULTS_COUNT";
const THREADS: &str = "FAULTS_THREADS";
const SIZE: usize = 200_000;
/// How many artifacts a child ensures.
const ARTIFACTS: usize = 4;
/// What a child exits with after a typed error.
pub(crate) const TYPED: i32 = 3;

pub(crate) fn is_child() -> bool {
    env::var_os(ROOT).is_some()
}

fn manifest(artifacts: usize) -> Manifest {
    let list =
        (0..artifacts).map(|i| artifact(&format!("set/{i}.dat"), &bytes(SIZE, i), &i.to_string()));
    Manifest::new(list.collect()).unwrap()
}

/// Serves slowly and leaves a file for each body that it is asked for.
struct Counting {
    dir: PathBuf,
}

impl Fetcher for Counting {
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<FetchResponse, FetchError> {
        let mark = tempfile::Builder::new()
            .prefix(request.url)
            .tempfile_in(&self.dir);
        let kept = mark.and_then(|mark| Ok(mark.keep()?));
        kept.map_err(|source| FetchError::Connection {
            url: request.url.to_owned(),
            source,
        })?;
        let i = request.url.parse().unwrap();
        Ok(FetchResponse {
            offset: request.offset,
            total: Some(SIZE as u64),
            etag: None,
            body: Box::new(Slow {
                body: bytes(SIZE, i).split_off(request.offset as usize),
                at: 0,
            }),
        })
    }
}

struct Slow {
    body: Vec<u8>,
    at: usize,
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        thread::sleep(Duration::from_micros(300));
        let n = buffer.len().min(20_000).min(self.body.len() - self.at);
        buffer[..n].copy_from_slice(&self.body[self.at..][..n]);
        self.at += n;
        Ok(n)
    }
}

/// What a child does: ensures everything, in several threads with a store each, or in its only one
/// with a single artifact.
pub(crate) fn child() {
    let root = PathBuf::from(env::var_os(ROOT).unwrap());
    let dir = PathBuf::from(env::var_os(COUNT).unwrap());
    let threads: usize = env::var(THREADS).unwrap().parse().unwrap();
    let manifest = manifest(if threads == 0 { 1 } else { ARTIFACTS });
    let ensure = || -> Result<(), StoreError> {
        let fetcher = Arc::new(Counting { dir: dir.clone() });
        let policy = f5_runtime::store::DiskPolicy {
            min_free_after: 0,
            headroom_per_mille: 0,
        };
        let store = ModelStore::open(&root)?
            .search(dir.join("elsewhere"))
            .disk_policy(policy)
            .fetcher(fetcher);
        store
            .ensure(&manifest, &all(&manifest))?
            .into_paths()
            .map(drop)
    };
    let failed = if threads == 0 {
        ensure().err()
    } else {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(ensure)).collect();
            let mut results = threads.into_iter().map(|thread| thread.join().unwrap());
            results.find_map(Result::err)
        })
    };
    if let Some(error) = failed {
        // Standard error may be what fails.
        let _ = writeln!(std::io::stderr(), "{error:?}");
        std::process::exit(TYPED);
    }
}

/// A folder with a store and a folder of what was fetched.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(place.count().join("elsewhere")).unwrap();
        place
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    pub(crate) fn count(&self) -> PathBuf {
        self.dir.path().join("count")
    }

    /// This program as a child that ensures; `program` and its arguments are put before it.
    pub(crate) fn command(&self, program: &[&str], threads: usize) -> Command {
        let exe = env::current_exe().unwrap();
        let mut command = match program {
            [] => Command::new(exe),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(exe);
                command
            }
        };
        command
            .env(ROOT, self.root())
            .env(COUNT, self.count())
            .env(THREADS, threads.to_string())
            .stderr(Stdio::null());
        command
    }

    /// A run without faults must succeed, and leave `artifacts` right files.
    pub(crate) fn recovers(&self, threads: usize, artifacts: usize) -> bool {
        let status = self.command(&[], threads).status().unwrap();
        status.success() && sound(&self.root()) == artifacts
    }
}

pub(crate) fn fetched_once(sizes: &Sizes) -> Row {
    let (processes, threads) = (8, 16);
    for _ in 0..sizes.rounds {
        let place = Place::new();
        let start = |_| place.command(&[], threads).spawn().unwrap();
        let children: Vec<Child> = (0..processes).map(start).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(sound(&place.root()), ARTIFACTS);
        let bodies = fs::read_dir(place.count()).unwrap().count() - 1;
        assert_eq!(bodies, ARTIFACTS, "each body is fetched once");
    }
    Row {
        cases: sizes.rounds * processes * threads,
        what: format!(
            "{} rounds of {processes} processes with {threads} threads; each of {ARTIFACTS} bodies \
             fetched once a round",
            sizes.rounds
        ),
    }
}

pub(crate) fn kills(sizes: &Sizes) -> Row {
    let part = |range: std::ops::Range<usize>| {
        let place = Place::new();
        let (mut finished, mut unfinished) = (0, 0);
        for i in range {
            let mut child = place.command(&[], 1).spawn().unwrap();
            thread::sleep(Duration::from_micros(mix(i as u64) % 30_000));
            child.kill().unwrap();
            child.wait().unwrap();
            if sound(&place.root()) == ARTIFACTS {
                finished += 1;
                fs::remove_dir_all(place.root()).unwrap();
            }
            let parts = files(&place.root(), "tmp").filter(|name| name.ends_with(".part"));
            assert!(parts.count() <= 2, "parts do not pile up");
            unfinished += age_unfinished(&place.root());
        }
        assert!(place.recovers(1, ARTIFACTS));
        for (folder, most) in [
            ("blobs", ARTIFACTS),
            ("receipts", ARTIFACTS),
            ("locks", ARTIFACTS),
            ("tmp", 0),
            ("quarantine", 0),
            ("pins", 0),
        ] {
            let left: Vec<String> = files(&place.root(), folder).collect();
            assert!(left.len() <= most, "{folder}: {left:?}");
        }
        (finished, unfinished)
    };
    let parts = in_parallel(sizes.kills, part).into_iter();
    let (finished, unfinished) = parts.fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    Row {
        cases: sizes.kills,
        what: format!(
            "0 wrong files, {finished} stores completed in between, {unfinished} small files left \
             unfinished and swept, all recovered"
        ),
    }
}

fn files(root: &Path, folder: &str) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap())
}

/// Lets an hour pass for what was left unfinished; returns how many files were.
pub(crate) fn age_unfinished(root: &Path) -> usize {
    let mut count = 0;
    for folder in ["receipts", "tmp", "pins", "blobs", "quarantine", "locks"] {
        for name in files(root, folder).filter(|name| name.starts_with('.')) {
            let path = root.join(folder).join(name);
            let file = fs::File::options().append(true).open(path).unwrap();
            let time = std::time::SystemTime::now() - Duration::from_secs(3700);
            file.set_modified(time).unwrap();
            count += 1;
        }
    }
    count
}
