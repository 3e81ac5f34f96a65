//! Which instructions the kernels may use: found out once, at run time, and handed to every kernel.

use std::{env, fmt, str::FromStr};

use crate::gemm::{Amx, Dots};

/// Names the environment variable that [`Cpu::detect`] reads.
pub const ISA_VARIABLE: &str = "F5_CPU_ISA";

/// Instruction sets, from the least to the most capable; each one includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isa {
    /// What every processor of the target has (SSE2 on x86-64).
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// NEON, on ARM.
    Neon,
    /// AVX-512 F, BW, CD, DQ and VL.
    Avx512,
    /// The same and its dot products of bf16.
    Avx512Bf16,
    /// AMX tiles with bf16, beside AVX-512.
    Amx,
}

impl Isa {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::Portable,
        Self::Avx2,
        Self::Neon,
        Self::Avx512,
        Self::Avx512Bf16,
        Self::Amx,
    ];
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Avx512 => "avx512",
            Self::Avx512Bf16 => "avx512bf16",
            Self::Amx => "amx",
        })
    }
}

/// A name that is no instruction set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no instruction set; one of portable, avx2, neon, avx512, avx512bf16, amx")]
pub struct ParseIsaError(String);

impl FromStr for Isa {
    type Err = ParseIsaError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|isa| isa.to_string() == name)
            .ok_or_else(|| ParseIsaError(name.to_owned()))
    }
}

/// The processor as the kernels see it: a proof that its instructions may be used.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    pub(crate) level: Level,
    pub(crate) dots: Option<Dots>,
    /// Never without `dots`.
    pub(crate) amx: Option<Amx>,
}

/// Vector instructions; each variant carries pulp's proof that they exist.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

impl Cpu {
    /// Everything this processor has, up to what [`ISA_VARIABLE`] allows where it is set.
    ///
    /// # Errors
    ///
    /// [`ParseIsaError`] when the variable holds no instruction set.
    pub fn detect() -> Result<Self, ParseIsaError> {
        match env::var(ISA_VARIABLE) {
            Ok(name) => Ok(Self::up_to(name.parse()?)),
            Err(_) => Ok(Self::up_to(Isa::Amx)),
        }
    }

    /// The best that this processor has among the instruction sets up to `most`.
    #[must_use]
    pub fn up_to(most: Isa) -> Self {
        let level = Level::up_to(most);
        let dots = (most >= Isa::Avx512Bf16 && level.isa() == Isa::Avx512)
            .then(Dots::try_new)
            .flatten();
        let amx = (most >= Isa::Amx && dots.is_some())
            .then(Amx::try_new)
            .flatten();
        Self { level, dots, amx }
    }

    /// The instruction set that the kernels use.
    #[must_use]
    pub fn isa(&self) -> Isa {
        match (self.dots, self.amx) {
            (_, Some(_)) => Isa::Amx,
            (Some(_), None) => Isa::Avx512Bf16,
            (None, None) => self.level.isa(),
        }
    }

    /// Whether products of bf16 numbers are faster than those of float32: with AMX, and with the dot
    /// products of AVX-512 on AMD's processors. On Intel's those are slower than float32.
    #[must_use]
    pub fn prefers_bf16(&self) -> bool {
        self.amx.is_some() || self.dots.is_some_and(|dots| dots.pay)
    }
}

impl Level {
    #[cfg(target_arch = "x86_64")]
    fn up_to(most: Isa) -> Self {
        if most >= Isa::Avx512
            && let Some(simd) = pulp::x86::V4::try_new()
        {
            return Self::Avx512(simd);
        }
        match pulp::x86::V3::try_new() {
            Some(simd) if most >= Isa::Avx2 => Self::Avx2(simd),
            _ => Self::Portable,
        }
    }

    #[cfg(target_arch = "aarch64")]
    fn up_to(most: Isa) -> Self {
        match pulp::aarch64::Neon::try_new() {
            Some(simd) if most >= Isa::Neon => Self::Neon(simd),
            _ => Self::Portable,
        }
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn up_to(_most: Isa) -> Self {
        Self::Portable
    }

    fn isa(self) -> Isa {
        match self {
            Self::Portable => Isa::Portable,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => Isa::Avx2,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => Isa::Avx512,
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => Isa::Neon,
        }
    }
}

/// Compiles `$body` once for every instruction set and runs the version for `$level`.
///
/// `$fused` is bound to [`Fused`](crate::math::Fused) or [`Unfused`](crate::math::Unfused). The body
/// is repeated rather than shared so that each closure has a single caller and is inlined there:
/// only then is it compiled with the caller's instructions.
macro_rules! vectorize {
    ($level:expr, $fused:ident => $body:expr) => {{
        match $level {
            $crate::isa::Level::Portable => {
                let $fused = $crate::math::Unfused;
                $body
            }
            #[cfg(target_arch = "x86_64")]
            $crate::isa::Level::Avx2(simd) => simd.vectorize(|| {
                let $fused = $crate::math::Fused;
                $body
            }),
            #[cfg(target_arch = "x86_64")]
            $crate::isa::Level::Avx512(simd) => simd.vectorize(|| {
                let $fused = $crate::math::Fused;
                $body
            }),
            #[cfg(target_arch = "aarch64")]
            $crate::isa::Level::Neon(simd) => simd.vectorize(|| {
                let $fused = $crate::math::Fused;
                $body
            }),
        }
    }};
}
pub(crate) use vectorize;
