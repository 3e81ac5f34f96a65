//! The noise that the chunks of one text start with.

use f5_core::noise::{TorchCpuNormal, keyed_normal};

use crate::params::Noise;

/// The noise of one text, chunk after chunk.
#[derive(Debug)]
pub(crate) enum NoiseSource {
    Keyed { seed: u64, chunk: u64 },
    Torch(Box<TorchCpuNormal>),
}

impl NoiseSource {
    pub(crate) fn new(noise: Noise, seed: u64) -> Self {
        match noise {
            Noise::Keyed => Self::Keyed { seed, chunk: 0 },
            Noise::TorchCpu => Self::Torch(Box::new(TorchCpuNormal::new(seed))),
        }
    }

    pub(crate) fn draw(&mut self, n: usize) -> Vec<f32> {
        match self {
            Self::Keyed { seed, chunk } => {
                *chunk += 1;
                keyed_normal(*seed, *chunk - 1, n)
            }
            Self::Torch(generator) => generator.randn(n),
        }
    }
}
