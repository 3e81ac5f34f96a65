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
    /// The times at which [`step`](Self::step) asks for velocities on the way through `grid`.
    #[must_use]
    pub fn evaluations(self, grid: &[f32]) -> Vec<f32> {
        let spans = grid.windows(2).map(|span| (span[0], span[1]));
        match self {
            Self::Euler => spans.map(|(from, _)| from).collect(),
            Self::Midpoint => spans
                .flat_map(|(from, to)| [from, middle(from, to)])
                .collect(),
        }
    }

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
                let half_way = y.clone() + start * half;
                y + velocity(&half_way, middle(from, to)) * dt
            }
        }
    }
}

/// The time half way through a step, in the float32 steps that upstream takes.
fn middle(from: f32, to: f32) -> f32 {
    from + 0.5 * (to - from)
}
