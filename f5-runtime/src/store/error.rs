//! Why an artifact could not be had.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::disk::Shortfall;
use super::header::HeaderError;
use super::manifest::ManifestError;
use super::name::{ArtifactName, Digest};
use crate::fetch::FetchError;
use crate::retry::{Classify, ErrorClass, RetryError};

/// Why an artifact could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} {path:?}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The manifest does not fit the request.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The disk has too little room; nothing was fetched.
    #[error(transparent)]
    Disk(#[from] Shortfall),
    /// The artifact is not here, and the store may not or cannot fetch it.
    #[error("{name} is not here and cannot be fetched: {why}")]
    Missing {
        /// The artifact.
        name: ArtifactName,
        /// What keeps it from being fetched.
        why: &'static str,
    },
    /// Something that the artifact needs could not be had.
    #[error("{name} is of no use without {need}")]
    Needs {
        /// The artifact.
        name: ArtifactName,
        /// What it needs.
        need: ArtifactName,
    },
    /// The server gave no body.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The body broke off with an error.
    #[error("the body of {name} broke off after {got} of {size} bytes")]
    Broken {
        /// The artifact.
        name: ArtifactName,
        /// Bytes that are here.
        got: u64,
        /// Bytes that were promised.
        size: u64,
        /// What happened, unless the body just ended.
        #[source]
        source: Option<io::Error>,
    },
    /// The server's file is of another length.
    #[error("{name} has {got} bytes or more, {size} were promised")]
    WrongSize {
        /// The artifact.
        name: ArtifactName,
        /// Bytes that the server told or sent.
        got: u64,
        /// Bytes that the manifest promises.
        size: u64,
    },
    /// The content is not what was promised; it was put into quarantine.
    #[error("{name} has digest {got}, {expected} was promised")]
    WrongDigest {
        /// The artifact.
        name: ArtifactName,
        /// Digest of what came.
        got: Digest,
        /// Digest that the manifest promises.
        expected: Digest,
    },
    /// Another process took what had come of the artifact, as happens where locks do nothing.
    #[error(
        "another process took what had come of {name}; if that lasts, keep the store on a file \
         system whose locks work"
    )]
    Taken {
        /// The artifact.
        name: ArtifactName,
    },
    /// The content is what was promised, and that is not a safetensors file.
    #[error("{name} is not a safetensors file")]
    NotSafetensors {
        /// The artifact.
        name: ArtifactName,
        /// What is wrong with its header.
        #[source]
        source: HeaderError,
    },
    /// Every address and attempt failed.
    #[error("cannot fetch {name} from {url}")]
    GaveUp {
        /// The artifact.
        name: ArtifactName,
        /// The last address that was tried.
        url: String,
        /// The last failure, with the number of attempts.
        #[source]
        source: Box<RetryError<StoreError>>,
    },
}

impl StoreError {
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }
}

impl Classify for StoreError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Io { source, .. } => io_class(source),
            Self::Disk(_) => ErrorClass::Resource,
            Self::Fetch(error) => error.class(),
            Self::Broken { .. } | Self::Taken { .. } => ErrorClass::Transient,
            Self::WrongSize { .. } | Self::WrongDigest { .. } => ErrorClass::Corrupt,
            Self::GaveUp { source, .. } => source.error.class(),
            Self::Manifest(_)
            | Self::Missing { .. }
            | Self::Needs { .. }
            | Self::NotSafetensors { .. } => ErrorClass::Permanent,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Fetch(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// Files of our own either work or do not; only a lack of room or handles passes.
fn io_class(error: &io::Error) -> ErrorClass {
    /// `EMFILE` and `ENFILE`, which have no kind.
    const TOO_MANY_FILES: [i32; 2] = [24, 23];
    let many = cfg!(unix)
        && error
            .raw_os_error()
            .is_some_and(|n| TOO_MANY_FILES.contains(&n));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::OutOfMemory => {
            ErrorClass::Resource
        }
        io::ErrorKind::Interrupted => ErrorClass::Transient,
        _ if many => ErrorClass::Resource,
        _ => ErrorClass::Permanent,
    }
}
