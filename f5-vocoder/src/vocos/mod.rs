//! Vocos: a ConvNeXt network that predicts magnitude and phase of every frame, and an inverse
//! Fourier transform ([paper](https://arxiv.org/abs/2306.00814), upstream package `vocos` 0.1.0).
//!
//! Reading order: [`VocosConfig`], [`VocosBackbone`], [`IstftHead`], then [`Vocos`], which joins them.

mod backbone;
mod config;
mod cpu;
mod head;

use std::path::Path;

use burn::{
    module::Module,
    tensor::{DType, Device, Tensor, TensorData},
};
use f5_core::{mel::MelSpec, weights::Checkpoint};

pub use backbone::{ConvNeXtBlock, VocosBackbone};
pub use config::{Padding, VocosConfig};
pub use cpu::CpuVocos;
pub use head::IstftHead;

use crate::{Result, Vocoder, vocoder::check_waves};

/// The vocoder of the released F5-TTS and E2-TTS models (upstream `Vocos`).
///
/// Fields are named as in the checkpoint.
#[derive(Module, Debug)]
pub struct Vocos {
    /// From mel frames to features.
    pub backbone: VocosBackbone,
    /// From features to samples.
    pub head: IstftHead,
    #[module(skip)]
    mel_spec: MelSpec,
}

impl Vocos {
    /// Loads a safetensors file of upstream's tensor names, or with feature `pickle` upstream's own
    /// `pytorch_model.bin`, to `device`.
    ///
    /// The window of the inverse transform and the whole feature extractor are computed here, so
    /// the file may hold them or not.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) if `config` describes no network, [`Error::Weights`](crate::Error::Weights)
    /// if the checkpoint cannot be read or does not fit it.
    pub fn load(path: impl AsRef<Path>, config: &VocosConfig, device: &Device) -> Result<Self> {
        let network = Self::new(config, device)?;
        let checkpoint = open(path.as_ref())?;
        Ok(f5_weights::load(network, checkpoint, str::to_owned)?)
    }

    /// A network of the sizes in `config`, to be filled by a checkpoint.
    fn new(config: &VocosConfig, device: &Device) -> Result<Self> {
        config.validate()?;
        Ok(Self {
            backbone: VocosBackbone::new(config, device),
            head: IstftHead::new(config, device),
            mel_spec: config.mel_spec(),
        })
    }
}

/// A checkpoint without what is computed here.
fn open(path: &Path) -> Result<Checkpoint> {
    Ok(f5_weights::open(path)?
        .ignore(|name| name == "head.istft.window" || name.starts_with("feature_extractor.")))
}

impl Vocoder for Vocos {
    fn mel_spec(&self) -> &MelSpec {
        &self.mel_spec
    }

    fn device(&self) -> Device {
        self.head.out.weight.lazy_device()
    }

    fn samples_for(&self, frames: usize) -> usize {
        self.head.samples_for(frames)
    }

    fn decode(&self, mel: Tensor<3>) -> Result<Tensor<2>> {
        let [batch, _, frames] = mel.dims();
        self.head.check(mel.dims(), self.mel_spec.n_mel_channels)?;
        let device = self.device();
        let features = self
            .backbone
            .forward(mel.to_device(&device).cast(DType::F32));
        let waves = self.head.forward(features)?;
        let samples = self.samples_for(frames);
        check_waves(&waves, samples)?;
        Ok(Tensor::from_data(
            TensorData::new(waves, [batch, samples]),
            &device,
        ))
    }
}
