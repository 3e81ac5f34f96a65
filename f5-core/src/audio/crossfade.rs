//! Joining generated chunks with linear fades.

/// Chunks in one piece, and where each of them went.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Joined {
    /// The audio.
    pub samples: Vec<f32>,
    /// First sample of every chunk in `samples`: where its fade-in begins.
    pub starts: Vec<usize>,
}

/// Joins chunks; neighbours overlap by `cross_fade_samples`, less where a chunk is shorter. With 0
/// they simply follow each other.
#[must_use]
pub fn join<S: AsRef<[f32]>>(chunks: &[S], cross_fade_samples: usize) -> Joined {
    let mut joined = Joined::default();
    for chunk in chunks {
        let start = append(&mut joined.samples, chunk.as_ref(), cross_fade_samples);
        joined.starts.push(start);
    }
    joined
}

/// `prev` followed by `next`, the last `n` samples of one fading into the first `n` of the other;
/// `n` is cut to the shorter of both.
#[must_use]
pub fn cross_fade(prev: &[f32], next: &[f32], n: usize) -> Vec<f32> {
    let mut samples = prev.to_vec();
    append(&mut samples, next, n);
    samples
}

/// Returns where `next` begins.
fn append(samples: &mut Vec<f32>, next: &[f32], n: usize) -> usize {
    let n = n.min(samples.len()).min(next.len());
    let start = samples.len() - n;
    // The ramps include both ends, as numpy's linspace does: the first overlapping sample is all
    // `prev`, the last all `next` (a single one is all `prev`).
    let step = 1.0 / n.saturating_sub(1).max(1) as f64;
    for (i, (prev, next)) in samples[start..].iter_mut().zip(next).enumerate() {
        let [out, into] = if n > 1 && i == n - 1 {
            [0.0, 1.0]
        } else {
            [1.0 - i as f64 * step, i as f64 * step]
        };
        *prev = (f64::from(*prev) * out + f64::from(*next) * into) as f32;
    }
    samples.extend_from_slice(&next[n..]);
    start
}
