//! Ways to the same end, tried in order; every attempt is reported, also when a later one succeeds.

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

/// Ways to the same end, in order of preference.
///
/// ```
/// use f5_runtime::fallback::FallbackChain;
///
/// let chain = FallbackChain::<u32, std::num::ParseIntError>::new()
///     .or("words", || "one".parse())
///     .or("digits", || "1".parse());
/// let reached = chain.run().unwrap();
/// assert_eq!((reached.value, reached.name.as_str()), (1, "digits"));
/// assert_eq!(reached.failed[0].name, "words");
/// ```
#[must_use = "a chain does nothing until it is run"]
pub struct FallbackChain<'a, T, E> {
    ways: Vec<Way<'a, T, E>>,
}

struct Way<'a, T, E> {
    name: String,
    run: Box<dyn FnOnce() -> Result<T, E> + 'a>,
}

/// What a chain reached, and what failed on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reached<T, E> {
    /// What the successful way gave.
    pub value: T,
    /// Name of the successful way.
    pub name: String,
    /// How long it took.
    pub elapsed: Duration,
    /// The ways before it, in order.
    pub failed: Vec<Attempt<E>>,
}

/// A way that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt<E> {
    /// Name of the way.
    pub name: String,
    /// How long it took to fail.
    pub elapsed: Duration,
    /// Why it failed.
    pub error: E,
}

/// Every way of a chain failed; an empty chain fails with no attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FallbackError<E> {
    /// The ways, in order.
    pub attempts: Vec<Attempt<E>>,
}

/// An [`Attempt`] as it is written into reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AttemptReport {
    /// Name of the way.
    pub name: String,
    /// How long it took to fail.
    pub elapsed: Duration,
    /// Why it failed, with the causes.
    pub error: String,
}

impl<'a, T, E> FallbackChain<'a, T, E> {
    /// A chain without ways.
    pub fn new() -> Self {
        Self { ways: Vec::new() }
    }

    /// Adds a way, to be tried after those already there.
    pub fn or(mut self, name: impl Into<String>, run: impl FnOnce() -> Result<T, E> + 'a) -> Self {
        self.ways.push(Way {
            name: name.into(),
            run: Box::new(run),
        });
        self
    }

    /// Tries each way until one succeeds.
    ///
    /// # Errors
    ///
    /// [`FallbackError`] with every attempt if none does.
    pub fn run(self) -> Result<Reached<T, E>, FallbackError<E>> {
        self.run_while(|_| true)
    }

    /// Like [`run`](Self::run), but goes on after a failure only while `go_on` says so.
    ///
    /// # Errors
    ///
    /// [`FallbackError`] with the attempts made if none succeeded.
    pub fn run_while(
        self,
        mut go_on: impl FnMut(&Attempt<E>) -> bool,
    ) -> Result<Reached<T, E>, FallbackError<E>> {
        let mut failed = Vec::new();
        for Way { name, run } in self.ways {
            let started = Instant::now();
            let result = run();
            let elapsed = started.elapsed();
            match result {
                Ok(value) => {
                    return Ok(Reached {
                        value,
                        name,
                        elapsed,
                        failed,
                    });
                }
                Err(error) => {
                    let attempt = Attempt {
                        name,
                        elapsed,
                        error,
                    };
                    let stop = !go_on(&attempt);
                    failed.push(attempt);
                    if stop {
                        break;
                    }
                }
            }
        }
        Err(FallbackError { attempts: failed })
    }
}

impl<T, E> Default for FallbackChain<'_, T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> fmt::Debug for FallbackChain<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.ways.iter().map(|way| &way.name))
            .finish()
    }
}

impl<E: Error> Attempt<E> {
    /// The attempt for a report, its error as text with all causes.
    #[must_use]
    pub fn report(&self) -> AttemptReport {
        let mut error = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(c) = cause {
            error = format!("{error}: {c}");
            cause = c.source();
        }
        AttemptReport {
            name: self.name.clone(),
            elapsed: self.elapsed,
            error,
        }
    }
}

impl<E: fmt::Display> fmt::Display for FallbackError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attempts.is_empty() {
            return f.write_str("there was nothing to try");
        }
        f.write_str("nothing that was tried worked")?;
        self.attempts
            .iter()
            .try_for_each(|a| write!(f, "; {}: {}", a.name, a.error))
    }
}

impl<E: Error> Error for FallbackError<E> {}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn later_ways_are_not_tried_after_a_success() {
        let ran = RefCell::new(Vec::new());
        let way = |n: u32, good: bool| {
            let ran = &ran;
            move || {
                ran.borrow_mut().push(n);
                if good { Ok(n) } else { Err(n) }
            }
        };
        let chain = FallbackChain::new()
            .or("a", way(0, false))
            .or("b", way(1, true))
            .or("c", way(2, true));
        let reached = chain.run().unwrap();
        assert_eq!(*ran.borrow(), [0, 1]);
        assert_eq!((reached.value, reached.name.as_str()), (1, "b"));
        assert_eq!(
            reached.failed.iter().map(|a| a.error).collect::<Vec<_>>(),
            [0]
        );
    }

    #[test]
    fn every_subset_of_working_ways_reaches_the_first_of_them() {
        for subset in 0u32..1 << 6 {
            let chain = (0..6).fold(FallbackChain::new(), |chain, i| {
                chain.or(i.to_string(), move || {
                    if subset >> i & 1 == 1 { Ok(i) } else { Err(i) }
                })
            });
            match chain.run() {
                Ok(reached) => {
                    assert_eq!(reached.value, subset.trailing_zeros());
                    assert_eq!(reached.failed.len() as u32, reached.value);
                }
                Err(error) => {
                    assert_eq!((subset, error.attempts.len()), (0, 6));
                }
            }
        }
    }

    #[test]
    fn a_failure_may_end_the_chain() {
        let chain = FallbackChain::<(), &str>::new()
            .or("a", || Err("soft"))
            .or("b", || Err("hard"))
            .or("c", || Ok(()));
        let error = chain
            .run_while(|attempt| attempt.error != "hard")
            .unwrap_err();
        assert_eq!(error.attempts.len(), 2);
        assert_eq!(
            error.to_string(),
            "nothing that was tried worked; a: soft; b: hard"
        );
    }

    #[test]
    fn reports_name_causes() {
        let io = std::io::Error::other("cause".parse::<u8>().unwrap_err());
        let attempt = Attempt {
            name: "a".into(),
            elapsed: Duration::ZERO,
            error: io,
        };
        assert!(attempt.report().error.contains("invalid digit"));
    }
}
