//! Starting noise: standard normal values that a seed alone decides.
//!
//! [`KeyedNormal`] is the default: noise keyed by seed and chunk, so that the order in which chunks
//! are made, batching and threads never change the audio. [`TorchCpuNormal`] draws what
//! `torch.randn` draws on a CPU, to repeat what upstream made there.

mod keyed;
mod torch;

pub use self::{
    keyed::{KeyedNormal, keyed_normal},
    torch::TorchCpuNormal,
};

/// Two independent standard normal values from two uniform ones (Box and Muller): `radius` is in
/// (0, 1], `turn` in [0, 1).
///
/// `libm` instead of the platform's mathematics: the same bits everywhere.
fn box_muller(radius: f64, turn: f64) -> (f64, f64) {
    let radius = (-2.0 * libm::log(radius)).sqrt();
    let (sin, cos) = libm::sincos(std::f64::consts::TAU * turn);
    (radius * cos, radius * sin)
}
