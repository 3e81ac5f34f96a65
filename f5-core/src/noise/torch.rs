//! `torch.manual_seed` and `torch.randn` on a CPU.

use std::fmt;

use super::box_muller;

/// Values per block of torch's vectorised normal; smaller tensors take another path.
const BLOCK: usize = 16;

/// The values that `torch.manual_seed(seed)` and calls of `torch.randn` give on a CPU in `float32`.
///
/// The Mersenne Twister (MT19937) behind it takes the low 32 bits of the seed. Values agree with
/// torch's to about 1e-6: torch computes logarithm and sine in `f32`, by instructions that differ
/// between machines.
#[derive(Clone)]
pub struct TorchCpuNormal {
    twister: Mt19937,
    /// Tensors under 16 values come from pairs; the second of a pair waits for the next such call.
    second: Option<f64>,
}

impl TorchCpuNormal {
    /// As `torch.manual_seed(seed)`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            twister: Mt19937::new(seed as u32),
            second: None,
        }
    }

    /// As `torch.randn(n)`; each call continues the stream, and values depend on the sizes asked
    /// for.
    pub fn randn(&mut self, n: usize) -> Vec<f32> {
        if n < BLOCK {
            return (0..n).map(|_| self.scalar() as f32).collect();
        }
        let mut values: Vec<f32> = (0..n).map(|_| self.uniform()).collect();
        for block in values.chunks_exact_mut(BLOCK) {
            transform(block);
        }
        if !n.is_multiple_of(BLOCK) {
            // torch draws the last block anew instead of transforming a part of one.
            let last = &mut values[n - BLOCK..];
            last.fill_with(|| self.uniform());
            transform(last);
        }
        values
    }

    /// 24 bits in [0, 1).
    fn uniform(&mut self) -> f32 {
        (self.twister.next_u32() & 0xff_ffff) as f32 / 16_777_216.0
    }

    /// 53 bits in [0, 1); the first word is the high one.
    fn uniform_f64(&mut self) -> f64 {
        let high = u64::from(self.twister.next_u32());
        let bits = high << 32 | u64::from(self.twister.next_u32());
        (bits & ((1 << 53) - 1)) as f64 / 9_007_199_254_740_992.0
    }

    fn scalar(&mut self) -> f64 {
        if let Some(second) = self.second.take() {
            return second;
        }
        let turn = self.uniform_f64();
        let radius = 1.0 - self.uniform_f64();
        let (first, second) = box_muller(radius, turn);
        self.second = Some(second);
        first
    }
}

impl fmt::Debug for TorchCpuNormal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TorchCpuNormal").finish_non_exhaustive()
    }
}

/// The first half of a block gives radii and takes cosines, the second gives angles and takes sines.
fn transform(block: &mut [f32]) {
    let (cosines, sines) = block.split_at_mut(BLOCK / 2);
    for (cosine, sine) in cosines.iter_mut().zip(sines) {
        let (first, second) = box_muller(f64::from(1.0 - *cosine), f64::from(*sine));
        (*cosine, *sine) = (first as f32, second as f32);
    }
}

/// Matsumoto and Nishimura's generator with the seeding of 2002.
#[derive(Clone)]
struct Mt19937 {
    state: [u32; Self::SIZE],
    next: usize,
}

impl Mt19937 {
    const SIZE: usize = 624;
    const SHIFT: usize = 397;

    fn new(seed: u32) -> Self {
        let mut state = [seed; Self::SIZE];
        for i in 1..Self::SIZE {
            let last = state[i - 1];
            state[i] = 1_812_433_253_u32
                .wrapping_mul(last ^ (last >> 30))
                .wrapping_add(i as u32);
        }
        Self {
            state,
            next: Self::SIZE,
        }
    }

    fn next_u32(&mut self) -> u32 {
        if self.next == Self::SIZE {
            self.twist();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn twist(&mut self) {
        for i in 0..Self::SIZE {
            let word =
                (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % Self::SIZE] & 0x7fff_ffff);
            let odd = if word & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + Self::SHIFT) % Self::SIZE] ^ (word >> 1) ^ odd;
        }
        self.next = 0;
    }
}
