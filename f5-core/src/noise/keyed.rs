//! The default noise: a stream of normal values per seed and chunk.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::box_muller;

/// Follows the seed in the cipher's key; another use of the same seed takes another tag.
const TAG: &[u8; 24] = b"f5-tts noise, version 1\0";

/// Standard normal values keyed by a seed and the index of a chunk.
///
/// Fully specified, so that a seed means the same audio on every platform and in every release:
///
/// - The bits are the key stream of ChaCha with 8 rounds (64-bit block counter from 0). The key is
///   the seed as 8 little-endian bytes and the 24 ASCII bytes `"f5-tts noise, version 1\0"`; the
///   64-bit nonce is the chunk index.
/// - The stream is read as little-endian 32-bit words, two (a, b) for two values (Box and Muller):
///   r = sqrt(-2 ln((a + 1) / 2³²)), θ = 2π b / 2³²; first r cos θ, then r sin θ.
/// - This is computed in `f64` by `libm`, which has no platform-dependent paths, then rounded to
///   `f32`. No value lies beyond 6.67.
///
/// The first values do not depend on how many are drawn or in how many calls.
#[derive(Debug, Clone)]
pub struct KeyedNormal {
    words: ChaCha8Rng,
    second: Option<f32>,
}

impl KeyedNormal {
    /// The stream of one chunk.
    #[must_use]
    pub fn new(seed: u64, chunk_index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].copy_from_slice(TAG);
        let mut words = ChaCha8Rng::from_seed(key);
        words.set_stream(chunk_index);
        Self {
            words,
            second: None,
        }
    }

    /// The next value.
    pub fn sample(&mut self) -> f32 {
        if let Some(second) = self.second.take() {
            return second;
        }
        let radius = (f64::from(self.words.next_u32()) + 1.0) / TWO_32;
        let turn = f64::from(self.words.next_u32()) / TWO_32;
        let (first, second) = box_muller(radius, turn);
        self.second = Some(second as f32);
        first as f32
    }

    /// Fills a slice with the next values.
    pub fn fill(&mut self, values: &mut [f32]) {
        values.fill_with(|| self.sample());
    }

    /// The next `n` values, as [`TorchCpuNormal::randn`](super::TorchCpuNormal::randn).
    pub fn randn(&mut self, n: usize) -> Vec<f32> {
        let mut values = vec![0.0; n];
        self.fill(&mut values);
        values
    }
}

/// The first `n` values of [`KeyedNormal::new`]`(seed, chunk_index)`: the noise of a chunk,
/// row-major `[frames, n_mels]`.
#[must_use]
pub fn keyed_normal(seed: u64, chunk_index: u64, n: usize) -> Vec<f32> {
    KeyedNormal::new(seed, chunk_index).randn(n)
}

const TWO_32: f64 = 4_294_967_296.0;
