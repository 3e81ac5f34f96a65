//! What a first call would otherwise pay for: kernels that are compiled, memory that is claimed.

use std::time::{Duration, Instant};

use f5_core::{mel::Mel, noise::keyed_normal};
use f5_model::cfm::{SampleRow, SamplingParams};
use f5_runtime::device::DevicePreference;
use serde::Serialize;

use crate::{F5Tts, error::Result, place::Place};

/// Frames that are sampled to warm up, and how many of them stand for the reference.
const FRAMES: usize = 256;
const REFERENCE: usize = 64;

/// What warming up cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WarmUp {
    /// The device that was warmed up.
    pub device: DevicePreference,
    /// Time for one step of the network.
    pub sampling: Duration,
    /// Time for the vocoder.
    pub vocoding: Duration,
}

/// Whether compiled kernels are kept on disk for the next process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KernelCache {
    /// They are, where CubeCL's configuration says.
    On,
    /// The program had configured CubeCL before, without.
    Off,
    /// The device compiles no kernels, or feature `kernel-cache` is not compiled in.
    None,
}

impl F5Tts {
    /// Runs every network once, so that the first call finds kernels compiled and memory claimed.
    /// Nothing is spoken. Worth calling on a GPU; on the processor it costs a step and gains little.
    ///
    /// # Errors
    ///
    /// [`Device`](crate::ErrorKind::Device) and [`OutOfMemory`](crate::ErrorKind::OutOfMemory) if the
    /// device fails and may not be left.
    pub fn warm_up(&self) -> Result<WarmUp> {
        let engine = self.engine();
        let n_mels = engine.config.mel_spec.n_mel_channels;
        let cond = Mel::new(vec![0.0; REFERENCE * n_mels], n_mels);
        let noise = keyed_normal(0, 0, FRAMES * n_mels);
        let row = SampleRow {
            cond: &cond,
            text: &[0; REFERENCE],
            duration: FRAMES,
            noise: &noise,
            edit_mask: None,
        };
        let params = SamplingParams {
            nfe_steps: 1,
            ..SamplingParams::default()
        };
        let mut place = Place::new(engine);
        let (sampling, vocoding) = place.run(0, |networks| {
            let started = Instant::now();
            let sampled = networks
                .cfm
                .sample(&[row], &params, |_| std::ops::ControlFlow::Continue(()))?;
            let sampling = started.elapsed();
            for mel in &sampled {
                networks.vocode(mel)?;
            }
            Ok((sampling, started.elapsed() - sampling))
        })?;
        Ok(WarmUp {
            device: place.device(),
            sampling,
            vocoding,
        })
    }
}

impl KernelCache {
    /// Keeps the kernels of a GPU, unless the program has configured CubeCL itself by now. CubeCL's
    /// configuration belongs to the process and can be given once, before its first device is used.
    #[cfg(all(
        feature = "kernel-cache",
        any(feature = "cuda", feature = "vulkan", feature = "wgpu")
    ))]
    pub(crate) fn switch_on() -> Self {
        use cubecl_runtime::config::{CubeClRuntimeConfig, RuntimeConfig};
        let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
        config.compilation.cache = true;
        let _ = CubeClRuntimeConfig::try_set(config);
        match CubeClRuntimeConfig::get().compilation.cache {
            true => Self::On,
            false => Self::Off,
        }
    }

    #[cfg(not(all(
        feature = "kernel-cache",
        any(feature = "cuda", feature = "vulkan", feature = "wgpu")
    )))]
    pub(crate) fn switch_on() -> Self {
        Self::None
    }
}
