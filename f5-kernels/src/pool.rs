//! Threads, and the memory that each of them works in.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::gemm::ROW_TILE;

/// Threads of an engine; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    own: Option<Arc<rayon::ThreadPool>>,
}

impl Pool {
    /// `threads` threads of its own; rayon's, one for each core, when `None`.
    ///
    /// # Errors
    ///
    /// [`rayon::ThreadPoolBuildError`] when the system refuses the threads.
    pub fn new(threads: Option<usize>) -> Result<Self, rayon::ThreadPoolBuildError> {
        let own = threads
            .map(|threads| {
                rayon::ThreadPoolBuilder::new()
                    .num_threads(threads.max(1))
                    .build()
            })
            .transpose()?;
        Ok(Self {
            own: own.map(Arc::new),
        })
    }

    /// How many threads there are.
    #[must_use]
    pub fn threads(&self) -> usize {
        match &self.own {
            Some(pool) => pool.current_num_threads(),
            None => rayon::current_num_threads(),
        }
    }

    /// Runs `work` on these threads.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.own {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// `work` for every item, on all threads.
    pub fn each<I: IndexedParallelIterator>(&self, items: I, work: impl Fn(I::Item) + Send + Sync) {
        self.run(|| items.with_max_len(1).for_each(work));
    }
}

/// Working memory that is lent to one task at a time, so that tasks allocate nothing.
#[derive(Debug, Default)]
pub struct Shelf<S> {
    idle: Mutex<Vec<S>>,
}

impl<S: Default> Shelf<S> {
    /// Runs `work` with memory that nobody else is using, new if there is none.
    pub fn with<R>(&self, work: impl FnOnce(&mut S) -> R) -> R {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut memory = taken.unwrap_or_default();
        let result = work(&mut memory);
        idle().push(memory);
        result
    }
}

/// Rows of each of `threads` equal shares of `rows`, in whole groups of 32.
#[must_use]
pub fn share(rows: usize, threads: usize) -> usize {
    rows.div_ceil(threads.max(1)).next_multiple_of(ROW_TILE)
}

/// Cuts a share of `rows` rows into blocks of at most `most` rows, about equal, in whole groups of 32.
#[must_use]
pub fn block(rows: usize, most: usize) -> usize {
    rows.div_ceil(rows.div_ceil(most).max(1))
        .next_multiple_of(ROW_TILE)
}
