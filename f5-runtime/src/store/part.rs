//! What has come of a file so far, and its digest.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::check::HashWriter;
use super::error::StoreError;
use super::name::Digest;

/// What has come of an artifact so far.
pub(super) struct Part<'a> {
    path: &'a Path,
    pub(super) file: File,
    pub(super) len: u64,
    hasher: Sha256,
}

impl<'a> Part<'a> {
    /// Opens what earlier attempts left, and reads it for the digest.
    pub(super) fn open(path: &'a Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path);
        let file = file.map_err(StoreError::io("open", path))?;
        let mut part = Self {
            path,
            file,
            len: 0,
            hasher: Sha256::new(),
        };
        part.len = io::copy(&mut part.file, &mut HashWriter(&mut part.hasher))
            .map_err(StoreError::io("read", path))?;
        Ok(part)
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(StoreError::io("write", self.path))?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn clear(&mut self) -> Result<(), StoreError> {
        let cleared = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        cleared.map_err(StoreError::io("empty", self.path))?;
        self.len = 0;
        self.hasher = Sha256::new();
        Ok(())
    }

    /// The digest of what is here.
    pub(super) fn digest(&self) -> Digest {
        Digest::from_bytes(self.hasher.clone().finalize().into())
    }
}
