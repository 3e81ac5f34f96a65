//! Rotary position embedding on interleaved pairs (x-transformers' `RotaryEmbedding`, as upstream
//! uses it; [RoFormer](https://arxiv.org/abs/2104.09864)).

use burn::tensor::{Device, Tensor, TensorData};

const THETA: f64 = 10_000.0;

/// Cosines and sines of one sample length.
///
/// The tables are made in float32 whatever the weights are: at frame 1000 a half-precision angle is
/// off by 0.16 radians.
#[derive(Debug, Clone)]
pub struct RotaryEmbedding {
    /// `[1, 1, frames, dim_head / 2, 1]`
    cos: Tensor<5>,
    /// `[1, 1, frames, dim_head / 2, 1]`
    sin: Tensor<5>,
}

impl RotaryEmbedding {
    /// Tables for positions `0..frames` of heads of width `dim_head`.
    #[must_use]
    pub fn new(frames: usize, dim_head: usize, device: &Device) -> Self {
        let angles = Self::angles(frames, dim_head);
        let table = |f: fn(f64) -> f64| {
            let values: Vec<f32> = angles
                .iter()
                .map(|&angle| f(f64::from(angle)) as f32)
                .collect();
            Tensor::<5>::from_data(
                TensorData::new(values, [1, 1, frames, dim_head / 2, 1]),
                device,
            )
        };
        Self {
            cos: table(f64::cos),
            sin: table(f64::sin),
        }
    }

    /// The angles in radians, row-major `[frames, dim_head / 2]`, each of which turns one pair.
    #[must_use]
    pub fn angles(frames: usize, dim_head: usize) -> Vec<f32> {
        let inverse = inverse_frequencies(dim_head);
        (0..frames)
            .flat_map(|position| {
                inverse
                    .iter()
                    .map(move |&frequency| position as f32 * frequency)
            })
            .collect()
    }

    /// Turns the first `heads` heads of `x` (all when `None`).
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, heads, frames, dim_head]`
    #[must_use]
    pub fn rotate(&self, x: Tensor<4>, heads: Option<usize>) -> Tensor<4> {
        let [_, all, _, _] = x.dims();
        match heads {
            Some(heads) if heads < all => {
                let turned = self.rotate_all(x.clone().narrow(1, 0, heads));
                Tensor::cat(vec![turned, x.narrow(1, heads, all - heads)], 1)
            }
            _ => self.rotate_all(x),
        }
    }

    fn rotate_all(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, heads, frames, dim_head] = x.dims();
        let pairs = x.reshape([batch, heads, frames, dim_head / 2, 2]);
        let (even, odd) = (pairs.clone().narrow(4, 0, 1), pairs.narrow(4, 1, 1));
        let (cos, sin) = (self.cos.clone(), self.sin.clone());
        let turned_even = even.clone() * cos.clone() - odd.clone() * sin.clone();
        let turned_odd = odd * cos + even * sin;
        Tensor::cat(vec![turned_even, turned_odd], 4).reshape([batch, heads, frames, dim_head])
    }
}

/// `10000^(-2i / dim)` for `i` in `0..dim / 2`, in the float32 steps that upstream takes.
fn inverse_frequencies(dim: usize) -> Vec<f32> {
    (0..dim / 2)
        .map(|i| {
            let exponent = (2 * i) as f32 / dim as f32;
            1.0 / THETA.powf(f64::from(exponent)) as f32
        })
        .collect()
}
