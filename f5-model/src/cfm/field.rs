//! The seam between the sampler and the networks: a velocity at a point and a time.

use std::fmt::Debug;

use burn::tensor::{Device, Tensor};

/// A network that predicts velocities; [`Dit`](crate::dit::Dit) is the reference implementation.
pub trait Backbone: Debug + Send + Sync {
    /// Mel bands per frame.
    fn n_mels(&self) -> usize;
    /// Tokens of the vocabulary; ids from 0 up to this are allowed.
    fn vocab_size(&self) -> usize;
    /// Longest sample in frames, where there is a limit.
    fn max_frames(&self) -> Option<usize>;
    /// Where the network computes.
    fn device(&self) -> Device;
    /// Does the work that is the same for every step of a sample.
    fn condition<'a>(&'a self, conditioning: Conditioning) -> Box<dyn VelocityField + 'a>;
}

/// A [`Backbone`] that knows what to say in whose voice.
pub trait VelocityField: Debug {
    /// The velocity at `x`, `[batch, frames, n_mels]`, and a time between 0 and 1.
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity;
}

/// What does not change while a batch is sampled.
#[derive(Debug, Clone)]
pub struct Conditioning {
    /// Reference mel, zero where speech is to be made; `[batch, frames, n_mels]`.
    pub cond: Tensor<3>,
    /// Token ids of each row, reference text first.
    pub text: Vec<Vec<i32>>,
    /// Frames of each row; the longest is `frames`.
    pub durations: Vec<usize>,
    /// Whether the unconditional velocity is wanted too.
    pub guided: bool,
    /// How rows of different lengths share the batch.
    pub batch_masking: BatchMasking,
    /// The times at which velocities will be asked for, so that what follows from time alone can be
    /// computed at once; another time may be asked for all the same.
    pub times: Vec<f32>,
}

/// How rows of different lengths share a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BatchMasking {
    /// Padding is invisible: a row comes out as it would alone.
    #[default]
    Exact,
    /// As upstream: texts are encoded at the length of the longest row, and padded frames are attended
    /// to unless the model's `attn_mask_enabled` is set.
    Upstream,
}

impl BatchMasking {
    /// Whether attention must not see padding; `attn_mask_enabled` is the model's own flag.
    pub(crate) fn hides_keys(self, attn_mask_enabled: bool) -> bool {
        self == Self::Exact || attn_mask_enabled
    }
}

/// Velocities of a batch, each `[batch, frames, n_mels]`.
#[derive(Debug, Clone)]
pub struct Velocity {
    /// With reference and text.
    pub conditional: Tensor<3>,
    /// Without either; `None` when no guidance was asked for.
    pub unconditional: Option<Tensor<3>>,
}
