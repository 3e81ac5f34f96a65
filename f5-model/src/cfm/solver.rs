//! One step along the velocity (torchdiffeq's fixed-grid `euler` and `midpoint`).

use burn::tensor::Tensor;

/// How a step follows the velocity (upstream `ode_method`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OdeMethod {
    /// One evaluation a step.
    #[default]
    Euler,
    /// Two evaluations a step: the velocity in the middle decides.
    Midpoint,
}

impl OdeMethod {
    /// Moves `y`, `[batch, frames, n_mels]`, from time `from` to time `to`.
    #[must_use]
    pub fn step(
        self,
        y: Tensor<3>,
        from: f32,
        to: f32,
        velocity: impl Fn(&Tensor<3>, f32) -> Tensor<3>,
    ) -> Tensor<3> {
        let dt = to - from;
        let start = velocity(&y, from);
        match self {
            Self::Euler => y + start * dt,
            Self::Midpoint => {
                let half = 0.5 * dt;
                let middle = y.clone() + start * half;
                y + velocity(&middle, from + half) * dt
            }
        }
    }
}
