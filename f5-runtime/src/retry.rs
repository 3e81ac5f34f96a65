//! Which failures are worth another attempt, and when: exponential backoff with full jitter, within
//! a budget of attempts and time.

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What kind of failure an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// May be over the next time: a broken connection, a busy server.
    Transient,
    /// Will be the same the next time: a missing file, a refused name.
    Permanent,
    /// What came was not what was promised; worth fetching anew.
    Corrupt,
    /// Disk, memory or handles are used up; something must be freed first.
    Resource,
}

impl ErrorClass {
    /// Whether another attempt may help by itself.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::Corrupt)
    }
}

/// An error that knows its class.
pub trait Classify {
    /// The class of this error.
    fn class(&self) -> ErrorClass;

    /// How long the other side asked to be left alone, if it did.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// Time and chance, as retrying sees them; tests bring their own.
pub trait Timer {
    /// Time since some fixed moment.
    fn now(&mut self) -> Duration;
    /// Waits.
    fn sleep(&mut self, duration: Duration);
    /// A number drawn evenly from `0.0..1.0`.
    fn random(&mut self) -> f64;
}

/// How often, how long and how patiently to try.
///
/// The pause before attempt `n + 1` is drawn evenly from zero to
/// `min(max_pause, base_pause * 2^(n - 1))`: "full jitter" of M. Brooker, *Exponential Backoff And
/// Jitter*, AWS Architecture Blog, 2015.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Most attempts, the first one included; 0 counts as 1.
    pub attempts: u32,
    /// Longest pause after the first failure.
    pub base_pause: Duration,
    /// Longest pause after any failure, also when the other side asks for a longer one.
    pub max_pause: Duration,
    /// No attempt is begun that its pause would put beyond this.
    pub budget: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            base_pause: Duration::from_millis(500),
            max_pause: Duration::from_secs(30),
            budget: Duration::from_secs(600),
        }
    }
}

impl RetryPolicy {
    /// One attempt and no more.
    #[must_use]
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// Runs `operation` until it succeeds, fails for good, or the budget is used up. It is given the
    /// number of the attempt, from 1.
    ///
    /// # Errors
    ///
    /// [`RetryError`] with the last error.
    pub fn run<T, E: Classify>(
        &self,
        timer: &mut dyn Timer,
        mut operation: impl FnMut(u32) -> Result<T, E>,
    ) -> Result<T, RetryError<E>> {
        let started = timer.now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let error = match operation(attempts) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let pause = self.pause(attempts, &error, timer);
            let elapsed = timer.now().saturating_sub(started);
            if !error.class().is_retryable()
                || attempts >= self.attempts
                || elapsed.saturating_add(pause) > self.budget
            {
                return Err(RetryError {
                    attempts,
                    elapsed,
                    error,
                });
            }
            timer.sleep(pause);
        }
    }

    fn pause(&self, attempts: u32, error: &impl Classify, timer: &mut dyn Timer) -> Duration {
        let factor = 2u32.checked_pow(attempts - 1).unwrap_or(u32::MAX);
        let longest = self.base_pause.saturating_mul(factor).min(self.max_pause);
        let drawn = longest.mul_f64(timer.random().clamp(0.0, 1.0));
        let asked = error.retry_after().unwrap_or_default();
        drawn.max(asked.min(self.max_pause))
    }
}

/// The last error of an operation that was tried as often as its policy allows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryError<E> {
    /// Attempts made.
    pub attempts: u32,
    /// Time from the first attempt to the last failure.
    pub elapsed: Duration,
    /// The last failure.
    pub error: E,
}

impl<E> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "gave up after {} attempt(s) in {:.1?}",
            self.attempts, self.elapsed
        )
    }
}

impl<E: Error + 'static> Error for RetryError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// The system's clock, and chance from it and the process's own random seeds.
#[derive(Debug)]
pub struct SystemTimer {
    started: Instant,
    state: u64,
}

impl SystemTimer {
    /// A timer that starts now.
    #[must_use]
    pub fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        Self {
            started: Instant::now(),
            state: RandomState::new().hash_one(0),
        }
    }
}

impl Default for SystemTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer for SystemTimer {
    fn now(&mut self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&mut self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn random(&mut self) -> f64 {
        unit(splitmix(&mut self.state))
    }
}

/// splitmix64 of S. Vigna; pauses need no better.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests;
