//! How far long work has come.

use crate::store::{ArtifactName, StoreEvent};

/// Is told how far the work has come, while it goes on, by the thread that does it. Every method may be
/// left out; none should take long.
///
/// Give it to [`ModelStore::observer`](crate::store::ModelStore::observer) with [`tell`], and to the
/// engine's builder.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use f5_runtime::observe::{Observer, tell};
/// use f5_runtime::store::{ArtifactName, ModelStore};
///
/// #[derive(Default)]
/// struct Bar(AtomicU64);
///
/// impl Observer for Bar {
///     fn bytes(&self, _name: &ArtifactName, done: u64, size: u64) {
///         self.0.store(100 * done / size.max(1), Ordering::Relaxed);
///     }
/// }
///
/// # fn main() -> Result<(), f5_runtime::store::StoreError> {
/// # let dir = tempfile::tempdir().unwrap();
/// let bar = std::sync::Arc::new(Bar::default());
/// let store = ModelStore::open(dir.path())?.observer(move |event| tell(&*bar, event));
/// # Ok(())
/// # }
/// ```
pub trait Observer: Send + Sync {
    /// `done` of `size` bytes of an artifact are here.
    fn bytes(&self, name: &ArtifactName, done: u64, size: u64) {
        let _ = (name, done, size);
    }

    /// `done` of `steps` steps of a chunk, counted from 0, are done.
    fn step(&self, chunk: usize, done: usize, steps: usize) {
        let _ = (chunk, done, steps);
    }

    /// `done` of `chunks` chunks are spoken.
    fn chunk(&self, done: usize, chunks: usize) {
        let _ = (done, chunks);
    }
}

/// Tells an observer what a store's event means for it.
pub fn tell(observer: &dyn Observer, event: &StoreEvent<'_>) {
    if let StoreEvent::Progress { name, done, size } = event {
        observer.bytes(name, *done, *size);
    }
}
