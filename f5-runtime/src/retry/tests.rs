//! Retrying with a clock and chance that the tests own.

use super::*;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Fault(ErrorClass, Option<u64>);

impl Classify for Fault {
    fn class(&self) -> ErrorClass {
        self.0
    }

    fn retry_after(&self) -> Option<Duration> {
        self.1.map(Duration::from_secs)
    }
}

/// Time that passes only by sleeping.
#[derive(Default)]
struct Fake {
    now: Duration,
    pauses: Vec<Duration>,
    state: u64,
    fixed: Option<f64>,
}

impl Timer for Fake {
    fn now(&mut self) -> Duration {
        self.now
    }

    fn sleep(&mut self, duration: Duration) {
        self.now += duration;
        self.pauses.push(duration);
    }

    fn random(&mut self) -> f64 {
        self.fixed
            .unwrap_or_else(|| unit(splitmix(&mut self.state)))
    }
}

const TRANSIENT: Fault = Fault(ErrorClass::Transient, None);

#[test]
fn pauses_double_up_to_the_longest() {
    let mut timer = Fake {
        fixed: Some(1.0),
        ..Fake::default()
    };
    let policy = RetryPolicy {
        attempts: 9,
        ..RetryPolicy::default()
    };
    let error = policy
        .run(&mut timer, |_| Err::<(), _>(TRANSIENT))
        .unwrap_err();
    assert_eq!(error.attempts, 9);
    let seconds: Vec<f64> = timer.pauses.iter().map(Duration::as_secs_f64).collect();
    assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
}

#[test]
fn only_retryable_classes_are_tried_again() {
    for (class, attempts) in [
        (ErrorClass::Transient, 5),
        (ErrorClass::Corrupt, 5),
        (ErrorClass::Permanent, 1),
        (ErrorClass::Resource, 1),
    ] {
        let mut timer = Fake::default();
        let fault = Fault(class, None);
        let error = RetryPolicy::default()
            .run(&mut timer, |_| Err::<(), _>(fault))
            .unwrap_err();
        assert_eq!(
            (error.attempts, error.error),
            (attempts, fault),
            "{class:?}"
        );
    }
}

#[test]
fn a_server_that_asks_for_time_gets_it_within_reason() {
    let mut timer = Fake {
        fixed: Some(0.0),
        ..Fake::default()
    };
    let policy = RetryPolicy {
        attempts: 3,
        ..RetryPolicy::default()
    };
    let asked = [Some(7), Some(100_000)];
    let result = policy.run(&mut timer, |n| match asked.get(n as usize - 1) {
        Some(&seconds) => Err(Fault(ErrorClass::Transient, seconds)),
        None => Ok(n),
    });
    assert_eq!(result, Ok(3));
    assert_eq!(
        timer.pauses,
        [Duration::from_secs(7), Duration::from_secs(30)]
    );
}

#[test]
fn the_budget_of_time_is_kept() {
    let mut timer = Fake {
        fixed: Some(1.0),
        ..Fake::default()
    };
    let budget = Duration::from_secs(4);
    let policy = RetryPolicy {
        attempts: 100,
        budget,
        ..RetryPolicy::default()
    };
    let error = policy
        .run(&mut timer, |_| Err::<(), _>(TRANSIENT))
        .unwrap_err();
    // 0.5 + 1 + 2 fit, and 4 more do not.
    assert_eq!(
        (error.attempts, error.elapsed),
        (4, Duration::from_millis(3500))
    );
}

#[test]
fn zero_attempts_count_as_one() {
    let policy = RetryPolicy {
        attempts: 0,
        ..RetryPolicy::default()
    };
    assert_eq!(policy.run(&mut Fake::default(), Ok::<_, Fault>), Ok(1));
}

/// Four artifacts, 15 % faults in each attempt: one attempt each gets all four in 52 % of runs.
#[test]
fn ten_thousand_runs_of_four_artifacts_with_transient_faults() {
    let succeeded = |attempts| {
        let mut timer = Fake::default();
        let mut faults = 1u64;
        let policy = RetryPolicy {
            attempts,
            ..RetryPolicy::default()
        };
        let runs = (0..10_000).filter(|_| {
            (0..4).all(|_| {
                let fetch = |_| match unit(splitmix(&mut faults)) < 0.15 {
                    true => Err(TRANSIENT),
                    false => Ok(()),
                };
                policy.run(&mut timer, fetch).is_ok()
            })
        });
        runs.count()
    };
    let (with, without) = (succeeded(5), succeeded(1));
    assert!(with >= 9_500, "{with}");
    assert!(
        (10_000 - with) * 10 <= (10_000 - without) * 6,
        "{with} against {without}"
    );
}

#[test]
fn system_chance_stays_in_range() {
    let mut timer = SystemTimer::new();
    let draws: Vec<f64> = (0..1000).map(|_| timer.random()).collect();
    assert!(draws.iter().all(|x| (0.0..1.0).contains(x)));
    assert!(draws.iter().any(|x| *x < 0.5) && draws.iter().any(|x| *x > 0.5));
}
