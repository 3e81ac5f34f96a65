//! Where the store keeps what, and how files appear there: whole, or not at all.
//!
//! ```text
//! blobs/<digest>        verified contents, never changed, only unlinked
//! receipts/<digest>     size and times of files whose digest was found right
//! tmp/<digest>.<random>.part  what has come so far;  tmp/<digest>.<random>.etag  of which version
//! quarantine/<digest>   what turned out to be wrong
//! locks/<digest>        held while one process fetches
//! pins/<digest>         what came of a file whose digest nobody has published
//! ```
//!
//! In `receipts`, `tmp` and `pins`, names that begin with `.f5-tmp-` are of files that are being written.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::name::Digest;
use super::unfinished;

#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

pub(super) const BLOBS: &str = "blobs";
pub(super) const RECEIPTS: &str = "receipts";
pub(super) const TMP: &str = "tmp";
pub(super) const QUARANTINE: &str = "quarantine";
const LOCKS: &str = "locks";
pub(super) const PINS: &str = "pins";

impl Layout {
    /// Makes the folders.
    pub(super) fn open(root: &Path) -> Result<Self, StoreError> {
        for dir in [BLOBS, RECEIPTS, TMP, QUARANTINE, LOCKS, PINS] {
            let dir = root.join(dir);
            fs::create_dir_all(&dir).map_err(StoreError::io("create folder", &dir))?;
        }
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn dir(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn blob(&self, digest: Digest) -> PathBuf {
        self.root.join(BLOBS).join(digest.to_string())
    }

    pub(super) fn receipt(&self, digest: Digest) -> PathBuf {
        self.root.join(RECEIPTS).join(digest.to_string())
    }

    pub(super) fn pin(&self, key: Digest) -> PathBuf {
        self.root.join(PINS).join(key.to_string())
    }

    pub(super) fn quarantined(&self, digest: Digest) -> PathBuf {
        self.root.join(QUARANTINE).join(digest.to_string())
    }

    /// Waits until nobody else fetches this digest; lasts until the file is dropped.
    pub(super) fn lock(&self, digest: Digest) -> Result<File, StoreError> {
        let path = self.lock_path(digest);
        let file = open_lock(&path).map_err(StoreError::io("open lock", &path))?;
        loop {
            match file.lock() {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(StoreError::io("lock", &path))?,
            }
        }
        Ok(file)
    }

    /// The lock, unless somebody else has it.
    pub(super) fn try_lock(&self, digest: Digest) -> Option<File> {
        let file = open_lock(&self.lock_path(digest)).ok()?;
        file.try_lock().ok().map(|()| file)
    }

    fn lock_path(&self, digest: Digest) -> PathBuf {
        self.root.join(LOCKS).join(digest.to_string())
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

/// The digest that a file is named by; none if the store gives no such names.
pub(super) fn own_name(name: &str) -> Option<Digest> {
    let part = name
        .strip_suffix(".part")
        .or_else(|| name.strip_suffix(".etag"));
    let stem = part.map_or(name, |part| match part.split_once('.') {
        Some((stem, random)) if random.bytes().all(|b| b.is_ascii_alphanumeric()) => stem,
        _ => part,
    });
    stem.parse().ok()
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(StoreError::io("remove", path)),
    }
}

/// Moves a complete file to its final name, so that it outlives a loss of power.
pub(super) fn publish(file: &File, from: &Path, to: &Path) -> Result<(), StoreError> {
    file.sync_all().map_err(StoreError::io("write out", from))?;
    fs::rename(from, to).map_err(StoreError::io("move into place", to))?;
    sync_parent(to)
}

/// Names of the entries of a folder. The standard library's iterator panics where closing the folder
/// fails.
#[cfg(unix)]
pub(super) fn list(dir: &Path) -> io::Result<Vec<OsString>> {
    use std::os::unix::ffi::OsStringExt as _;
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::new(File::open(dir)?)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name));
        }
    }
    Ok(names)
}

/// Names of the entries of a folder.
#[cfg(not(unix))]
pub(super) fn list(dir: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(dir)?
        .map(|entry| entry.map(|e| e.file_name()))
        .collect()
}

/// Writes a small file whole.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let dir = path.parent().unwrap_or(path);
    let failed = |source| StoreError::Io {
        action: "write",
        path: path.to_path_buf(),
        source,
    };
    let mut file = tempfile::Builder::new()
        .prefix(unfinished::PREFIX)
        .tempfile_in(dir)
        .map_err(failed)?;
    unfinished::mark(file.as_file())
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    sync_parent(path)
}

fn sync_parent(path: &Path) -> Result<(), StoreError> {
    // Only Unix lets folders be opened as files.
    if cfg!(unix) {
        let dir = path.parent().unwrap_or(path);
        let synced = File::open(dir).and_then(|dir| dir.sync_all());
        synced.map_err(StoreError::io("write out folder", dir))?;
    }
    Ok(())
}
