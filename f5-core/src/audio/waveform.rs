//! One channel of `f32` samples with their rate: what the engine hears and speaks.

use std::{
    io::{Read, Seek, Write},
    path::Path,
    time::Duration,
};

use hound::{SampleFormat, WavSpec};

use super::{
    AudioError, Pcm, SampleWidth, WavFormat,
    pcm::mix_down,
    resample::SincResampler,
    wav::{self, Wav, WavSamples},
};

/// Mono audio: finite samples, full scale 1, at a known rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    samples: Vec<f32>,
    sample_rate: u32,
}

impl Waveform {
    /// Wraps samples; full scale is 1, larger values are kept.
    ///
    /// # Errors
    ///
    /// [`AudioError::ZeroSampleRate`], or [`AudioError::NotFinite`] with the position of the first
    /// NaN or infinite sample.
    pub fn new(samples: Vec<f32>, sample_rate: u32) -> Result<Self, AudioError> {
        if sample_rate == 0 {
            return Err(AudioError::ZeroSampleRate);
        }
        wav::check_finite(&samples, 1)?;
        Ok(Self {
            samples,
            sample_rate,
        })
    }

    pub(super) fn from_finite(samples: Vec<f32>, sample_rate: u32) -> Self {
        Self {
            samples,
            sample_rate,
        }
    }

    /// Reads a WAV file (8, 16, 24, 32-bit integer or 32-bit float) and takes the mean of its
    /// channels.
    ///
    /// Files are read as they are: sizes that a header leaves open or has wrong are those of the file, and
    /// of one that was cut off the whole frames are read that are there.
    ///
    /// # Errors
    ///
    /// [`AudioError::Read`] if the file cannot be opened, [`AudioError::File`] around any error of
    /// [`Waveform::from_wav_reader`].
    pub fn read_wav(path: impl AsRef<Path>) -> Result<Self, AudioError> {
        wav::with_file(path.as_ref(), Self::from_wav_reader)
    }

    /// Reads a WAV stream; see [`Waveform::read_wav`].
    ///
    /// # Errors
    ///
    /// [`AudioError::NotWav`], [`AudioError::MissingChunk`], [`AudioError::ShortFmt`],
    /// [`AudioError::UnsupportedEncoding`], [`AudioError::UnsupportedBitDepth`],
    /// [`AudioError::ZeroChannels`], [`AudioError::ZeroSampleRate`], [`AudioError::NotFinite`] for a float
    /// WAV with a NaN or infinite sample, or [`AudioError::Stream`] if the reader fails.
    pub fn from_wav_reader(reader: impl Read) -> Result<Self, AudioError> {
        let Wav {
            samples,
            channels,
            sample_rate,
            ..
        } = Wav::read(reader)?;
        let samples = match samples {
            WavSamples::Int { samples, bits } => {
                let scale = 1.0 / (1_u32 << (bits - 1)) as f32;
                mix_down(samples.into_iter().map(|v| v as f32 * scale), channels)
            }
            WavSamples::Float(samples) => mix_down(samples.into_iter(), channels),
        };
        // Again, because the sum of huge channels may overflow.
        Self::new(samples, sample_rate)
    }

    /// Writes a WAV file. The file appears whole or not at all: it is written under a temporary
    /// name in the same folder and then renamed.
    ///
    /// # Errors
    ///
    /// [`AudioError::Write`], or [`AudioError::TooLong`] beyond 4 GiB.
    pub fn write_wav(&self, path: impl AsRef<Path>, format: WavFormat) -> Result<(), AudioError> {
        wav::check_size(self.samples.len(), self.spec(format))?;
        wav::write_file(path.as_ref(), |file| self.encode(file, format))
    }

    /// Writes a WAV stream.
    ///
    /// # Errors
    ///
    /// [`AudioError::Stream`], or [`AudioError::TooLong`] beyond 4 GiB.
    pub fn write_wav_to(
        &self,
        writer: impl Write + Seek,
        format: WavFormat,
    ) -> Result<(), AudioError> {
        wav::check_size(self.samples.len(), self.spec(format))?;
        self.encode(writer, format)
            .map_err(|source| AudioError::Stream { source })
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The samples, given away.
    #[must_use]
    pub fn into_samples(self) -> Vec<f32> {
        self.samples
    }

    /// Samples per second.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Length in time.
    #[must_use]
    pub fn duration(&self) -> Duration {
        duration(self.samples.len(), self.sample_rate)
    }

    /// Root mean square; 0 for an empty waveform.
    #[must_use]
    pub fn rms(&self) -> f32 {
        let sum: f64 = self.samples.iter().map(|&v| f64::from(v).powi(2)).sum();
        (sum / self.samples.len().max(1) as f64).sqrt() as f32
    }

    /// The waveform at another rate, with torchaudio's default resampling filter.
    ///
    /// Builds the filter anew; keep a [`SincResampler`] to convert many clips.
    ///
    /// # Errors
    ///
    /// [`AudioError::ZeroSampleRate`] or [`AudioError::UnsupportedRatio`].
    pub fn resample(&self, to_hz: u32) -> Result<Self, AudioError> {
        if to_hz == self.sample_rate {
            return Ok(self.clone());
        }
        let resampler = SincResampler::new(self.sample_rate, to_hz)?;
        Self::new(resampler.resample(&self.samples), to_hz)
    }

    /// The samples as integers, rounded to nearest and clipped.
    #[must_use]
    pub fn to_pcm(&self, width: SampleWidth) -> Pcm {
        let scale = width.full_scale();
        let (min, max) = (-scale, scale - 1.0);
        let samples = self.samples.iter();
        let samples =
            samples.map(|&v| (f64::from(v) * scale).round_ties_even().clamp(min, max) as i32);
        Pcm::from_valid(samples.collect(), width, 1, self.sample_rate)
    }

    pub(super) fn samples_mut(&mut self) -> &mut [f32] {
        &mut self.samples
    }

    fn encode(&self, writer: impl Write + Seek, format: WavFormat) -> Result<(), hound::Error> {
        let spec = self.spec(format);
        match format {
            WavFormat::Pcm16 => {
                // The cast saturates, which is the clipping wanted here.
                let samples = self
                    .samples
                    .iter()
                    .map(|v| (v * 32_768.0).round_ties_even() as i16);
                wav::encode(writer, spec, samples)
            }
            WavFormat::Float32 => wav::encode(writer, spec, self.samples.iter().copied()),
        }
    }

    fn spec(&self, format: WavFormat) -> WavSpec {
        let (bits_per_sample, sample_format) = match format {
            WavFormat::Pcm16 => (16, SampleFormat::Int),
            WavFormat::Float32 => (32, SampleFormat::Float),
        };
        WavSpec {
            channels: 1,
            sample_rate: self.sample_rate,
            bits_per_sample,
            sample_format,
        }
    }
}

/// How long a number of samples of one channel lasts, in whole nanoseconds.
pub(super) fn duration(samples: usize, sample_rate: u32) -> Duration {
    let rate = u64::from(sample_rate);
    let samples = samples as u64;
    let nanos = (samples % rate) * 1_000_000_000 / rate;
    Duration::new(samples / rate, nanos as u32)
}
