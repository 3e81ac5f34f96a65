//! A server in memory, sets of artifacts, and what must be true of every store.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use f5_runtime::fetch::{FetchError, FetchRequest, FetchResponse, Fetcher};
use f5_runtime::retry::RetryPolicy;
use f5_runtime::store::{Artifact, ArtifactName, Digest, DiskPolicy, Manifest, ModelStore};

/// Serves bodies by URL, and 404 for the rest.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) bodies: BTreeMap<String, Vec<u8>>,
    pub(crate) requests: AtomicUsize,
}

impl Fetcher for Memory {
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<FetchResponse, FetchError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let Some(body) = self.bodies.get(request.url) else {
            return Err(FetchError::Status {
                url: request.url.to_owned(),
                status: 404,
                retry_after: None,
            });
        };
        let rest = body[request.offset as usize..].to_vec();
        Ok(FetchResponse {
            offset: request.offset,
            total: Some(body.len() as u64),
            etag: None,
            body: Box::new(std::io::Cursor::new(rest)),
        })
    }
}

/// Bytes that differ by `seed`.
pub(crate) fn bytes(len: usize, seed: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8).wrapping_mul(13) ^ (i >> 8) as u8 ^ (seed as u8).wrapping_mul(59))
        .collect()
}

/// An artifact of this content, at this URL.
pub(crate) fn artifact(name: &str, body: &[u8], url: &str) -> Artifact {
    Artifact {
        name: name.parse().unwrap(),
        digest: Digest::of(body),
        size: body.len() as u64,
        urls: vec![url.to_owned()],
        needs: vec![],
    }
}

pub(crate) fn all(manifest: &Manifest) -> Vec<ArtifactName> {
    manifest.iter().map(|a| a.name.clone()).collect()
}

/// A store without reserve, whose pauses are short.
pub(crate) fn store(root: &Path, fetcher: Arc<dyn Fetcher>, attempts: u32) -> ModelStore {
    let pause = Duration::from_millis(1);
    let retry = RetryPolicy {
        attempts,
        base_pause: pause,
        max_pause: pause,
        ..RetryPolicy::default()
    };
    ModelStore::open(root)
        .unwrap()
        .fetcher(fetcher)
        .retry_policy(retry)
        .disk_policy(DiskPolicy {
            min_free_after: 0,
            headroom_per_mille: 0,
        })
}

/// Checks every file under a final name; returns how many there are.
pub(crate) fn sound(root: &Path) -> usize {
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

/// Splits `0..count` over the processors; the results of all parts.
pub(crate) fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn(std::ops::Range<usize>) -> T + Sync,
) -> Vec<T> {
    let threads = 2 * std::thread::available_parallelism().map_or(1, usize::from);
    let share = count.div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> = (0..count)
            .step_by(share)
            .map(|from| scope.spawn(move || work(from..(from + share).min(count))))
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    })
}
