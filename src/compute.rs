//! Who computes: Burn on any device, or the fused kernels on a processor.

use std::{path::Path, sync::Arc};

use burn::tensor::Device;
use f5_model::{
    Dit, ModelConfig,
    cfm::Backbone,
    cpu::{self, Cpu, Pool, Precision},
};
use f5_runtime::device::DevicePreference;
use f5_vocoder::{Vocoder, VocoderConfig};

use crate::error::{Repr, Result};

/// Who computes when the device is the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CpuEngine {
    /// The fused kernels of `f5-kernels`: several times faster.
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

/// A model and its vocoder, loaded.
pub(crate) struct Networks {
    pub(crate) backbone: Arc<dyn Backbone>,
    pub(crate) vocoder: Box<dyn Vocoder>,
    /// Precision and instruction set, where the fused kernels compute.
    pub(crate) kernels: Option<String>,
}

/// Where the weights lie and what they are.
pub(crate) struct Files<'a> {
    pub(crate) config: &'a ModelConfig,
    pub(crate) vocab_size: usize,
    pub(crate) checkpoint: &'a Path,
    pub(crate) vocoder: &'a VocoderConfig,
    pub(crate) vocoder_file: &'a Path,
}

impl CpuChoice {
    /// Loads both networks to `device`; the small one first, so that a vocoder of the wrong kind is told
    /// before gigabytes are read.
    pub(crate) fn load(
        &self,
        files: &Files<'_>,
        device: &Device,
        chosen: DevicePreference,
    ) -> Result<Networks> {
        let Files {
            config,
            vocab_size,
            checkpoint,
            vocoder_file,
            ..
        } = *files;
        if chosen != DevicePreference::Cpu || self.engine == CpuEngine::Burn {
            let vocoder = files.vocoder.load(vocoder_file, device)?;
            vocoder.check_mel_spec(&config.mel_spec)?;
            let dit = Dit::load(checkpoint, &config.arch, vocab_size, device)?;
            return Ok(Networks {
                backbone: Arc::new(dit),
                vocoder,
                kernels: None,
            });
        }
        let cpu = Cpu::detect().map_err(|error| Repr::Cpu(Box::new(error)))?;
        let pool = Pool::new(self.threads).map_err(|error| Repr::Cpu(Box::new(error)))?;
        let vocoder = files
            .vocoder
            .load_cpu(vocoder_file, device, cpu, pool.clone())?;
        vocoder.check_mel_spec(&config.mel_spec)?;
        let precision = self.precision;
        let backbone = cpu::load(
            checkpoint,
            &config.arch,
            vocab_size,
            device,
            precision,
            cpu,
            pool,
        )?;
        let numbers = if precision.is_bf16(cpu) {
            "bf16"
        } else {
            "f32"
        };
        Ok(Networks {
            backbone: backbone.into(),
            vocoder,
            kernels: Some(format!("{numbers} {}", cpu.isa())),
        })
    }
}
