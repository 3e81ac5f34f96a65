//! What the sampler is asked for, and whether it makes sense.

use f5_core::mel::Mel;

use super::{Backbone, BatchMasking, OdeMethod, guidance::NO_GUIDANCE, schedule::check_steps};
use crate::{Result, SampleError};

/// Longest sample that upstream allows, in frames (`max_duration`).
const MAX_DURATION: usize = 65_536;

/// How to sample (upstream's arguments of `CFM.sample`, with the defaults of its `infer`).
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingParams {
    /// Steps from noise to speech.
    pub nfe_steps: usize,
    /// Strength of classifier-free guidance; 0 halves the work.
    pub cfg_strength: f32,
    /// Moves steps towards the noise (negative) or the speech (positive); `None` leaves them.
    pub sway_sampling_coef: Option<f32>,
    /// How a step follows the velocity.
    pub ode_method: OdeMethod,
    /// Whether the pruned schedules are used where one is known.
    pub use_epss: bool,
    /// Speak without hearing the reference.
    pub no_ref_audio: bool,
    /// How rows of different lengths share a batch.
    pub batch_masking: BatchMasking,
}

impl Default for SamplingParams {
    fn default() -> Self {
        Self {
            nfe_steps: 32,
            cfg_strength: 2.0,
            sway_sampling_coef: Some(-1.0),
            ode_method: OdeMethod::Euler,
            use_epss: true,
            no_ref_audio: false,
            batch_masking: BatchMasking::Exact,
        }
    }
}

impl SamplingParams {
    /// Whether the unconditional branch is evaluated.
    #[must_use]
    pub fn is_guided(&self) -> bool {
        self.cfg_strength >= NO_GUIDANCE
    }

    /// Refuses parameters that no sample can be drawn with.
    ///
    /// # Errors
    ///
    /// [`SampleError`] with the parameter and its value.
    pub fn validate(&self) -> Result<(), SampleError> {
        check_steps(self.nfe_steps)?;
        if !(self.cfg_strength.is_finite() && self.cfg_strength >= 0.0) {
            return Err(SampleError::Parameter {
                name: "cfg_strength",
                value: self.cfg_strength,
                expected: "0 or a positive number",
            });
        }
        match self.sway_sampling_coef {
            Some(value) if !value.is_finite() => Err(SampleError::Parameter {
                name: "sway_sampling_coef",
                value,
                expected: "a finite number",
            }),
            _ => Ok(()),
        }
    }
}

/// One sample of a batch.
#[derive(Debug, Clone, Copy)]
pub struct SampleRow<'a> {
    /// Reference mel, `[ref_frames, n_mels]`.
    pub cond: &'a Mel,
    /// Token ids of reference text and text to speak.
    pub text: &'a [i32],
    /// Frames in all, reference included; see [`total_frames`].
    pub duration: usize,
    /// Standard normal noise, row-major `[duration, n_mels]`.
    pub noise: &'a [f32],
    /// Which reference frames are kept; all when `None`. The others are spoken anew.
    pub edit_mask: Option<&'a [bool]>,
}

impl SampleRow<'_> {
    /// Copies the kept reference frames to the start of `out`, row-major `[frames, n_mels]`.
    pub(super) fn copy_reference(&self, n_mels: usize, out: &mut [f32]) {
        let frames = self
            .cond
            .data()
            .chunks_exact(n_mels)
            .zip(out.chunks_exact_mut(n_mels));
        for (index, (from, to)) in frames.enumerate() {
            if self.keeps(index) {
                to.copy_from_slice(from);
            }
        }
    }

    /// Zeroes the kept reference frames, which is what stands there without reference audio.
    pub(super) fn zero_reference(&self, n_mels: usize, out: &mut [f32]) {
        for (index, frame) in out
            .chunks_exact_mut(n_mels)
            .take(self.cond.frames())
            .enumerate()
        {
            if self.keeps(index) {
                frame.fill(0.0);
            }
        }
    }

    fn keeps(&self, frame: usize) -> bool {
        self.edit_mask.is_none_or(|mask| mask[frame])
    }
}

/// The frames a sample gets: what was asked for, but at least one more than there are tokens or
/// reference frames, so that something is spoken (upstream's clamp in `CFM.sample`).
#[must_use]
pub fn total_frames(tokens: usize, ref_frames: usize, requested: usize) -> usize {
    (tokens.max(ref_frames) + 1)
        .max(requested)
        .min(MAX_DURATION)
}

pub(super) fn validate_rows(rows: &[SampleRow<'_>], backbone: &dyn Backbone) -> Result<()> {
    if rows.is_empty() {
        return Err(SampleError::EmptyBatch.into());
    }
    let (n_mels, vocab_size) = (backbone.n_mels(), backbone.vocab_size());
    for (row, sample) in rows.iter().enumerate() {
        let length = |what, expected, got| SampleError::Length {
            row,
            what,
            expected,
            got,
        };
        if sample.text.is_empty() {
            return Err(SampleError::NoText { row }.into());
        }
        let outside = |&id: &i32| usize::try_from(id).map_or(true, |id| id >= vocab_size);
        if let Some(index) = sample.text.iter().position(outside) {
            return Err(SampleError::TokenId {
                row,
                index,
                id: sample.text[index],
                vocab_size,
            }
            .into());
        }
        if sample.cond.n_mels() != n_mels {
            return Err(length("a reference frame", n_mels, sample.cond.n_mels()).into());
        }
        let least = total_frames(sample.text.len(), sample.cond.frames(), 0);
        if sample.duration < least {
            return Err(length("the sample in frames", least, sample.duration).into());
        }
        if let Some(limit) = backbone
            .max_frames()
            .filter(|&limit| sample.duration > limit)
        {
            return Err(SampleError::TooManyFrames {
                row,
                frames: sample.duration,
                limit,
            }
            .into());
        }
        if sample.noise.len() != sample.duration * n_mels {
            return Err(length("noise", sample.duration * n_mels, sample.noise.len()).into());
        }
        if let Some(mask) = sample
            .edit_mask
            .filter(|mask| mask.len() != sample.cond.frames())
        {
            return Err(length("edit_mask", sample.cond.frames(), mask.len()).into());
        }
    }
    Ok(())
}
