//! Which numbers a network computes with.

use crate::isa::Cpu;

/// The numbers that weights are kept and multiplied in. Sums, residuals, norms, softmax and
/// activations are float32 in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// bf16 where the processor multiplies it faster than float32 (AMX, and the dot products of
    /// AVX-512 on AMD's processors), float32 elsewhere.
    #[default]
    Auto,
    /// float32: agrees with the reference to rounding.
    F32,
    /// bf16: half the memory; a velocity of F5-TTS differs by about 1 %.
    Bf16,
}

impl Precision {
    /// Whether weights are kept in bf16 on `cpu`.
    #[must_use]
    pub fn is_bf16(self, cpu: Cpu) -> bool {
        match self {
            Self::Auto => cpu.prefers_bf16(),
            Self::F32 => false,
            Self::Bf16 => true,
        }
    }
}
