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
    BackboneConfig,
    cfm::Cfm,
    cpu::{Cpu, Pool, Precision},
};
use f5_runtime::device::DevicePreference;
use f5_vocoder::{Vocoder, VocoderConfig};
use serde::Serialize;

use crate::{
    cache::{WeightCache, WeightKey},
    device::DeviceReport,
    error::{Repr, Result},
};

/// Backbone and vocoder on one device.
#[derive(Debug)]
pub(crate) struct Networks {
    pub(crate) cfm: Cfm,
    pub(crate) vocoder: Arc<dyn Vocoder>,
    pub(crate) device: DevicePreference,
    /// Precision and instruction set, where the fused CPU engine computes the backbone.
    pub(crate) kernels: Option<String>,
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

/// Who computes when the device is the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CpuEngine {
    /// The fused kernels of `f5-kernels`: several times faster. They know F5-TTS and E2-TTS; `MMDiT`
    /// is computed by Burn all the same, and [`Report::kernels`](crate::Report::kernels) says so.
    #[default]
    Fused,
    /// Burn's own CPU backend, which runs the same network as GPUs do: the reference.
    Burn,
}

/// How a processor computes.
#[derive(Debug, Clone, Default)]
pub(crate) struct CpuChoice {
    pub(crate) engine: CpuEngine,
    pub(crate) precision: Precision,
    pub(crate) threads: Option<usize>,
}

/// The fused CPU engine, set up.
struct Fused {
    cpu: Cpu,
    pool: Pool,
    precision: Precision,
}

impl CpuChoice {
    /// What computes on `device`: the fused kernels, or Burn when `None`.
    fn fused(&self, device: DevicePreference) -> Result<Option<Fused>> {
        if device != DevicePreference::Cpu || self.engine == CpuEngine::Burn {
            return Ok(None);
        }
        Ok(Some(Fused {
            cpu: Cpu::detect().map_err(|error| Repr::Cpu(Box::new(error)))?,
            pool: Pool::new(self.threads).map_err(|error| Repr::Cpu(Box::new(error)))?,
            precision: self.precision,
        }))
    }
}

impl Fused {
    /// Precision and instruction set.
    fn name(&self) -> String {
        let numbers = if self.precision.is_bf16(self.cpu) {
            "bf16"
        } else {
            "f32"
        };
        format!("{numbers} {}", self.cpu.isa())
    }
}

/// What the networks are made from; kept so that they can be made again on another device.
#[derive(Debug)]
pub(crate) struct NetworkFiles {
    pub(crate) checkpoint: PathBuf,
    pub(crate) arch: BackboneConfig,
    pub(crate) vocab_size: usize,
    pub(crate) vocoder_file: PathBuf,
    pub(crate) vocoder: VocoderConfig,
    pub(crate) mel_spec: MelSpec,
    pub(crate) cpu: CpuChoice,
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
        let _span = tracing::info_span!("f5.load", device = %name, bytes = self.bytes()).entered();
        let fused = self.cpu.fused(name)?;
        let numbers = fused.as_ref().map(Fused::name);
        let threads = self.cpu.threads;
        let kernels = numbers.clone().filter(|_| self.arch.has_cpu_kernels());
        let numbers = format!("{numbers:?} {threads:?}");
        // The small file first: a vocoder of the wrong kind is told before gigabytes are read.
        let (file, config) = (&self.vocoder_file, &self.vocoder);
        let key = WeightKey::new(file, name, format!("{numbers} {config:?}"))?;
        let (vocoder, shared_vocoder) = self.weights.vocoder(key, || {
            Ok(Arc::from(match &fused {
                Some(fused) => {
                    let (precision, cpu, pool) = (fused.precision, fused.cpu, fused.pool.clone());
                    config.load_cpu(file, device, precision, cpu, pool)?
                }
                None => config.load(file, device)?,
            }))
        })?;
        vocoder.check_mel_spec(&self.mel_spec)?;
        let (file, arch, vocab_size) = (&self.checkpoint, &self.arch, self.vocab_size);
        let key = WeightKey::new(file, name, format!("{numbers} {vocab_size} {arch:?}"))?;
        let (backbone, shared_backbone) = self.weights.backbone(key, || {
            Ok(match &fused {
                Some(fused) => {
                    let (precision, cpu, pool) = (fused.precision, fused.cpu, fused.pool.clone());
                    arch.load_cpu(file, vocab_size, device, precision, cpu, pool)?
                }
                None => arch.load(file, vocab_size, device)?,
            }
            .into())
        })?;
        let read = |shared: bool, path| if shared { 0 } else { length(path) };
        Ok(Networks {
            cfm: Cfm::new(backbone),
            vocoder,
            device: name,
            kernels,
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
