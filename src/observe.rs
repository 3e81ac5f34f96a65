//! Whoever is told how far an engine's calls have come.

use std::{fmt, sync::Arc};

use f5_runtime::observe::Observer;

/// An observer, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<dyn Observer>>);

impl Watcher {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Self {
        Self(Some(observer))
    }

    pub(crate) fn step(&self, chunk: usize, done: usize, steps: usize) {
        if let Some(observer) = &self.0 {
            observer.step(chunk, done, steps);
        }
    }

    pub(crate) fn chunk(&self, done: usize, chunks: usize) {
        if let Some(observer) = &self.0 {
            observer.chunk(done, chunks);
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "watched"
        } else {
            "unwatched"
        })
    }
}
