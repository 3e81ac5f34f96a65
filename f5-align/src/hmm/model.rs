//! The acoustic model: a mixture of Gaussians for each of the three states of each phone.

use half::f16;

use super::features::DIMENSIONS;
use crate::english::PHONES;

/// States a phone passes through, in order.
pub(crate) const STATES: usize = 3;
/// States of all phones.
pub(crate) const ALL_STATES: usize = PHONES.len() * STATES;
/// Kinds of phones that boundaries are corrected by.
pub(crate) const KINDS: usize = 6;
/// Rows of values are padded to a whole number of vector registers.
const PADDED: usize = 40;
/// First bytes of a model file.
const MAGIC: &[u8; 8] = b"F5-HMM 1";

/// One Gaussian with a diagonal covariance.
#[derive(Debug, Clone)]
pub(crate) struct Gaussian {
    pub(crate) log_weight: f32,
    pub(crate) mean: [f32; DIMENSIONS],
    pub(crate) log_variance: [f32; DIMENSIONS],
}

/// A mixture of Gaussians for every state, and the boundary corrections.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    components: Vec<Component>,
    /// Where each state's components begin; one more entry than states.
    offsets: Vec<usize>,
    /// Seconds by which a boundary between two kinds of phones is found too late.
    pub(crate) lateness: [[f32; KINDS]; KINDS],
}

/// A Gaussian prepared for evaluation.
#[derive(Debug, Clone)]
struct Component {
    /// Log weight and normalisation.
    constant: f32,
    mean: [f32; PADDED],
    /// Half the inverse variance.
    precision: [f32; PADDED],
}

impl Model {
    pub(crate) fn new(states: &[Vec<Gaussian>], lateness: [[f32; KINDS]; KINDS]) -> Self {
        let mut components = Vec::new();
        let mut offsets = vec![0];
        for state in states {
            components.extend(state.iter().map(Component::new));
            offsets.push(components.len());
        }
        Self {
            components,
            offsets,
            lateness,
        }
    }

    /// Reads a model file; `None` if it is damaged.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (counts, values) = bytes.strip_prefix(MAGIC)?.split_at_checked(ALL_STATES)?;
        let mut values = values
            .chunks_exact(2)
            .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32());
        let mut row = || {
            let mut row = [0.0; DIMENSIONS];
            for value in &mut row {
                *value = values.next()?;
            }
            Some(row)
        };
        let mut states = Vec::new();
        for &count in counts {
            let mut state = Vec::new();
            for _ in 0..count {
                let (mean, log_variance) = (row()?, row()?);
                state.push(Gaussian {
                    log_weight: 0.0,
                    mean,
                    log_variance,
                });
            }
            states.push(state);
        }
        for gaussian in states.iter_mut().flatten() {
            gaussian.log_weight = values.next()?;
        }
        let mut lateness = [[0.0; KINDS]; KINDS];
        for value in lateness.iter_mut().flatten() {
            *value = values.next()? / 1000.0;
        }
        Some(Self::new(&states, lateness))
    }

    /// The file that [`read`](Self::read) reads, with half-precision values.
    #[cfg(feature = "train")]
    pub(crate) fn write(states: &[Vec<Gaussian>], lateness: &[[f32; KINDS]; KINDS]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(states.iter().map(|s| s.len() as u8));
        let rows = states
            .iter()
            .flatten()
            .flat_map(|g| g.mean.into_iter().chain(g.log_variance));
        let weights = states.iter().flatten().map(|g| g.log_weight);
        let corrections = lateness.iter().flatten().map(|seconds| seconds * 1000.0);
        for value in rows.chain(weights).chain(corrections) {
            bytes.extend(f16::from_f32(value).to_le_bytes());
        }
        bytes
    }

    /// The log-likelihood of a frame under every state.
    pub(crate) fn score(&self, frame: &[f32; DIMENSIONS], scores: &mut [f32; ALL_STATES]) {
        let mut padded = [0.0; PADDED];
        padded[..DIMENSIONS].copy_from_slice(frame);
        for (score, range) in scores.iter_mut().zip(self.offsets.windows(2)) {
            let mut best = f32::NEG_INFINITY;
            let mut sum = 0.0;
            for component in &self.components[range[0]..range[1]] {
                let value = component.score(&padded);
                if value > best {
                    sum = sum * (best - value).exp() + 1.0;
                    best = value;
                } else if value > best - 10.0 {
                    sum += (value - best).exp();
                }
            }
            *score = best + sum.ln();
        }
    }
}

impl Component {
    fn new(gaussian: &Gaussian) -> Self {
        let mut mean = [0.0; PADDED];
        let mut precision = [0.0; PADDED];
        mean[..DIMENSIONS].copy_from_slice(&gaussian.mean);
        for (p, v) in precision.iter_mut().zip(&gaussian.log_variance) {
            *p = 0.5 * (-v).exp();
        }
        let normalisation: f32 = gaussian
            .log_variance
            .iter()
            .map(|v| v + std::f32::consts::TAU.ln())
            .sum();
        Self {
            constant: gaussian.log_weight - 0.5 * normalisation,
            mean,
            precision,
        }
    }

    fn score(&self, frame: &[f32; PADDED]) -> f32 {
        // Eight running sums, so that the compiler can keep them in vector registers.
        let mut sums = [0.0_f32; 8];
        for i in (0..PADDED).step_by(8) {
            for lane in 0..8 {
                let distance = frame[i + lane] - self.mean[i + lane];
                sums[lane] += distance * distance * self.precision[i + lane];
            }
        }
        self.constant - sums.iter().sum::<f32>()
    }
}

/// The kind of a phone for boundary corrections: silence, vowel, stop, fricative, nasal, glide.
pub(crate) fn kind(phone: u8) -> usize {
    match PHONES[usize::from(phone)] {
        "sil" => 0,
        "b" | "ch" | "d" | "g" | "jh" | "k" | "p" | "t" => 2,
        "dh" | "f" | "hh" | "s" | "sh" | "th" | "v" | "z" | "zh" => 3,
        "m" | "n" | "ng" => 4,
        "l" | "r" | "w" | "y" => 5,
        _ => 1,
    }
}
