//! What has come of a file so far, and its digest.
//!
//! A part has a name that nobody else has given, is written through the handle that made it and
//! through no other, and is never cut: one that is of no use is left for a new one. So a handle that
//! some process still holds can never change what another has published, even where locks do nothing,
//! as on some network file systems. What others left is therefore copied, not continued.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::StoreError;
use super::layout::{Layout, TMP, list, own_name, remove_if_there, write_whole};
use super::name::Digest;

/// What has come of an artifact so far.
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) len: u64,
    /// Tag of the version that it is of.
    tag: Option<String>,
    hasher: Sha256,
    /// Where parts are made, and of what this is one.
    dir: PathBuf,
    key: Digest,
}

impl Part {
    /// A part that begins with the most that earlier attempts left, which is gone then.
    pub(super) fn open(layout: &Layout, key: Digest) -> Result<Self, StoreError> {
        let left = left(layout, key)?;
        let dir = layout.dir(TMP);
        let mut part = Self::create(&dir, key)?;
        if let Some(longest) = longest(&left)
            && let Err(error) = part.copy(&longest)
        {
            // A failed write leaves more in the file than is known of it.
            part.remove()?;
            match &error {
                // Another process took it, or there is no room for two of them: begun anew.
                StoreError::Io { source, .. } if is_gone_or_full(source) => {}
                _ => return Err(error),
            }
            part = Self::create(&dir, key)?;
        }
        for path in left {
            remove_if_there(&path)?;
        }
        Ok(part)
    }

    fn create(dir: &Path, key: Digest) -> Result<Self, StoreError> {
        // Opened by hand, because what is published must be readable for everybody who may.
        let open = |path: &Path| {
            File::options()
                .read(true)
                .write(true)
                .create_new(true)
                .open(path)
        };
        let made = tempfile::Builder::new()
            .prefix(&format!("{key}."))
            .suffix(".part")
            .make_in(dir, open)
            .and_then(|made| made.keep().map_err(|e| e.error));
        let (file, path) = made.map_err(StoreError::io("create a part in", dir))?;
        Ok(Self {
            path,
            file,
            len: 0,
            tag: None,
            hasher: Sha256::new(),
            dir: dir.to_owned(),
            key,
        })
    }

    /// Takes what is in another part, and its tag.
    fn copy(&mut self, from: &Path) -> Result<(), StoreError> {
        let mut source = File::open(from).map_err(StoreError::io("open", from))?;
        self.set_tag(fs::read_to_string(tag_path(from)).ok().as_deref())?;
        let mut buffer = vec![0; 1 << 18];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => self.push(&buffer[..n])?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(StoreError::io("read", from)(e)),
            }
        }
    }

    pub(super) fn tag(&self) -> Option<&str> {
        self.tag.as_deref().filter(|_| self.len > 0)
    }

    /// Notes which version it is of.
    pub(super) fn set_tag(&mut self, tag: Option<&str>) -> Result<(), StoreError> {
        if self.tag.as_deref() != tag {
            let path = tag_path(&self.path);
            match tag {
                Some(tag) => write_whole(&path, tag.as_bytes())?,
                None => remove_if_there(&path)?,
            }
            self.tag = tag.map(str::to_owned);
        }
        Ok(())
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(StoreError::io("write", &self.path))?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Starts anew, in another file.
    pub(super) fn clear(&mut self) -> Result<(), StoreError> {
        if self.len == 0 {
            return self.set_tag(None);
        }
        let new = Self::create(&self.dir, self.key)?;
        std::mem::replace(self, new).remove()
    }

    fn remove(self) -> Result<(), StoreError> {
        remove_if_there(&self.path)?;
        remove_if_there(&tag_path(&self.path))
    }

    /// The digest of what is here.
    pub(super) fn digest(&self) -> Digest {
        Digest::from_bytes(self.hasher.clone().finalize().into())
    }
}

/// How much of an artifact is here already.
pub(super) fn here(layout: &Layout, key: Digest) -> u64 {
    let left = left(layout, key).ok();
    left.and_then(|left| longest(&left))
        .and_then(|path| fs::metadata(path).ok())
        .map_or(0, |m| m.len())
}

/// Where the tag of a part is noted.
pub(super) fn tag_path(part: &Path) -> PathBuf {
    part.with_extension("etag")
}

/// Parts of an artifact, and their tags.
fn left(layout: &Layout, key: Digest) -> Result<Vec<PathBuf>, StoreError> {
    let dir = layout.dir(TMP);
    let names = list(&dir)
        .map_err(StoreError::io("list", &dir))?
        .into_iter();
    let is_ours = |name: &std::ffi::OsString| name.to_str().and_then(own_name) == Some(key);
    Ok(names.filter(is_ours).map(|name| dir.join(name)).collect())
}

fn longest(left: &[PathBuf]) -> Option<PathBuf> {
    let parts = left
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "part"));
    let lengths = parts.filter_map(|path| Some((fs::metadata(path).ok()?.len(), path)));
    let (len, path) = lengths.max()?;
    (len > 0).then(|| path.clone())
}

fn is_gone_or_full(error: &io::Error) -> bool {
    use io::ErrorKind::{NotFound, QuotaExceeded, StorageFull};
    matches!(error.kind(), NotFound | QuotaExceeded | StorageFull)
}
