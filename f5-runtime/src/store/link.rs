//! A folder in which artifacts lie under their names, for programs that load folders.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::ensure::EnsureReport;
use super::error::StoreError;

impl EnsureReport {
    /// Makes every artifact that is there visible as `folder/<name>`: as a hard link, or where the
    /// file system has none, as a symbolic one. Links that are right already are left alone, others
    /// replaced; nothing else in the folder is touched.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if a folder or link cannot be made.
    pub fn link_into(&self, folder: impl AsRef<Path>) -> Result<(), StoreError> {
        for (name, ensured) in &self.artifacts {
            let Ok(ensured) = ensured else { continue };
            let link = folder.as_ref().join(name.as_str());
            let dir = link.parent().unwrap_or(&link);
            fs::create_dir_all(dir).map_err(StoreError::io("create folder", dir))?;
            if !same_file(&ensured.path, &link) {
                replace(&ensured.path, &link).map_err(StoreError::io("link", &link))?;
            }
        }
        Ok(())
    }
}

/// Links `to` to `target` in one step, so that there is never nothing where something was.
fn replace(target: &Path, to: &Path) -> io::Result<()> {
    let dir = to.parent().unwrap_or(to);
    // A folder of our own holds the new link, so that its name is free.
    let aside = tempfile::Builder::new().prefix(".").tempdir_in(dir)?;
    let new = aside.path().join("link");
    fs::hard_link(target, &new).or_else(|_| symbolic_link(target, &new))?;
    fs::rename(&new, to)
}

#[cfg(unix)]
fn symbolic_link(target: &Path, to: &Path) -> io::Result<()> {
    let target: PathBuf = fs::canonicalize(target)?;
    std::os::unix::fs::symlink(target, to)
}

#[cfg(not(unix))]
fn symbolic_link(target: &Path, to: &Path) -> io::Result<()> {
    let target: PathBuf = fs::canonicalize(target)?;
    fs::copy(target, to).map(drop)
}

#[cfg(unix)]
fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |path: &Path| fs::metadata(path).map(|m| (m.dev(), m.ino())).ok();
    id(a).is_some_and(|a| id(b) == Some(a))
}

#[cfg(not(unix))]
fn same_file(_: &Path, _: &Path) -> bool {
    false
}
