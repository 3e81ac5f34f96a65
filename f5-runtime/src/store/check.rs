//! Whether a file is what its digest says, found out with as little reading as possible.
//!
//! A file whose digest was found right gets a receipt: size, time of change and inode. As long as
//! they match, the content is not read again; a safetensors file has its header checked all the same.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::StoreError;
use super::header::check_header;
use super::layout::{Layout, write_whole};
use super::manifest::Artifact;
use super::name::Digest;

/// When the content of a file is read to see whether it is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verify {
    /// When it has no receipt that still matches.
    #[default]
    Receipt,
    /// Every time.
    Always,
}

/// What a file turned out to be.
#[derive(Debug)]
pub(super) enum Finding {
    Absent,
    /// Right; how many bytes were read to see that.
    Valid {
        bytes_read: u64,
    },
    Wrong,
}

/// What was true of a file when its digest was found right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Receipt {
    path: PathBuf,
    size: u64,
    modified_ns: u128,
    inode: u64,
}

impl Receipt {
    /// What is true of the file at `path` now.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::new(path, &fs::metadata(path)?))
    }

    fn new(path: &Path, metadata: &Metadata) -> Self {
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let modified_ns = modified
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos());
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self {
            path: path.to_path_buf(),
            size: metadata.len(),
            modified_ns,
            inode,
        }
    }
}

/// Checks the file at `path` against `artifact`; leaves a receipt if it had to be read.
pub(super) fn check(
    layout: &Layout,
    artifact: &Artifact,
    path: &Path,
    verify: Verify,
) -> Result<Finding, StoreError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(e) if is_absent(&e) => return Ok(Finding::Absent),
        Err(e) => return Err(StoreError::io("look at", path)(e)),
    };
    if !metadata.is_file() || metadata.len() != artifact.size {
        return Ok(Finding::Wrong);
    }
    let receipt = Receipt::new(path, &metadata);
    let known = receipts(layout, artifact.digest);
    let mut bytes_read = 0;
    if verify == Verify::Always || !known.contains(&receipt) {
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let (digest, read) = digest_of(file).map_err(StoreError::io("read", path))?;
        bytes_read += read;
        if digest != artifact.digest {
            return Ok(Finding::Wrong);
        }
        check_header(&artifact.name, artifact.size, path)?;
        leave_receipt(layout, artifact.digest, receipt);
    } else {
        bytes_read += check_header(&artifact.name, artifact.size, path)?;
    }
    Ok(Finding::Valid { bytes_read })
}

/// Notes that a file was found right: `receipt` is of before it was read, so that a file that changed
/// meanwhile does not match. Where that cannot be written, as on a disk that is full or read-only, the
/// content is read again the next time, and nothing else is lost.
pub(super) fn leave_receipt(layout: &Layout, digest: Digest, receipt: Receipt) {
    let mut known = receipts(layout, digest);
    if known.contains(&receipt) {
        return;
    }
    known.retain(|other| other.path != receipt.path);
    known.push(receipt);
    let json = serde_json::to_vec(&known).unwrap_or_default();
    let _ = write_whole(&layout.receipt(digest), &json);
}

/// A receipt that cannot be read counts as none: the content is read instead.
fn receipts(layout: &Layout, digest: Digest) -> Vec<Receipt> {
    let bytes = fs::read(layout.receipt(digest)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The digest of all that `reader` gives, and how much that was.
pub(super) fn digest_of(mut reader: impl Read) -> io::Result<(Digest, u64)> {
    let mut hasher = Sha256::new();
    let len = io::copy(&mut reader, &mut HashWriter(&mut hasher))?;
    Ok((Digest::from_bytes(hasher.finalize().into()), len))
}

/// Feeds what is written to it to a hasher.
pub(super) struct HashWriter<'a>(pub(super) &'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_while_it_was_read_has_no_receipt()
    -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let layout = Layout::open(dir.path())?;
        let path = dir.path().join("x.dat");
        let artifact = Artifact {
            name: "x.dat".parse()?,
            digest: Digest::of(b"right"),
            size: 5,
            urls: vec![],
            needs: vec![],
        };
        fs::write(&path, b"right")?;
        let before = Receipt::of(&path)?;
        leave_receipt(&layout, artifact.digest, before.clone());
        let same = check(&layout, &artifact, &path, Verify::Receipt)?;
        assert!(matches!(same, Finding::Valid { bytes_read: 0 }), "{same:?}");

        // Read as "right", then changed, and only then noted.
        fs::remove_file(layout.receipt(artifact.digest))?;
        fs::write(&path, b"wrong")?;
        let later = SystemTime::now() + std::time::Duration::from_secs(1);
        File::options()
            .write(true)
            .open(&path)?
            .set_modified(later)?;
        leave_receipt(&layout, artifact.digest, before);
        let changed = check(&layout, &artifact, &path, Verify::Receipt)?;
        assert!(matches!(changed, Finding::Wrong), "{changed:?}");
        Ok(())
    }
}
