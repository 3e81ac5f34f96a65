//! Space on the file system that a path is on, or will be on once it exists.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::finding::Reason;
use super::report::gib;

/// The file system of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Disk {
    /// The nearest existing ancestor of the path that was asked for, which was measured.
    pub path: PathBuf,
    /// Bytes of the file system.
    pub total: u64,
    /// Bytes that this user may still write.
    pub available: u64,
    /// Whether nothing can be written at all.
    pub read_only: bool,
}

/// Why the space of a path is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DiskUnavailable {
    /// The system refused to tell.
    #[error("cannot measure the file system of {path:?}: {message}")]
    Refused {
        /// The path that was measured.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// This operating system is not supported.
    #[error("free space is not known how to be measured on {system}")]
    UnsupportedSystem {
        /// Name of the operating system.
        system: String,
    },
}

impl DiskUnavailable {
    /// One line on what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "choose a folder that exists and that this user may read",
            Self::UnsupportedSystem { .. } => "make sure of enough free space by hand",
        }
    }
}

impl Reason for DiskUnavailable {
    fn remedy(&self) -> &'static str {
        self.remedy()
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (available, total) = (gib(self.available), gib(self.total));
        write!(f, "{available} of {total} free at {}", self.path.display())?;
        if self.read_only {
            f.write_str(", read-only")
        } else {
            Ok(())
        }
    }
}

/// Measures the file system of `target`, which need not exist yet.
pub(super) fn probe(target: &Path) -> Result<Disk, DiskUnavailable> {
    let refused = |message: std::io::Error| DiskUnavailable::Refused {
        path: target.to_path_buf(),
        message: message.to_string(),
    };
    let absolute = std::path::absolute(target).map_err(refused)?;
    let existing = absolute
        .ancestors()
        .find(|p| p.exists())
        .unwrap_or(&absolute);
    measure(existing)
}

#[cfg(unix)]
fn measure(path: &Path) -> Result<Disk, DiskUnavailable> {
    use rustix::fs::StatVfsMountFlags;
    let stat = rustix::fs::statvfs(path).map_err(|errno| DiskUnavailable::Refused {
        path: path.to_path_buf(),
        message: std::io::Error::from(errno).to_string(),
    })?;
    Ok(Disk {
        path: path.to_path_buf(),
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
        available: stat.f_bavail.saturating_mul(stat.f_frsize),
        read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

#[cfg(not(unix))]
fn measure(_path: &Path) -> Result<Disk, DiskUnavailable> {
    Err(DiskUnavailable::UnsupportedSystem {
        system: std::env::consts::OS.to_owned(),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_path_yet_to_be_is_measured_at_its_ancestor() {
        let dir = tempfile::tempdir().unwrap();
        let disk = probe(&dir.path().join("not/there/yet")).unwrap();
        assert_eq!(disk.path, dir.path());
        assert!(disk.available <= disk.total && disk.total > 0);
    }

    #[test]
    fn the_target_counts_and_not_the_root() {
        // A file system without blocks, mounted on every Linux.
        if Path::new("/proc/self").exists() {
            let disk = probe(Path::new("/proc/self/none")).unwrap();
            assert_eq!((disk.total, disk.available), (0, 0));
        }
    }

    #[test]
    fn hostile_paths_are_answered() {
        assert!(matches!(
            probe(Path::new("")),
            Err(DiskUnavailable::Refused { .. })
        ));
        let long = "x".repeat(10_000);
        assert!(probe(Path::new(&long)).is_ok());
        assert!(probe(Path::new("a\0b")).is_ok());
    }
}
