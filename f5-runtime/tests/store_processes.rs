//! One store and many processes: bodies are fetched once, and killing a process at any time leaves
//! nothing wrong. Has its own `main` because the program starts itself again as those processes.
#![expect(clippy::unwrap_used, reason = "a test, although without the harness")]

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use f5_runtime::fetch::{FetchError, FetchRequest, FetchResponse, Fetcher};
use f5_runtime::store::{Artifact, Digest, DiskPolicy, Manifest, ModelStore};

const ROOT: &str = "STORE_PROCESSES_ROOT";
const COUNT: &str = "STORE_PROCESSES_COUNT";
const THREADS: &str = "STORE_PROCESSES_THREADS";
const SIZE: usize = 200_000;

fn main() {
    if env::var_os(ROOT).is_some() {
        return ensure_all();
    }
    bodies_are_fetched_once();
    println!("test bodies are fetched once ... ok");
    killed_processes_leave_nothing_wrong();
    println!("test killed processes leave nothing wrong ... ok");
}

fn body(i: usize) -> Vec<u8> {
    (0..SIZE)
        .map(|k| {
            (k as u8)
                .wrapping_mul(7)
                .wrapping_add((k >> 8) as u8 ^ i as u8)
        })
        .collect()
}

fn manifest() -> Manifest {
    let artifact = |i: usize| Artifact {
        name: format!("set/{i}.dat").parse().unwrap(),
        digest: Digest::of(&body(i)),
        size: SIZE as u64,
        urls: vec![i.to_string()],
        needs: vec![],
    };
    Manifest::new((0..4).map(artifact).collect()).unwrap()
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
        let body = body(request.url.parse().unwrap()).split_off(request.offset as usize);
        Ok(FetchResponse {
            offset: request.offset,
            total: Some(SIZE as u64),
            etag: None,
            body: Box::new(Slow { body, at: 0 }),
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

/// What a child does: several threads, each with a store of its own, ensure everything.
fn ensure_all() {
    let root = PathBuf::from(env::var_os(ROOT).unwrap());
    let dir = PathBuf::from(env::var_os(COUNT).unwrap());
    let threads: usize = env::var(THREADS).unwrap().parse().unwrap();
    let manifest = manifest();
    let wanted: Vec<_> = manifest.iter().map(|a| a.name.clone()).collect();
    let failed = thread::scope(|scope| {
        let ensure = || {
            let policy = DiskPolicy {
                min_free_after: 0,
                headroom_per_mille: 0,
            };
            let store = ModelStore::open(&root)?.disk_policy(policy);
            let store = store.fetcher(Arc::new(Counting { dir: dir.clone() }));
            store.ensure(&manifest, &wanted)?.into_paths()
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(ensure)).collect();
        threads
            .into_iter()
            .find_map(|thread| thread.join().unwrap().err())
    });
    if let Some(error) = failed {
        // Standard error may be what fails.
        let _ = writeln!(std::io::stderr(), "{error:?}");
        std::process::exit(3);
    }
}

fn spawn(root: &Path, count: &Path, threads: usize) -> Child {
    Command::new(env::current_exe().unwrap())
        .env(ROOT, root)
        .env(COUNT, count)
        .env(THREADS, threads.to_string())
        .spawn()
        .unwrap()
}

/// Checks every visible blob; returns how many there are.
fn sound(root: &Path) -> usize {
    let Ok(entries) = fs::read_dir(root.join("blobs")) else {
        return 0;
    };
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let digest = Digest::of(&fs::read(&path).unwrap()).to_string();
            assert_eq!(path.file_name().unwrap().to_str().unwrap(), digest);
        })
        .count()
}

fn bodies_are_fetched_once() {
    let dir = tempfile::tempdir().unwrap();
    let (root, count) = (dir.path().join("store"), dir.path().join("count"));
    fs::create_dir(&count).unwrap();
    let children: Vec<Child> = (0..8).map(|_| spawn(&root, &count, 16)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(sound(&root), 4);
    assert_eq!(fs::read_dir(&count).unwrap().count(), 4);
}

fn killed_processes_leave_nothing_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let (root, count) = (dir.path().join("store"), dir.path().join("count"));
    fs::create_dir(&count).unwrap();
    let rounds: usize = env::var("STORE_KILLS").map_or(100, |n| n.parse().unwrap());
    let (mut state, mut finished) = (3u64, 0);
    for _ in 0..rounds {
        let mut child = spawn(&root, &count, 1);
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        thread::sleep(Duration::from_micros((state >> 33) % 30_000));
        child.kill().unwrap();
        child.wait().unwrap();
        if sound(&root) == 4 {
            finished += 1;
            fs::remove_dir_all(&root).unwrap();
        }
    }
    assert!(spawn(&root, &count, 1).wait().unwrap().success());
    assert_eq!(sound(&root), 4);
    println!("{rounds} kills, 0 wrong files, {finished} stores completed in between");
}
