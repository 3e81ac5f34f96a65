//! The networks of an engine on one device, and the files they are loaded from.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use burn::tensor::{Device, Tensor, TensorData};
use f5_core::mel::{Mel, MelSpec};
use f5_model::{
    Dit, DitConfig,
    cfm::{Backbone, Cfm},
};
use f5_runtime::device::DevicePreference;
use f5_vocoder::{Vocoder, VocoderConfig};
use serde::Serialize;

use crate::{
    cache::{WeightCache, WeightKey},
    device::DeviceReport,
    error::Result,
};

/// Backbone and vocoder on one device.
#[derive(Debug)]
pub(crate) struct Networks {
    pub(crate) cfm: Cfm,
    pub(crate) vocoder: Arc<dyn Vocoder>,
    pub(crate) device: DevicePreference,
    pub(crate) loading: LoadReport,
}

impl Networks {
    /// Speaks a mel.
    pub(crate) fn vocode(&self, mel: &Mel) -> Result<Vec<f32>> {
        let shape = [1, mel.frames(), mel.n_mels()];
        let mel = TensorData::new(mel.data().to_vec(), shape);
        let mel = Tensor::<3>::from_data(mel, &self.vocoder.device()).swap_dims(1, 2);
        let read =
            |error: Box<dyn std::error::Error + Send + Sync>| f5_vocoder::Error::Device(error);
        let wave = self
            .vocoder
            .decode(mel)?
            .try_into_data()
            .map_err(|error| read(Box::new(error)))?;
        Ok(wave
            .try_into_vec::<f32>()
            .map_err(|error| read(Box::new(error)))?)
    }
}

/// How an engine came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EngineReport {
    /// Which device computes, and which ones were refused before it.
    pub device: DeviceReport,
    /// What loading the networks cost.
    pub loading: LoadReport,
}

/// What loading the networks cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LoadReport {
    /// Time from the first byte to networks on the device.
    pub elapsed: Duration,
    /// Size of the files that were read; those of shared networks are not.
    pub bytes: u64,
    /// Whether the backbone is one that a [`WeightCache`] had already.
    pub shared_backbone: bool,
    /// Whether the vocoder is one that a [`WeightCache`] had already.
    pub shared_vocoder: bool,
}

impl LoadReport {
    /// Whether nothing had to be loaded.
    #[must_use]
    pub fn shared(&self) -> bool {
        self.shared_backbone && self.shared_vocoder
    }
}

/// What the networks are made from; kept so that they can be made again on another device.
#[derive(Debug)]
pub(crate) struct NetworkFiles {
    pub(crate) checkpoint: PathBuf,
    pub(crate) arch: DitConfig,
    pub(crate) vocab_size: usize,
    pub(crate) vocoder_file: PathBuf,
    pub(crate) vocoder: VocoderConfig,
    pub(crate) mel_spec: MelSpec,
    pub(crate) weights: WeightCache,
}

impl NetworkFiles {
    /// Bytes of both files: the least that a device must have free.
    pub(crate) fn bytes(&self) -> u64 {
        length(&self.checkpoint) + length(&self.vocoder_file)
    }

    /// Loads both networks; `name` is what `device` is called.
    pub(crate) fn load(&self, device: &Device, name: DevicePreference) -> Result<Networks> {
        let started = Instant::now();
        // The small file first: a vocoder of the wrong kind is told before gigabytes are read.
        let variant = format!("f32 {:?}", self.vocoder);
        let key = WeightKey::new(&self.vocoder_file, name, variant)?;
        let (vocoder, shared_vocoder) = self.weights.vocoder(key, || {
            Ok(Arc::from(self.vocoder.load(&self.vocoder_file, device)?))
        })?;
        vocoder.check_mel_spec(&self.mel_spec)?;
        let variant = format!("f32 {} {:?}", self.vocab_size, self.arch);
        let key = WeightKey::new(&self.checkpoint, name, variant)?;
        let (backbone, shared_backbone) = self.weights.backbone(key, || {
            let dit = Dit::load(&self.checkpoint, &self.arch, self.vocab_size, device)?;
            Ok(Arc::new(dit) as Arc<dyn Backbone>)
        })?;
        let read = |shared: bool, path| if shared { 0 } else { length(path) };
        Ok(Networks {
            cfm: Cfm::new(backbone),
            vocoder,
            device: name,
            loading: LoadReport {
                elapsed: started.elapsed(),
                bytes: read(shared_backbone, &self.checkpoint)
                    + read(shared_vocoder, &self.vocoder_file),
                shared_backbone,
                shared_vocoder,
            },
        })
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
