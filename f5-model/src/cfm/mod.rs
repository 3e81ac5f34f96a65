//! Conditional flow matching: from noise to a mel spectrogram (upstream `CFM.sample`;
//! [flow matching](https://arxiv.org/abs/2210.02747), [F5-TTS](https://arxiv.org/abs/2410.06885)).
//!
//! A sample starts as noise `y` at time 0. The network says in which direction speech lies, the
//! velocity `dy/dt`; following it to time 1 in a few steps gives the mel. The four files here are the
//! four questions of that sentence:
//!
//! | file | question |
//! |---|---|
//! | `schedule` | at which times are steps taken? (EPSS tables, sway sampling) |
//! | `field` | what is the velocity at a point and a time? (the seam to the networks) |
//! | `guidance` | how strongly does the text pull? (classifier-free guidance) |
//! | `solver` | how does a step follow the velocity? (Euler, midpoint) |
//!
//! This one puts them together: it lays out the batch, runs the steps, and copies the reference
//! frames back over the result.

mod field;
mod guidance;
mod request;
mod schedule;
mod solver;

use std::{ops::ControlFlow, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use f5_core::mel::Mel;

pub use field::{Backbone, BatchMasking, Conditioning, Velocity, VelocityField};
pub use guidance::guided;
pub use request::{SampleRow, SamplingParams, total_frames};
pub use schedule::{EPSS_STEPS, MAX_STEPS, time_grid};
pub use solver::OdeMethod;

use crate::{Result, SampleError};

/// One finished step, told to the caller of [`Cfm::sample`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Steps finished.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
}

/// The sampler. Cheap to clone; clones share the network.
#[derive(Debug, Clone)]
pub struct Cfm {
    backbone: Arc<dyn Backbone>,
}

impl Cfm {
    /// A sampler that follows `backbone`.
    #[must_use]
    pub fn new(backbone: Arc<dyn Backbone>) -> Self {
        Self { backbone }
    }

    /// The network.
    #[must_use]
    pub fn backbone(&self) -> &dyn Backbone {
        self.backbone.as_ref()
    }

    /// Draws one mel per row, each `[row.duration, n_mels]` with the reference frames copied in.
    ///
    /// Rows of different lengths may share a batch: with [`BatchMasking::Exact`] each comes out as it
    /// would alone. `on_step` hears of every finished step and may stop the run with
    /// [`ControlFlow::Break`].
    ///
    /// # Errors
    ///
    /// [`SampleError`] for parameters out of range, rows that do not fit the network, data of the
    /// wrong size, a result that is not finite, or when `on_step` stopped the run.
    pub fn sample(
        &self,
        rows: &[SampleRow<'_>],
        params: &SamplingParams,
        on_step: impl FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Vec<Mel>> {
        let sampled = self
            .integrate(rows, params, on_step)?
            .try_into_data()
            .map_err(|error| SampleError::Device(Box::new(error)))?
            .try_into_vec::<f32>()
            .map_err(|error| SampleError::Device(Box::new(error)))?;
        let layout = Layout::of(rows, self.backbone.n_mels());
        let mels = rows.iter().enumerate();
        mels.map(|(index, row)| layout.finish(index, row, &sampled, params))
            .collect()
    }

    /// The batch at time 1 as it lies on the device, `[batch, frames, n_mels]`: padding included, the
    /// reference frames not yet copied back.
    ///
    /// # Errors
    ///
    /// As [`sample`](Self::sample).
    pub fn integrate(
        &self,
        rows: &[SampleRow<'_>],
        params: &SamplingParams,
        mut on_step: impl FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Tensor<3>> {
        let backbone = self.backbone.as_ref();
        params.validate()?;
        request::validate_rows(rows, backbone)?;
        let times = time_grid(params.nfe_steps, params.sway_sampling_coef, params.use_epss)?;

        let device = backbone.device();
        let layout = Layout::of(rows, backbone.n_mels());
        let cond = layout.tensor(rows, &device, |row, out| {
            if !params.no_ref_audio {
                row.copy_reference(layout.n_mels, out);
            }
        });
        let mut y = layout.tensor(rows, &device, |row, out| {
            out[..row.noise.len()].copy_from_slice(row.noise);
        });

        let field = backbone.condition(Conditioning {
            cond,
            text: rows.iter().map(|row| row.text.to_vec()).collect(),
            durations: rows.iter().map(|row| row.duration).collect(),
            guided: params.is_guided(),
            batch_masking: params.batch_masking,
            times: params.ode_method.evaluations(&times),
        });
        let velocity =
            |y: &Tensor<3>, time: f32| guided(field.velocity(y, time), params.cfg_strength);
        let total = params.nfe_steps;
        for (step, span) in times.windows(2).enumerate() {
            y = params.ode_method.step(y, span[0], span[1], velocity);
            let done = step + 1;
            // The device may still be working on the step; what is reported is what was asked of it.
            if on_step(Step { done, total }).is_break() && done < total {
                return Err(SampleError::Cancelled { done, total }.into());
            }
        }
        Ok(y)
    }
}

/// How rows lie in a batch `[batch, frames, n_mels]`: each from its first frame, zeros after its last.
struct Layout {
    frames: usize,
    n_mels: usize,
}

impl Layout {
    /// The longest row decides.
    fn of(rows: &[SampleRow<'_>], n_mels: usize) -> Self {
        Self {
            frames: rows.iter().map(|row| row.duration).max().unwrap_or(0),
            n_mels,
        }
    }

    fn tensor(
        &self,
        rows: &[SampleRow<'_>],
        device: &Device,
        fill: impl Fn(&SampleRow<'_>, &mut [f32]),
    ) -> Tensor<3> {
        let mut data = vec![0.0; rows.len() * self.frames * self.n_mels];
        for (row, out) in rows
            .iter()
            .zip(data.chunks_exact_mut(self.frames * self.n_mels))
        {
            fill(row, out);
        }
        Tensor::from_data(
            TensorData::new(data, [rows.len(), self.frames, self.n_mels]),
            device,
        )
    }

    /// Cuts one row out of the sampled batch and puts the kept reference frames back.
    fn finish(
        &self,
        index: usize,
        row: &SampleRow<'_>,
        sampled: &[f32],
        params: &SamplingParams,
    ) -> Result<Mel> {
        let start = index * self.frames * self.n_mels;
        let mut mel = sampled[start..start + row.duration * self.n_mels].to_vec();
        if params.no_ref_audio {
            row.zero_reference(self.n_mels, &mut mel);
        } else {
            row.copy_reference(self.n_mels, &mut mel);
        }
        match mel.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(SampleError::NotFinite {
                row: index,
                frame: at / self.n_mels,
            }
            .into()),
            None => Ok(Mel::new(mel, self.n_mels)),
        }
    }
}
