//! Making room: only files that the store made, planned first, explained, and then removed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use super::ModelStore;
use super::error::StoreError;
use super::layout::{BLOBS, QUARANTINE, TMP, list, own_name};
use super::manifest::Manifest;
use super::name::Digest;
use super::unfinished::unfinished;

/// Files that can go, in the order in which they would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrunePlan {
    items: Vec<PruneItem>,
}

/// A file that can go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PruneItem {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Why it can go.
    pub reason: PruneReason,
    digest: Option<Digest>,
    used: SystemTime,
}

/// Why a file can go; the order is that of pruning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PruneReason {
    /// It is a small file that a process which was killed did not finish, an hour ago or longer.
    Unfinished,
    /// Its content is wrong.
    Quarantined,
    /// It is part of an artifact that the manifest does not list.
    AbandonedPart,
    /// It is an artifact that the manifest does not list; the longest unused go first.
    Unreferenced,
}

impl PrunePlan {
    /// The files, in order.
    #[must_use]
    pub fn items(&self) -> &[PruneItem] {
        &self.items
    }

    /// How much room they take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }
}

impl ModelStore {
    /// What could be removed without touching anything of `keep`: as much as frees `need` bytes, or
    /// everything. Removes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if a folder of the store cannot be read.
    pub fn plan_prune(&self, keep: &Manifest, need: Option<u64>) -> Result<PrunePlan, StoreError> {
        let kept: BTreeSet<Digest> = keep.iter().map(|artifact| artifact.digest).collect();
        let mut items = Vec::new();
        let dirs = [
            (QUARANTINE, PruneReason::Quarantined),
            (TMP, PruneReason::AbandonedPart),
            (BLOBS, PruneReason::Unreferenced),
        ];
        for (dir, reason) in dirs {
            for (path, digest) in self.own_files(dir)? {
                if reason != PruneReason::Quarantined && kept.contains(&digest) {
                    continue;
                }
                // A link is not ours, and what it leads to even less.
                let Ok(metadata) = fs::symlink_metadata(&path) else {
                    continue;
                };
                if metadata.is_file() {
                    let used = fs::metadata(self.layout.receipt(digest)).and_then(|m| m.modified());
                    let used = used.unwrap_or(SystemTime::UNIX_EPOCH);
                    items.push(PruneItem {
                        path,
                        bytes: metadata.len(),
                        reason,
                        digest: Some(digest),
                        used,
                    });
                }
            }
        }
        for (path, metadata) in unfinished(&self.layout)? {
            // A tag may be there as part of an artifact too.
            items.retain(|item| item.path != path);
            items.push(PruneItem {
                path,
                bytes: metadata.len(),
                reason: PruneReason::Unfinished,
                digest: None,
                used: SystemTime::UNIX_EPOCH,
            });
        }
        items.sort_by(|a, b| (a.reason, a.used, &a.path).cmp(&(b.reason, b.used, &b.path)));
        let mut freed = 0;
        items.retain(|item| {
            let wanted = need.is_none_or(|need| freed < need);
            freed += if wanted { item.bytes } else { 0 };
            wanted
        });
        Ok(PrunePlan { items })
    }

    /// Removes what a plan names, and returns how many bytes that freed. What is gone already, or
    /// is being fetched, is passed over. Files that are open or mapped stay readable on Unix.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] for the first file that cannot be removed.
    pub fn prune(&self, plan: &PrunePlan) -> Result<u64, StoreError> {
        let mut freed = 0;
        for item in &plan.items {
            let ours = item.path.starts_with(self.layout.root());
            if !ours {
                continue;
            }
            let lock = item.digest.map(|digest| self.layout.try_lock(digest));
            if let Some(None) = lock {
                continue;
            }
            match fs::remove_file(&item.path) {
                Ok(()) => freed += item.bytes,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(StoreError::io("remove", &item.path)(e)),
            }
            if let (PruneReason::Unreferenced, Some(digest)) = (item.reason, item.digest) {
                // A receipt without its file says nothing.
                let _ = fs::remove_file(self.layout.receipt(digest));
            }
        }
        Ok(freed)
    }

    /// Files of one of the store's folders whose names the store could have given.
    fn own_files(&self, dir: &str) -> Result<Vec<(PathBuf, Digest)>, StoreError> {
        let dir = self.layout.dir(dir);
        let names = list(&dir).map_err(StoreError::io("list", &dir))?;
        let own = |name: OsString| Some((dir.join(&name), own_name(name.to_str()?)?));
        Ok(names.into_iter().filter_map(own).collect())
    }
}
