//! Disk decisions against an oracle: nothing is begun that does not fit, and what is not the
//! store's own is never touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use f5_runtime::store::{Artifact, Digest, DiskPolicy, Manifest, StoreError};

use super::memory::{Memory, all, artifact, bytes, in_parallel, store};
use super::server::mix;
use super::{Row, Sizes};

const FOREIGN: &[&str] = &[
    "blobs/notes.txt",
    "tmp/other.part",
    "quarantine/.keep",
    "receipts/README",
    "mine.txt",
];

pub(crate) fn match_the_oracle(sizes: &Sizes) -> Row {
    let refused = AtomicUsize::new(0);
    let pruned = AtomicUsize::new(0);
    in_parallel(sizes.decisions, |range| {
        let dir = tempfile::tempdir().unwrap();
        let world = World::new(dir.path());
        for i in range {
            let (no, freed) = world.decide(i as u64);
            refused.fetch_add(usize::from(no), Ordering::Relaxed);
            pruned.fetch_add(freed, Ordering::Relaxed);
        }
        for path in FOREIGN {
            assert_eq!(fs::read(dir.path().join(path)).unwrap(), b"mine");
        }
    });
    let refused = refused.into_inner();
    assert!(refused > sizes.decisions / 5 && refused < sizes.decisions * 4 / 5);
    Row {
        cases: sizes.decisions,
        what: format!(
            "{refused} refused before the first request, {} files pruned, 0 foreign files touched",
            pruned.into_inner()
        ),
    }
}

struct World {
    root: PathBuf,
    manifest: Manifest,
    stray: Vec<Vec<u8>>,
}

impl World {
    fn new(root: &Path) -> Self {
        let list = (0..5).map(|i| artifact(&format!("{i}.dat"), &bytes(500 + 300 * i, i), "gone"));
        let manifest = Manifest::new(list.collect()).unwrap();
        store(root, Arc::new(Memory::default()), 1);
        for path in FOREIGN {
            fs::write(root.join(path), "mine").unwrap();
        }
        Self {
            root: root.to_path_buf(),
            manifest,
            stray: (10..13).map(|i| bytes(100 * i, i)).collect(),
        }
    }

    fn file(&self, folder: &str, name: String) -> PathBuf {
        self.root.join(folder).join(name)
    }

    /// Sets the store up by `seed`, and compares what it does with what it should. Whether it
    /// refused, and how many files pruning removed.
    fn decide(&self, seed: u64) -> (bool, usize) {
        let random = |salt: u64, below: u64| mix(seed ^ salt << 40) % below;
        let artifacts: Vec<&Artifact> = self.manifest.iter().collect();
        let mut missing = 0;
        for (i, artifact) in artifacts.iter().enumerate() {
            let body = bytes(artifact.size as usize, i);
            let part = random(10 + i as u64, artifact.size) as usize;
            match random(i as u64, 3) {
                0 => fs::write(self.file("blobs", artifact.digest.to_string()), body).unwrap(),
                1 => {
                    let path = self.file("tmp", format!("{}.part", artifact.digest));
                    fs::write(path, &body[..part]).unwrap();
                    missing += body.len() - part;
                }
                _ => missing += body.len(),
            }
        }
        let mut reclaimable = 0;
        for (i, body) in self.stray.iter().enumerate() {
            let (folder, end) = [("blobs", ""), ("tmp", ".part"), ("quarantine", "")][i];
            if random(20 + i as u64, 2) == 0 {
                fs::write(
                    self.file(folder, format!("{}{end}", Digest::of(body))),
                    body,
                )
                .unwrap();
                reclaimable += body.len() as u64;
            }
        }
        let policy = DiskPolicy {
            min_free_after: random(30, 4000),
            headroom_per_mille: random(31, 300),
        };
        let needed = match missing as u128 {
            0 => 0,
            m => {
                m + m * u128::from(policy.headroom_per_mille) / 1000
                    + u128::from(policy.min_free_after)
            }
        };
        // About what is needed, often exactly or one byte less.
        let free = match random(32, 4) {
            0 => needed as u64,
            1 => (needed as u64).saturating_sub(1),
            _ => random(33, 2 * needed as u64 + 2),
        };
        let server = Arc::new(Memory::default());
        let store = store(&self.root, server.clone(), 1)
            .disk_policy(policy)
            .free_space(move |_| Some(free));
        let result = store.ensure(&self.manifest, &all(&self.manifest));
        let requests = server.requests.load(Ordering::Relaxed);
        let fits = needed <= u128::from(free);
        match result {
            Ok(_) => assert!(fits && (requests > 0) == (missing > 0)),
            Err(StoreError::Disk(told)) => {
                assert!(!fits && requests == 0);
                let told = (told.missing, told.needed, told.available, told.reclaimable);
                assert_eq!(told, (missing as u64, needed as u64, free, reclaimable));
            }
            Err(other) => panic!("{other:?}"),
        }
        let plan = store.plan_prune(&Manifest::default(), None).unwrap();
        let items = plan.items().len();
        assert_eq!(store.prune(&plan).unwrap(), plan.bytes());
        (!fits, items)
    }
}
