//! Embedding of the flow's time (upstream `TimestepEmbedding`, `SinusPositionEmbedding`).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData, activation::silu},
};

const FREQUENCIES: usize = 128;
const SCALE: f32 = 1000.0;

/// Sines and cosines of the time, then two linear layers around SiLU.
#[derive(Module, Debug)]
pub struct TimestepEmbedding {
    /// `time_mlp.0` of the checkpoint, `[256, dim]`.
    pub time_mlp_0: Linear,
    /// `time_mlp.2` of the checkpoint, `[dim, dim]`.
    pub time_mlp_2: Linear,
}

impl TimestepEmbedding {
    /// An embedding of width `dim`.
    #[must_use]
    pub fn new(dim: usize, device: &Device) -> Self {
        Self {
            time_mlp_0: LinearConfig::new(2 * FREQUENCIES, dim).init(device),
            time_mlp_2: LinearConfig::new(dim, dim).init(device),
        }
    }

    /// Embeds a time between 0 (noise) and 1 (speech) as `[1, dim]`.
    #[must_use]
    pub fn forward(&self, time: f32, device: &Device) -> Tensor<2> {
        let waves = TensorData::new(sinusoid(time), [1, 2 * FREQUENCIES]);
        let waves = Tensor::from_data(waves, device);
        self.time_mlp_2
            .forward(silu(self.time_mlp_0.forward(waves)))
    }
}

/// Sines, then cosines, of `1000 t` at frequencies falling from 1 to 1/10000; on the host, because
/// `1000 t` needs all of float32.
pub(crate) fn sinusoid(time: f32) -> Vec<f32> {
    let step = -(10_000f64.ln() / (FREQUENCIES - 1) as f64) as f32;
    let angles = (0..FREQUENCIES).map(|k| f64::from(SCALE * time * (k as f32 * step).exp()));
    angles
        .clone()
        .map(|a| a.sin() as f32)
        .chain(angles.map(|a| a.cos() as f32))
        .collect()
}
