//! Vocos on CPU kernels: the same network as [`Vocos`](super::Vocos), with packed weights and every
//! position on its own thread. In float32: magnitudes are exponentials of what comes out, and the layers
//! are small beside those that made the spectrogram.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use f5_core::{
    mel::MelSpec,
    weights::{Checkpoint, WeightsError},
};
use f5_kernels::{
    Buffer, ChannelScale, ConvNext, Cpu, F32, Kernel, Linear, Pool, Shelf, rows, share, transpose,
};
use rayon::prelude::*;

use super::{IstftHead, VocosConfig, open};
use crate::{Error, Result, Vocoder, vocoder::check_waves};

/// Frames that every convolution sees.
const KERNEL_SIZE: usize = 7;
const EPSILON: f32 = 1e-6;

/// The vocoder of the released models, for processors.
#[derive(Debug)]
pub struct CpuVocos {
    embed: Linear<F32>,
    norm: Norm,
    convnext: Vec<ConvNext<F32>>,
    final_layer_norm: Norm,
    out: Linear<F32>,
    head: IstftHead,
    mel_spec: MelSpec,
    device: Device,
    pool: Pool,
}

#[derive(Debug)]
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// Memory of one task.
#[derive(Debug, Default)]
struct Scratch {
    operand: Buffer<f32>,
    products: Buffer<f32>,
}

impl CpuVocos {
    /// Loads a safetensors file of upstream's tensor names; waveforms are given out on `device`.
    ///
    /// # Errors
    ///
    /// As [`Vocos::load`](super::Vocos::load).
    pub fn load(
        path: impl AsRef<Path>,
        config: &VocosConfig,
        device: &Device,
        cpu: Cpu,
        pool: Pool,
    ) -> Result<Self> {
        let checkpoint = open(path.as_ref())?;
        let reference = super::Vocos::new(config, device)?;
        checkpoint.check(&f5_weights::expected(&reference, str::to_owned))?;
        let reader = Reader {
            checkpoint,
            kernel: F32(cpu),
        };
        Ok(Self {
            embed: reader.embed()?,
            norm: reader.norm("backbone.norm")?,
            convnext: (0..config.num_layers)
                .map(|index| reader.block(index))
                .collect::<Result<_, WeightsError>>()?,
            final_layer_norm: reader.norm("backbone.final_layer_norm")?,
            out: reader.linear("head.out")?,
            head: reference.head,
            mel_spec: config.mel_spec(),
            device: device.clone(),
            pool,
        })
    }

    /// The projection of `mel`, `[n_mels, frames]`: log-magnitudes and phases, `[frames, n_fft + 2]`.
    fn project(&self, mel: &[f32], frames: usize) -> Vec<f32> {
        let (bands, dim, width) = (mel.len() / frames, self.embed.outputs(), self.out.outputs());
        let margin = KERNEL_SIZE / 2 * bands;
        let mut padded = vec![0.0; frames * bands + 2 * margin];
        for (frame, out) in padded[margin..]
            .chunks_exact_mut(bands)
            .take(frames)
            .enumerate()
        {
            for (band, out) in out.iter_mut().enumerate() {
                *out = mel[band * frames + frame];
            }
        }
        let share = share(frames, self.pool.threads());
        let shelf = Shelf::<Scratch>::default();
        let kernel = self.embed.kernel();
        let mut x = vec![0.0; frames * dim];
        self.pool
            .each(x.par_chunks_mut(share * dim).enumerate(), |(task, x)| {
                shelf.with(|s| {
                    let window =
                        kernel.window(&padded[task * share * bands..], x.len() / dim, bands);
                    s.operand.grow(x.len());
                    self.embed.write(window, &mut s.products, &mut s.operand);
                    self.norm.apply(kernel.cpu(), &s.operand, x);
                });
            });
        for block in &self.convnext {
            block.forward(&self.pool, &mut x);
        }
        let mut projected = vec![0.0; frames * width];
        let tasks = projected
            .par_chunks_mut(share * width)
            .zip(x.par_chunks(share * dim));
        self.pool.each(tasks, |(out, x)| {
            shelf.with(|s| {
                s.operand.grow(x.len());
                self.final_layer_norm.apply(kernel.cpu(), x, &mut s.operand);
                let operand = kernel.dense(&s.operand, x.len() / dim, dim);
                self.out.write(operand, &mut s.products, out);
            });
        });
        projected
    }
}

impl Norm {
    /// Normalises the rows of `x` into `out`.
    fn apply(&self, cpu: Cpu, x: &[f32], out: &mut [f32]) {
        let dim = self.weight.len();
        for (x, out) in x.chunks_exact(dim).zip(out.chunks_exact_mut(dim)) {
            rows::layer_norm(cpu, x, EPSILON, &self.weight, &self.bias, out);
        }
    }
}

impl Vocoder for CpuVocos {
    fn mel_spec(&self) -> &MelSpec {
        &self.mel_spec
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn samples_for(&self, frames: usize) -> usize {
        self.head.samples_for(frames)
    }

    fn decode(&self, mel: Tensor<3>) -> Result<Tensor<2>> {
        let [batch, bands, frames] = mel.dims();
        self.head.check(mel.dims(), self.mel_spec.n_mel_channels)?;
        let mel: Vec<f32> = mel
            .try_into_vec_as()
            .map_err(|source| Error::Device(Box::new(source)))?;
        let mut waves = Vec::with_capacity(batch * self.samples_for(frames));
        for mel in mel.chunks_exact(bands * frames) {
            let projected = self.project(mel, frames);
            waves.extend(self.pool.run(|| self.head.synthesize(&projected, frames)));
        }
        let samples = self.samples_for(frames);
        check_waves(&waves, samples)?;
        Ok(Tensor::from_data(
            TensorData::new(waves, [batch, samples]),
            &self.device,
        ))
    }
}

/// Reads tensors of one checkpoint.
struct Reader {
    checkpoint: Checkpoint,
    kernel: F32,
}

impl Reader {
    fn tensor(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        self.checkpoint.tensor_f32(name)
    }

    fn norm(&self, name: &str) -> Result<Norm, WeightsError> {
        Ok(Norm {
            weight: self.tensor(&format!("{name}.weight"))?,
            bias: self.tensor(&format!("{name}.bias"))?,
        })
    }

    fn linear(&self, name: &str) -> Result<Linear<F32>, WeightsError> {
        let (weight, bias) = (
            self.tensor(&format!("{name}.weight"))?,
            self.tensor(&format!("{name}.bias"))?,
        );
        Ok(Linear::new(
            self.kernel,
            &weight,
            weight.len() / bias.len(),
            bias,
        ))
    }

    /// The first convolution as a product over windows of neighbouring frames.
    fn embed(&self) -> Result<Linear<F32>, WeightsError> {
        let (weight, bias) = (
            self.tensor("backbone.embed.weight")?,
            self.tensor("backbone.embed.bias")?,
        );
        let inputs = weight.len() / bias.len();
        let turned: Vec<f32> = weight
            .chunks_exact(inputs)
            .flat_map(|output| transpose(output, KERNEL_SIZE))
            .collect();
        Ok(Linear::new(self.kernel, &turned, inputs, bias))
    }

    fn block(&self, index: usize) -> Result<ConvNext<F32>, WeightsError> {
        let name = |part: &str| format!("backbone.convnext.{index}.{part}");
        let norm = self.norm(&name("norm"))?;
        Ok(ConvNext {
            taps: transpose(&self.tensor(&name("dwconv.weight"))?, KERNEL_SIZE),
            tap_bias: self.tensor(&name("dwconv.bias"))?,
            norm_weight: norm.weight,
            norm_bias: norm.bias,
            pwconv1: self.linear(&name("pwconv1"))?,
            pwconv2: self.linear(&name("pwconv2"))?,
            scale: ChannelScale::Layer(self.tensor(&name("gamma"))?),
        })
    }
}
