//! The times at which steps are taken: empirically pruned step sampling and sway sampling (upstream
//! `get_epss_timesteps`; [Fast F5-TTS](https://arxiv.org/abs/2505.19931),
//! [F5-TTS, section 3.2](https://arxiv.org/abs/2410.06885)).

use std::f32::consts::FRAC_PI_2;

use crate::SampleError;

/// Step counts for which a pruned schedule is known; any other count takes equal steps.
pub const EPSS_STEPS: [usize; 6] = [5, 6, 7, 10, 12, 16];

/// More steps than anybody takes; a limit, so that a slip does not fill the memory with times.
pub const MAX_STEPS: usize = 10_000;

/// Times in units of 1/32: the flow is curved near the noise, so steps are small there.
fn epss(steps: usize) -> Option<&'static [u8]> {
    Some(match steps {
        5 => &[0, 2, 4, 8, 16, 32],
        6 => &[0, 2, 4, 6, 8, 16, 32],
        7 => &[0, 2, 4, 6, 8, 16, 24, 32],
        10 => &[0, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32],
        12 => &[0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32],
        16 => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32],
        _ => return None,
    })
}

/// `nfe_steps + 1` strictly increasing times from 0 to 1, in float32 whatever the weights are.
///
/// The sway coefficient moves times towards the noise (negative) or the speech (positive); it is
/// applied after the pruned schedule, as in upstream.
///
/// # Errors
///
/// [`SampleError::Steps`], or [`SampleError::TimeGrid`] for a coefficient that lets time run
/// backwards.
pub fn time_grid(
    nfe_steps: usize,
    sway_sampling_coef: Option<f32>,
    use_epss: bool,
) -> Result<Vec<f32>, SampleError> {
    check_steps(nfe_steps)?;
    let pruned = if use_epss { epss(nfe_steps) } else { None };
    let mut times: Vec<f32> = match pruned {
        Some(units) => units.iter().map(|&unit| f32::from(unit) / 32.0).collect(),
        None => equal_steps(nfe_steps),
    };
    if let Some(coefficient) = sway_sampling_coef {
        for time in &mut times {
            *time += coefficient * ((FRAC_PI_2 * *time).cos() - 1.0 + *time);
        }
        let bad = times
            .windows(2)
            .position(|pair| pair[1].partial_cmp(&pair[0]) != Some(std::cmp::Ordering::Greater));
        if let Some(step) = bad {
            let (start, end) = (times[step], times[step + 1]);
            return Err(SampleError::TimeGrid {
                coefficient,
                step,
                start,
                end,
            });
        }
    }
    Ok(times)
}

/// Refuses step counts outside `1..=MAX_STEPS`.
pub(super) fn check_steps(nfe_steps: usize) -> Result<(), SampleError> {
    if (1..=MAX_STEPS).contains(&nfe_steps) {
        return Ok(());
    }
    Err(SampleError::Steps {
        nfe_steps,
        limit: MAX_STEPS,
    })
}

/// Equal steps, counted from the nearer end so that the rounding errors are symmetrical (as
/// `torch.linspace`).
fn equal_steps(steps: usize) -> Vec<f32> {
    let step = 1.0 / steps as f32;
    let half = steps.div_ceil(2);
    (0..=steps)
        .map(|i| {
            if i < half {
                i as f32 * step
            } else {
                1.0 - (steps - i) as f32 * step
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_swayed_steps_are_upstreams() {
        let grid = time_grid(7, Some(-1.0), true).unwrap();
        let expected = [
            0.0,
            0.004_815_28,
            0.019_214_7,
            0.043_059_6,
            0.076_120_5,
            0.292_893,
            0.617_317,
            1.0,
        ];
        assert_eq!(grid.len(), expected.len());
        for (got, expected) in grid.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }

    #[test]
    fn every_schedule_runs_from_noise_to_speech() {
        for steps in 1..=64 {
            for use_epss in [true, false] {
                let grid = time_grid(steps, None, use_epss).unwrap();
                assert_eq!(grid.len(), steps + 1);
                assert_eq!((grid[0], grid[steps]), (0.0, 1.0));
                assert!(grid.windows(2).all(|pair| pair[0] < pair[1]), "{steps}");
            }
        }
    }

    #[test]
    fn pruned_schedules_are_named() {
        for steps in 1..=64 {
            assert_eq!(
                epss(steps).is_some(),
                EPSS_STEPS.contains(&steps),
                "{steps}"
            );
        }
    }

    #[test]
    fn step_counts_out_of_range_are_refused() {
        for steps in [0, MAX_STEPS + 1, usize::MAX] {
            let error = time_grid(steps, None, true).unwrap_err();
            assert!(matches!(error, SampleError::Steps { nfe_steps, .. } if nfe_steps == steps));
        }
    }

    #[test]
    fn sway_that_turns_time_back_is_refused() {
        assert!(matches!(
            time_grid(8, Some(-3.0), true),
            Err(SampleError::TimeGrid { .. })
        ));
        assert!(matches!(
            time_grid(8, Some(f32::NAN), true),
            Err(SampleError::TimeGrid { .. })
        ));
    }
}
