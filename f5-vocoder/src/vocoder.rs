//! What every vocoder can do, and the configuration that picks one.

use std::{fmt::Debug, path::Path};

use burn::tensor::{Device, Tensor};
use f5_core::mel::MelSpec;
use f5_kernels::{Bf16, Cpu, F32, Pool, Precision};
use serde::{Deserialize, Serialize};

use crate::{BigVgan, BigVganConfig, CpuBigVgan, CpuVocos, Error, Result, Vocos, VocosConfig};

/// Turns log-mel spectrograms into waveforms.
pub trait Vocoder: Debug + Send + Sync {
    /// The mel front end that the vocoder was trained with.
    fn mel_spec(&self) -> &MelSpec;

    /// Where the vocoder's weights are.
    fn device(&self) -> Device;

    /// Samples that [`decode`](Self::decode) makes of `frames` frames.
    fn samples_for(&self, frames: usize) -> usize;

    /// Speaks a batch of spectrograms of equal length.
    ///
    /// A spectrogram on another device is moved to the vocoder's. The waveform is not clipped to
    /// `-1.0..=1.0`.
    ///
    /// # Shapes
    ///
    /// - `mel`: `[batch, n_mels, frames]`, natural logarithm of mel magnitudes
    /// - output: `[batch, samples]`, on the vocoder's device
    ///
    /// # Errors
    ///
    /// [`Error::EmptyBatch`], [`Error::MelBands`] and [`Error::TooFewFrames`] for a spectrogram of
    /// the wrong shape, [`Error::NotFinite`] if it (or a weight) drives the waveform out of range,
    /// [`Error::Device`] if the device fails.
    fn decode(&self, mel: Tensor<3>) -> Result<Tensor<2>>;

    /// Makes sure that a model's spectrograms are the ones that this vocoder understands.
    ///
    /// Front ends differ in filterbank, scale and padding; a vocoder that hears another one's
    /// spectrograms answers with noise, not with an error.
    ///
    /// # Errors
    ///
    /// [`Error::MelSpec`] if any field differs.
    fn check_mel_spec(&self, mel_spec: &MelSpec) -> Result<()> {
        if self.mel_spec() == mel_spec {
            return Ok(());
        }
        Err(Error::MelSpec {
            expected: Box::new(self.mel_spec().clone()),
            got: Box::new(mel_spec.clone()),
        })
    }
}

/// The `vocoder` block of a model's configuration file; its `kind` says which vocoder it is.
///
/// ```
/// use f5_vocoder::{VocoderConfig, VocosConfig};
///
/// let json = r#"{ "kind": "vocos", "dim": 512, "padding": "center" }"#;
/// let config: VocoderConfig = serde_json::from_str(json)?;
/// assert_eq!(config, VocoderConfig::Vocos(VocosConfig::mel_24khz()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum VocoderConfig {
    /// A [`Vocos`].
    Vocos(VocosConfig),
    /// A [`BigVgan`].
    BigVgan(BigVganConfig),
}

impl VocoderConfig {
    /// Loads the vocoder from a safetensors file of its released tensor names to `device`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the configuration describes no vocoder, [`Error::Weights`] if the
    /// checkpoint cannot be read or does not fit it.
    pub fn load(&self, path: impl AsRef<Path>, device: &Device) -> Result<Box<dyn Vocoder>> {
        match self {
            Self::Vocos(config) => Ok(Box::new(Vocos::load(path, config, device)?)),
            Self::BigVgan(config) => Ok(Box::new(BigVgan::load(path, config, device)?)),
        }
    }

    /// As [`load`](Self::load), on the processor's own kernels, with the threads of `pool`; waveforms are
    /// given out on `device`. BigVGAN computes in bf16 where `precision` says so by name, not with
    /// [`Precision::Auto`]: rounding is heard as noise. Vocos always computes in float32: magnitudes are
    /// exponentials of what comes out, and its layers are small.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_cpu(
        &self,
        path: impl AsRef<Path>,
        device: &Device,
        precision: Precision,
        cpu: Cpu,
        pool: Pool,
    ) -> Result<Box<dyn Vocoder>> {
        match self {
            Self::Vocos(config) => Ok(Box::new(CpuVocos::load(path, config, device, cpu, pool)?)),
            Self::BigVgan(config) if precision == Precision::Bf16 => Ok(Box::new(
                CpuBigVgan::load(path, config, device, Bf16(cpu), pool)?,
            )),
            Self::BigVgan(config) => Ok(Box::new(CpuBigVgan::load(
                path,
                config,
                device,
                F32(cpu),
                pool,
            )?)),
        }
    }
}

/// Makes sure that `[batch, bands, frames]` can be decoded.
pub(crate) fn check_mel(
    [batch, bands, frames]: [usize; 3],
    n_mels: usize,
    min_frames: usize,
) -> Result<()> {
    if batch == 0 {
        return Err(Error::EmptyBatch);
    }
    if bands != n_mels {
        return Err(Error::MelBands {
            expected: n_mels,
            got: bands,
        });
    }
    if frames < min_frames {
        return Err(Error::TooFewFrames {
            needed: min_frames,
            got: frames,
        });
    }
    Ok(())
}

/// Makes sure that waveforms of `samples` samples each are numbers.
pub(crate) fn check_waves(waves: &[f32], samples: usize) -> Result<()> {
    match waves.iter().position(|sample| !sample.is_finite()) {
        Some(at) => Err(Error::NotFinite {
            row: at / samples,
            sample: at % samples,
        }),
        None => Ok(()),
    }
}
