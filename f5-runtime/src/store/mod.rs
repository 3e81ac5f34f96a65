//! Model files: what is there and right is used, what is missing is fetched once, and nothing
//! incomplete or wrong is ever seen under a final name.
//!
//! ```
//! use f5_runtime::store::{Artifact, Digest, Manifest, ModelStore};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let folder = dir.path().join("downloads");
//! # std::fs::create_dir(&folder)?;
//! # std::fs::write(folder.join("vocab.txt"), " \na\n")?;
//! let manifest = Manifest::new(vec![Artifact {
//!     name: "demo/vocab.txt".parse()?,
//!     digest: Digest::of(b" \na\n"),
//!     size: 4,
//!     urls: vec![],
//!     needs: vec![],
//! }])?;
//! // Files that are somewhere already are found by name and taken by digest.
//! let store = ModelStore::open(dir.path().join("store"))?.search(folder);
//! let report = store.ensure(&manifest, &["demo/vocab.txt".parse()?])?;
//! let path = report.path(&"demo/vocab.txt".parse()?).unwrap();
//! assert_eq!(std::fs::read(path)?, b" \na\n");
//! # Ok(())
//! # }
//! ```

mod check;
mod disk;
mod ensure;
mod error;
mod header;
mod layout;
mod link;
mod manifest;
mod name;
mod obtain;
mod part;
mod pin;
mod prune;
mod search;
mod unfinished;

pub use check::Verify;
pub use disk::{DiskPolicy, Shortfall};
pub use ensure::{EnsureReport, Ensured, Origin};
pub use error::StoreError;
pub use header::HeaderError;
#[cfg(feature = "hub")]
pub(crate) use manifest::check_readable;
pub use manifest::{Artifact, Manifest, ManifestError};
pub use name::{ArtifactName, Digest, DigestError, NameError};
pub use obtain::StoreEvent;
pub use pin::{Source, Unpinned};
pub use prune::{PruneItem, PrunePlan, PruneReason};

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fetch::Fetcher;
use crate::retry::RetryPolicy;
use layout::Layout;

type Observer = dyn Fn(&StoreEvent<'_>) + Send + Sync;
type FreeSpace = dyn Fn(&Path) -> Option<u64> + Send + Sync;

/// A folder of model files that any number of processes may use at once.
#[derive(Clone)]
pub struct ModelStore {
    layout: Layout,
    search: Vec<PathBuf>,
    fetcher: Option<Arc<dyn Fetcher>>,
    offline: bool,
    verify: Verify,
    disk: DiskPolicy,
    free_space: Arc<FreeSpace>,
    retry: RetryPolicy,
    observer: Option<Arc<Observer>>,
}

impl ModelStore {
    /// Opens the store in `root`, which is made if it is not there. Without a
    /// [`fetcher`](Self::fetcher), it uses what is there already. Small files that processes which
    /// were killed an hour ago or longer did not finish are removed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the folders cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let layout = Layout::open(&root.into())?;
        unfinished::sweep(&layout);
        Ok(Self {
            layout,
            search: Vec::new(),
            fetcher: None,
            offline: false,
            verify: Verify::default(),
            disk: DiskPolicy::default(),
            free_space: Arc::new(free_space),
            retry: RetryPolicy::default(),
            observer: None,
        })
    }

    /// Adds a folder that is searched for files, and never written to: files lie in it under their
    /// name or its last part, or it is a cache of Hugging Face's libraries (`…/huggingface/hub`).
    #[must_use]
    pub fn search(mut self, folder: impl Into<PathBuf>) -> Self {
        self.search.push(folder.into());
        self
    }

    /// What fetches missing files.
    #[must_use]
    pub fn fetcher(mut self, fetcher: Arc<dyn Fetcher>) -> Self {
        self.fetcher = Some(fetcher);
        self
    }

    /// Whether fetching is forbidden. See [`offline_by_environment`].
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// When contents are read to see whether they are right.
    #[must_use]
    pub fn verify(mut self, verify: Verify) -> Self {
        self.verify = verify;
        self
    }

    /// How much room must be left.
    #[must_use]
    pub fn disk_policy(mut self, policy: DiskPolicy) -> Self {
        self.disk = policy;
        self
    }

    /// Tells how many bytes are free for the store at a path, where the file system itself tells
    /// something else: under a quota, or on a network volume. Without an answer, nothing is decided
    /// beforehand.
    #[must_use]
    pub fn free_space(
        mut self,
        free: impl Fn(&Path) -> Option<u64> + Send + Sync + 'static,
    ) -> Self {
        self.free_space = Arc::new(free);
        self
    }

    /// How often to try.
    #[must_use]
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Is told what happens while it happens.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&StoreEvent<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    fn tell(&self, event: &StoreEvent<'_>) {
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }
}

impl fmt::Debug for ModelStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelStore")
            .field("root", &self.layout.root())
            .field("search", &self.search)
            .field("offline", &self.offline)
            .field("verify", &self.verify)
            .field("disk", &self.disk)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// What the file system tells.
fn free_space(path: &Path) -> Option<u64> {
    crate::probe::measure_disk(path)
        .ok()
        .map(|disk| disk.available)
}

/// Whether `F5_OFFLINE` or `HF_HUB_OFFLINE` is set to `1`, `true`, `yes` or `on` in any case.
#[must_use]
pub fn offline_by_environment() -> bool {
    ["F5_OFFLINE", "HF_HUB_OFFLINE"].iter().any(|name| {
        std::env::var(name).is_ok_and(|value| {
            matches!(
                value.trim().to_ascii_lowercase().as_str(),
                "1" | "true" | "yes" | "on"
            )
        })
    })
}
