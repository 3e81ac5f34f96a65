//! Small files that killed processes did not finish writing: known by their names, which the store
//! alone gives, and removed once they are so old that nobody is writing them.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::StoreError;
use super::layout::{Layout, PINS, RECEIPTS, TMP, list, own_name};

/// Begins the name of a file that is being written. Foreign files are told from the store's by it.
pub(super) const PREFIX: &str = ".f5-tmp-";
/// Writing one takes milliseconds.
const AGE: Duration = Duration::from_secs(3600);

/// Removes what is left; what cannot be removed stays for the next time.
pub(super) fn sweep(layout: &Layout) {
    for (path, _) in unfinished(layout).unwrap_or_default() {
        let _ = fs::remove_file(path);
    }
}

/// What is left, of every folder in which small files are written.
pub(super) fn unfinished(layout: &Layout) -> Result<Vec<(PathBuf, Metadata)>, StoreError> {
    let mut found = Vec::new();
    for dir in [RECEIPTS, TMP, PINS] {
        let dir = layout.dir(dir);
        let names = list(&dir).map_err(StoreError::io("list", &dir))?;
        for name in names.iter().filter_map(|name| name.to_str()) {
            let path = dir.join(name);
            if !(name.starts_with(PREFIX) || is_lone_tag(name, &path)) {
                continue;
            }
            // A link is not ours.
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            if metadata.is_file() && is_old(&metadata) && !is_in_use(&path) {
                found.push((path, metadata));
            }
        }
    }
    Ok(found)
}

/// Whether this is the tag of a part that has become a blob.
fn is_lone_tag(name: &str, path: &Path) -> bool {
    name.ends_with(".etag") && own_name(name).is_some() && !path.with_extension("part").exists()
}

fn is_old(metadata: &Metadata) -> bool {
    let age = metadata
        .modified()
        .ok()
        .and_then(|m| SystemTime::now().duration_since(m).ok());
    age.is_some_and(|age| age >= AGE)
}

/// Whoever writes one holds a lock on it, for a process that was stopped for an hour.
fn is_in_use(path: &Path) -> bool {
    let locked = File::open(path).map(|file| file.try_lock());
    matches!(locked, Ok(Err(fs::TryLockError::WouldBlock)))
}

/// Marks a file as being written, as far as locks work.
pub(super) fn mark(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) | Err(fs::TryLockError::WouldBlock) => Ok(()),
        Err(fs::TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(fs::TryLockError::Error(e)) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Digest, Manifest, ModelStore, PruneReason};

    fn age(path: &Path, seconds: u64) {
        let time = SystemTime::now() - Duration::from_secs(seconds);
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(time).unwrap();
    }

    #[test]
    fn only_old_files_of_the_stores_own_that_nobody_writes_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let store = ModelStore::open(root).unwrap();
        let digest = Digest::of(b"x");
        let make = |name: &str, seconds| {
            let path = root.join(name);
            fs::write(&path, "half").unwrap();
            age(&path, seconds);
            path
        };
        let hour = AGE.as_secs();
        let gone = [
            make("receipts/.f5-tmp-AbCdEf", hour + 5),
            make("tmp/.f5-tmp-AbCdEf", hour + 5),
            make("pins/.f5-tmp-AbCdEf", hour + 5),
            make(&format!("tmp/{digest}.a1.etag"), hour + 5),
        ];
        let used = make("pins/.f5-tmp-used", hour + 5);
        let handle = File::open(&used).unwrap();
        handle.lock().unwrap();
        let kept = [
            used,
            make("pins/.f5-tmp-young", hour - 60),
            // Foreign, whatever their age.
            make("pins/.AbCdEf", hour + 5),
            make("blobs/.f5-tmp-AbCdEf", hour + 5),
            make(".f5-tmp-AbCdEf", hour + 5),
            make("tmp/notes.etag", hour + 5),
            // The tag of a part that is there.
            make(&format!("tmp/{digest}.b2.part"), hour + 5),
            make(&format!("tmp/{digest}.b2.etag"), hour + 5),
        ];
        let plan = store.plan_prune(&Manifest::default(), None).unwrap();
        let planned = |path: &PathBuf| {
            let mut items = plan.items().iter();
            items.any(|item| item.path == *path && item.reason == PruneReason::Unfinished)
        };
        assert!(
            gone.iter().all(planned) && !kept.iter().any(planned),
            "{plan:?}"
        );

        ModelStore::open(root).unwrap();
        assert!(!gone.iter().any(|path| path.exists()));
        assert!(kept.iter().all(|path| path.exists()));
        drop(handle);
        // What was planned before is gone already; what is in use no longer is planned.
        let plan = store.plan_prune(&Manifest::default(), None).unwrap();
        store.prune(&plan).unwrap();
        assert!(!kept[0].exists() && kept[1].exists() && kept[2].exists());
    }
}
