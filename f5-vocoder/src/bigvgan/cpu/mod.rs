//! BigVGAN on CPU kernels: the same network as [`BigVgan`](super::BigVgan). Samples are rows, channels lie
//! side by side, and every convolution is a product of packed weights with a window that slides over
//! the rows, so that nothing is unfolded. Each one runs tile by tile, together with the activation
//! before it: what the activation gives is multiplied while it is in cache.
//!
//! | file | what |
//! |---|---|
//! | `conv` | dilated and transposed convolutions of rows |
//! | `load` | from the checkpoint to packed layers |

mod conv;
mod load;

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use f5_core::mel::MelSpec;
use f5_kernels::{Kernel, Pool, Shelf, Snake};
use rayon::prelude::*;

use super::BigVganConfig;
use crate::{
    Error, Result, Vocoder,
    vocoder::{check_mel, check_waves},
};
use conv::{Conv, Scratch, Upsample};

/// The vocoder of `F5TTS_Base_bigvgan`, for processors, over the packed weights of one kernel.
#[derive(Debug)]
pub struct CpuBigVgan<K: Kernel> {
    conv_pre: Conv<K>,
    stages: Vec<Stage<K>>,
    activation_post: Snake,
    conv_post: Conv<K>,
    use_tanh_at_final: bool,
    mel_spec: MelSpec,
    device: Device,
    pool: Pool,
}

/// A transposed convolution and the residual blocks after it.
#[derive(Debug)]
struct Stage<K: Kernel> {
    up: Upsample<K>,
    blocks: Vec<Vec<Residue<K>>>,
}

/// What a residual block adds for one dilation.
#[derive(Debug)]
struct Residue<K: Kernel> {
    activations: [Snake; 2],
    convs: [Conv<K>; 2],
}

/// Memory of all tasks.
type Tasks<K> = Shelf<Scratch<<K as Kernel>::Element>>;

impl<K: Kernel> CpuBigVgan<K> {
    /// Loads a checkpoint of upstream's tensor names and packs its weights for `kernel`; waveforms are
    /// given out on `device`.
    ///
    /// # Errors
    ///
    /// As [`BigVgan::load`](super::BigVgan::load).
    pub fn load(
        path: impl AsRef<Path>,
        config: &BigVganConfig,
        device: &Device,
        kernel: K,
        pool: Pool,
    ) -> Result<Self> {
        load::load(path.as_ref(), config, device, kernel, pool)
    }

    /// The waveform of `mel`, `[n_mels, frames]`.
    fn speak(&self, mel: &[f32], frames: usize) -> Vec<f32> {
        let tasks = Tasks::<K>::default();
        let mel = f5_kernels::transpose(mel, frames);
        let mut x = vec![0.0; frames * self.conv_pre.outputs()];
        self.convolve(&self.conv_pre, None, &mel, &mut x, &tasks, copy);
        for stage in &self.stages {
            x = self.stage(stage, &x, &tasks);
        }
        let activation = &self.activation_post;
        let mut wave = vec![0.0; x.len() / activation.channels()];
        self.convolve(
            &self.conv_post,
            Some(activation),
            &x,
            &mut wave,
            &tasks,
            copy,
        );
        for sample in &mut wave {
            *sample = match self.use_tanh_at_final {
                true => sample.tanh(),
                false => sample.clamp(-1.0, 1.0),
            };
        }
        wave
    }

    fn stage(&self, stage: &Stage<K>, x: &[f32], tasks: &Tasks<K>) -> Vec<f32> {
        let x = self.upsample(&stage.up, x, tasks);
        let factor = 1.0 / stage.blocks.len() as f32;
        let mut mean = vec![0.0; x.len()];
        let (mut branch, mut inner) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        for block in &stage.blocks {
            branch.copy_from_slice(&x);
            for Residue { activations, convs } in block {
                let [first, second] = activations;
                self.convolve(&convs[0], Some(first), &branch, &mut inner, tasks, copy);
                self.convolve(&convs[1], Some(second), &inner, &mut branch, tasks, add);
            }
            for (mean, branch) in mean.iter_mut().zip(&branch) {
                *mean += branch * factor;
            }
        }
        mean
    }

    /// The convolution of `activation(x)`, brought to `out` by `finish`.
    fn convolve(
        &self,
        conv: &Conv<K>,
        activation: Option<&Snake>,
        x: &[f32],
        out: &mut [f32],
        tasks: &Tasks<K>,
        finish: impl Fn(&mut [f32], &[f32]) + Sync,
    ) {
        let width = conv.outputs();
        let tile = conv.tile(out.len() / width, self.pool.threads());
        let tiles = out.par_chunks_mut(tile * width).enumerate();
        self.pool.each(tiles, |(index, out)| {
            let first = index * tile;
            let rows = first..first + out.len() / width;
            tasks.with(|scratch| {
                conv.forward(activation, x, rows, scratch, |at, values| {
                    finish(&mut out[at..][..values.len()], values);
                });
            });
        });
    }

    fn upsample(&self, up: &Upsample<K>, x: &[f32], tasks: &Tasks<K>) -> Vec<f32> {
        let positions = x.len() / up.channels();
        let tile = up.tile(positions, self.pool.threads());
        let mut out = vec![0.0; positions * up.outputs()];
        let tiles = out.par_chunks_mut(tile * up.outputs()).enumerate();
        self.pool.each(tiles, |(index, out)| {
            let first = index * tile;
            let rows = first..first + out.len() / up.outputs();
            tasks.with(|scratch| up.forward(x, rows, scratch, out));
        });
        out
    }
}

fn copy(out: &mut [f32], values: &[f32]) {
    out.copy_from_slice(values);
}

fn add(out: &mut [f32], values: &[f32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += value;
    }
}

impl<K: Kernel> Vocoder for CpuBigVgan<K> {
    fn mel_spec(&self) -> &MelSpec {
        &self.mel_spec
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn samples_for(&self, frames: usize) -> usize {
        frames * self.mel_spec.hop_length
    }

    fn decode(&self, mel: Tensor<3>) -> Result<Tensor<2>> {
        let [batch, bands, frames] = mel.dims();
        check_mel(mel.dims(), self.mel_spec.n_mel_channels, 1)?;
        let mel: Vec<f32> = mel
            .try_into_vec_as()
            .map_err(|source| Error::Device(Box::new(source)))?;
        let samples = self.samples_for(frames);
        let mut waves = Vec::with_capacity(batch * samples);
        for mel in mel.chunks_exact(bands * frames) {
            waves.extend(self.speak(mel, frames));
        }
        check_waves(&waves, samples)?;
        Ok(Tensor::from_data(
            TensorData::new(waves, [batch, samples]),
            &self.device,
        ))
    }
}
