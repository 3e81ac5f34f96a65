//! Fits mixtures of Gaussians to frames by expectation-maximisation.

use super::Random;
use crate::hmm::parts::{DIMENSIONS, Gaussian};

type Frame = [f32; DIMENSIONS];

/// Frames that a state's mixture is fitted to at most.
const MOST_FRAMES: usize = 12_000;
/// Frames per Gaussian at least.
const FRAMES_PER_GAUSSIAN: usize = 60;
/// Rounds of expectation-maximisation.
const ROUNDS: usize = 10;

/// At most `components` Gaussians for the frames of a state.
pub(super) fn fit(frames: &[Frame], components: usize, random: &mut Random) -> Vec<Gaussian> {
    let mut frames = frames.to_vec();
    random.shuffle(&mut frames);
    frames.truncate(MOST_FRAMES);
    let components = components.min(frames.len() / FRAMES_PER_GAUSSIAN).max(1);
    let (_, variance) = moments(&frames);
    let least: Vec<f32> = variance.iter().map(|v| 0.05 * v + 1e-3).collect();
    let mut mixture: Vec<Gaussian> = (0..components)
        .map(|k| Gaussian {
            log_weight: -(components as f32).ln(),
            mean: frames[k],
            log_variance: variance.map(|v| (v + 1e-2).ln()),
        })
        .collect();
    for _ in 0..ROUNDS {
        let mut weights = vec![0.0_f64; components];
        let mut sums = vec![[[0.0_f64; 2]; DIMENSIONS]; components];
        let precisions: Vec<Frame> = mixture
            .iter()
            .map(|g| g.log_variance.map(|v| 0.5 * (-v).exp()))
            .collect();
        let constants: Vec<f32> = mixture
            .iter()
            .map(|g| g.log_weight - 0.5 * g.log_variance.iter().sum::<f32>())
            .collect();
        let mut shares = vec![0.0_f32; components];
        for frame in &frames {
            let mut best = f32::NEG_INFINITY;
            for (k, share) in shares.iter_mut().enumerate() {
                let (mean, precision) = (&mixture[k].mean, &precisions[k]);
                let distance: f32 = (0..DIMENSIONS)
                    .map(|i| (frame[i] - mean[i]).powi(2) * precision[i])
                    .sum();
                *share = constants[k] - distance;
                best = best.max(*share);
            }
            let total: f32 = shares.iter().map(|s| (s - best).exp()).sum();
            for (k, share) in shares.iter().enumerate() {
                let share = f64::from((share - best).exp() / total);
                if share > 1e-4 {
                    weights[k] += share;
                    for (sum, &x) in sums[k].iter_mut().zip(frame) {
                        sum[0] += share * f64::from(x);
                        sum[1] += share * f64::from(x) * f64::from(x);
                    }
                }
            }
        }
        for (k, gaussian) in mixture.iter_mut().enumerate() {
            let weight = weights[k].max(1e-6);
            gaussian.log_weight = (weight / frames.len() as f64).ln() as f32;
            for i in 0..DIMENSIONS {
                let mean = sums[k][i][0] / weight;
                let variance = (sums[k][i][1] / weight - mean * mean) as f32;
                gaussian.mean[i] = mean as f32;
                gaussian.log_variance[i] = variance.max(least[i]).ln();
            }
        }
    }
    mixture
}

fn moments(frames: &[Frame]) -> (Frame, Frame) {
    let count = frames.len() as f64;
    let mut mean = [0.0; DIMENSIONS];
    let mut variance = [0.0; DIMENSIONS];
    for i in 0..DIMENSIONS {
        let sum: f64 = frames.iter().map(|f| f64::from(f[i])).sum();
        let squares: f64 = frames.iter().map(|f| f64::from(f[i]).powi(2)).sum();
        mean[i] = (sum / count) as f32;
        variance[i] = (squares / count - (sum / count).powi(2)).max(0.0) as f32;
    }
    (mean, variance)
}
