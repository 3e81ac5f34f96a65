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

/// How a chunk follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seam {
    /// Both fade into each other over this many samples, as [`join`] does it.
    Fade(usize),
    /// This many samples of silence lie between them, and both are faded out at their edge.
    Pause(usize),
}

/// Samples that a chunk is faded out over at the edge of a [`Seam::Pause`], so that it does not click.
const EDGE: usize = 120;

/// Joins chunks as they come: [`join`] for streams, in memory that does not grow with their number.
///
/// ```
/// use f5_core::audio::crossfade::{Joiner, Seam, join};
///
/// let chunks = [vec![1.0; 5], vec![0.5; 4]];
/// let mut joiner = Joiner::new(2);
/// let mut samples = Vec::new();
/// for chunk in &chunks {
///     joiner.push(chunk, Seam::Fade(2));
///     samples.extend(joiner.take_final());
/// }
/// samples.extend(joiner.take_rest());
/// assert_eq!(samples, join(&chunks, 2).samples);
/// ```
#[derive(Debug, Clone)]
pub struct Joiner {
    hold: usize,
    held: Vec<f32>,
    taken: usize,
}

impl Joiner {
    /// A joiner whose seams fade over at most `longest_fade` samples.
    #[must_use]
    pub fn new(longest_fade: usize) -> Self {
        Self {
            hold: longest_fade.max(EDGE),
            held: Vec::new(),
            taken: 0,
        }
    }

    /// Adds a chunk; returns where its first sample lies in the whole. The first chunk has no seam.
    pub fn push(&mut self, chunk: &[f32], seam: Seam) -> usize {
        let is_first = self.taken + self.held.len() == 0;
        let start = match seam {
            _ if is_first => append(&mut self.held, chunk, 0),
            Seam::Fade(n) => append(&mut self.held, chunk, n.min(self.hold)),
            Seam::Pause(n) => {
                fade_out(self.held.iter_mut().rev());
                let start = self.held.len() + n;
                self.held.resize(start, 0.0);
                self.held.extend_from_slice(chunk);
                fade_out(self.held[start..].iter_mut());
                start
            }
        };
        self.taken + start
    }

    /// The samples that no later chunk can change: all but the last ones, which may still fade.
    pub fn take_final(&mut self) -> Vec<f32> {
        let n = self.held.len().saturating_sub(self.hold);
        self.taken += n;
        let rest = self.held.split_off(n);
        std::mem::replace(&mut self.held, rest)
    }

    /// The samples that are left when no chunk follows.
    pub fn take_rest(&mut self) -> Vec<f32> {
        self.taken += self.held.len();
        std::mem::take(&mut self.held)
    }

    /// How many samples have been taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }
}

/// From silence at the edge, where the samples begin, to full loudness.
fn fade_out<'a>(samples: impl Iterator<Item = &'a mut f32>) {
    for (at, sample) in samples.take(EDGE).enumerate() {
        *sample *= at as f32 / EDGE as f32;
    }
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
