//! Integer PCM with millisecond slicing, the form in which reference audio is cut and joined.
//!
//! The rules (rounding of lengths, positions and loudness) are those of pydub 0.25.1, because the
//! length of a prepared reference decides how long generated speech becomes.

use std::{io::Read, path::Path, time::Duration};

use super::{
    AudioError, Waveform, sync,
    wav::{self, Wav},
    waveform::duration,
};

/// Most samples, over all channels, that a compressed file may become: 256 MiB of a [`Pcm`], 23 minutes of
/// one channel at 48 kHz.
pub const MAX_DECODED_SAMPLES: usize = 1 << 26;

/// Bytes per sample of a [`Pcm`]; ordered by width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SampleWidth {
    /// 8-bit samples, held signed.
    Bits8,
    /// 16-bit samples.
    Bits16,
    /// 32-bit samples.
    Bits32,
}

impl SampleWidth {
    /// Bits per sample.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Bits8 => 8,
            Self::Bits16 => 16,
            Self::Bits32 => 32,
        }
    }

    /// The magnitude that stands for 1.0: `2^(bits - 1)`.
    #[must_use]
    pub fn full_scale(self) -> f64 {
        f64::from(1_u32 << (self.bits() - 1))
    }

    fn holds(self, value: i32) -> bool {
        let shift = 32 - self.bits();
        (value << shift) >> shift == value
    }
}

/// Interleaved integer audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcm {
    samples: Vec<i32>,
    width: SampleWidth,
    channels: u16,
    sample_rate: u32,
    missing_frames: u64,
}

impl Pcm {
    /// Wraps interleaved samples.
    ///
    /// # Errors
    ///
    /// [`AudioError::ZeroChannels`], [`AudioError::ZeroSampleRate`],
    /// [`AudioError::PartialFrame`], or [`AudioError::OutOfRange`] for a sample that `width`
    /// cannot hold.
    pub fn new(
        samples: Vec<i32>,
        width: SampleWidth,
        channels: u16,
        sample_rate: u32,
    ) -> Result<Self, AudioError> {
        if channels == 0 {
            return Err(AudioError::ZeroChannels);
        }
        if sample_rate == 0 {
            return Err(AudioError::ZeroSampleRate);
        }
        if !samples.len().is_multiple_of(usize::from(channels)) {
            return Err(AudioError::PartialFrame {
                samples: samples.len(),
                channels,
            });
        }
        if let Some(index) = samples.iter().position(|&value| !width.holds(value)) {
            let value = samples[index];
            return Err(AudioError::OutOfRange {
                index,
                value,
                bits: width.bits(),
            });
        }
        Ok(Self {
            samples,
            width,
            channels,
            sample_rate,
            missing_frames: 0,
        })
    }

    pub(super) fn from_valid(
        samples: Vec<i32>,
        width: SampleWidth,
        channels: u16,
        sample_rate: u32,
    ) -> Self {
        Self {
            samples,
            width,
            channels,
            sample_rate,
            missing_frames: 0,
        }
    }

    /// Reads a WAV file: 8, 16, 24 or 32-bit integers or 32-bit floats, any channels, any rate.
    ///
    /// As in upstream's chain, 24-bit samples are widened to 32 bits (the new low byte repeats the
    /// sign) and floats become 32-bit integers, rounded and clipped to full scale.
    ///
    /// Files are read as they are: sizes that a header leaves open or has wrong are those of the file, and
    /// of one that was cut off the whole frames are read that are there
    /// ([`missing_frames`](Self::missing_frames) says how many are not).
    ///
    /// # Errors
    ///
    /// [`AudioError::Read`] if the file cannot be opened, [`AudioError::File`] around any error of
    /// [`Pcm::from_wav_reader`].
    pub fn read_wav(path: impl AsRef<Path>) -> Result<Self, AudioError> {
        wav::with_file(path.as_ref(), Self::from_wav_reader)
    }

    /// Reads a WAV stream; see [`Pcm::read_wav`].
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
            missing_frames,
        } = Wav::read(reader)?;
        let (samples, width) = samples.into_ints();
        let pcm = Self::new(samples, width, channels, sample_rate)?;
        Ok(pcm.with_missing_frames(missing_frames))
    }

    pub(super) fn with_missing_frames(self, missing_frames: u64) -> Self {
        Self {
            missing_frames,
            ..self
        }
    }

    /// Writes a WAV file of the same width; nothing is left half-written.
    ///
    /// # Errors
    ///
    /// [`AudioError::Write`], or [`AudioError::TooLong`] beyond 4 GiB.
    pub fn write_wav(&self, path: impl AsRef<Path>) -> Result<(), AudioError> {
        let spec = hound::WavSpec {
            channels: self.channels,
            sample_rate: self.sample_rate,
            bits_per_sample: self.width.bits() as u16,
            sample_format: hound::SampleFormat::Int,
        };
        wav::check_size(self.samples.len(), spec)?;
        wav::write_file(path.as_ref(), |file| {
            wav::encode(file, spec, self.samples.iter().copied())
        })
    }

    /// `ms` milliseconds of digital silence, one 16-bit channel.
    #[must_use]
    pub(crate) fn silent(ms: u32, sample_rate: u32) -> Self {
        let frames = (f64::from(sample_rate) * (f64::from(ms) / 1000.0)) as usize;
        Self {
            samples: vec![0; frames],
            width: SampleWidth::Bits16,
            channels: 1,
            sample_rate,
            missing_frames: 0,
        }
    }

    /// Interleaved samples.
    #[must_use]
    pub fn samples(&self) -> &[i32] {
        &self.samples
    }

    /// Bytes per sample.
    #[must_use]
    pub fn sample_width(&self) -> SampleWidth {
        self.width
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// Frames per second.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Number of frames (samples of one channel).
    #[must_use]
    pub fn frames(&self) -> usize {
        self.samples.len() / usize::from(self.channels)
    }

    /// Frames that a WAV file should have behind these, going by its header: it was cut off. 0 for audio
    /// from anywhere else, and for anything made of this clip.
    #[must_use]
    pub fn missing_frames(&self) -> u64 {
        self.missing_frames
    }

    /// Length in time.
    #[must_use]
    pub fn duration(&self) -> Duration {
        duration(self.frames(), self.sample_rate)
    }

    /// Length in milliseconds, rounded half to even.
    #[must_use]
    pub fn len_ms(&self) -> u64 {
        (1000.0 * (self.frames() as f64 / f64::from(self.sample_rate))).round_ties_even() as u64
    }

    /// The frame at a millisecond; may lie up to half a millisecond after the last one.
    #[must_use]
    pub fn frame_at_ms(&self, ms: u64) -> usize {
        (ms as f64 * (f64::from(self.sample_rate) / 1000.0)) as usize
    }

    /// The clip between two milliseconds; both are clamped to the clip, and frames that rounding
    /// asks for after the last one are zero.
    #[must_use]
    pub fn slice_ms(&self, start: u64, end: u64) -> Self {
        let len = self.len_ms();
        let [start, end] = [start, end].map(|ms| self.frame_at_ms(ms.min(len)));
        Self {
            samples: slice_filled(&self.samples, self.channels, start, end),
            ..self.empty_like()
        }
    }

    /// Root mean square over all samples of all channels, rounded down.
    #[must_use]
    pub fn rms(&self) -> u64 {
        integer_rms(
            self.samples.iter().map(|&v| square(v)).sum(),
            self.samples.len(),
        )
    }

    /// Level in decibels of full scale, negative infinity where [`rms`](Self::rms) is 0.
    #[must_use]
    pub fn dbfs(&self) -> f64 {
        20.0 * ((self.rms() as f64 / self.width.full_scale()).ln() / 10_f64.ln())
    }

    /// The channels as floats, full scale 1: `[channels][frames]`.
    #[must_use]
    pub fn to_f32_channels(&self) -> Vec<Vec<f32>> {
        let channels = usize::from(self.channels);
        let scale = (1.0 / self.width.full_scale()) as f32;
        (0..channels)
            .map(|c| {
                self.samples
                    .iter()
                    .skip(c)
                    .step_by(channels)
                    .map(|&v| v as f32 * scale)
                    .collect()
            })
            .collect()
    }

    /// The mean of the channels, full scale 1.
    #[must_use]
    pub fn to_mono(&self) -> Waveform {
        let scale = (1.0 / self.width.full_scale()) as f32;
        let samples = self.samples.iter().map(|&v| v as f32 * scale);
        Waveform::from_finite(mix_down(samples, self.channels), self.sample_rate)
    }

    /// Both clips after each other, each first brought to the larger of the channel counts, rates
    /// and widths. Channel counts differ only where one of the clips is mono.
    #[must_use]
    pub(crate) fn joined(&self, next: &Self) -> Self {
        let channels = self.channels.max(next.channels);
        let sample_rate = self.sample_rate.max(next.sample_rate);
        let width = self.width.max(next.width);
        let mut samples = self.synced(channels, sample_rate, width);
        samples.extend(next.synced(channels, sample_rate, width));
        Self {
            samples,
            width,
            channels,
            sample_rate,
            missing_frames: 0,
        }
    }

    /// The clip played backwards.
    #[must_use]
    pub(crate) fn reversed(&self) -> Self {
        Self {
            samples: self.samples.iter().rev().copied().collect(),
            ..self.empty_like()
        }
    }

    fn synced(&self, channels: u16, sample_rate: u32, width: SampleWidth) -> Vec<i32> {
        let mut samples = sync::spread_mono(&self.samples, self.channels, channels);
        if sample_rate != self.sample_rate {
            samples = sync::rate_convert(
                &samples,
                self.width,
                channels,
                self.sample_rate,
                sample_rate,
            );
        }
        let shift = width.bits() - self.width.bits();
        samples.iter_mut().for_each(|v| *v <<= shift);
        samples
    }

    fn empty_like(&self) -> Self {
        Self {
            samples: Vec::new(),
            missing_frames: 0,
            ..*self
        }
    }
}

/// Frames `start..end` of interleaved samples, zeros where they lie beyond the end.
pub(crate) fn slice_filled<T: Copy + Default>(
    samples: &[T],
    channels: u16,
    start: usize,
    end: usize,
) -> Vec<T> {
    let channels = usize::from(channels);
    let [start, end] = [start * channels, end * channels];
    let mut slice = samples
        .get(start..end.min(samples.len()))
        .unwrap_or_default()
        .to_vec();
    slice.resize(end.saturating_sub(start), T::default());
    slice
}

/// The mean of interleaved channels.
pub(crate) fn mix_down(samples: impl Iterator<Item = f32>, channels: u16) -> Vec<f32> {
    if channels == 1 {
        return samples.collect();
    }
    let channels = usize::from(channels);
    let samples: Vec<f32> = samples.collect();
    samples
        .chunks_exact(channels)
        .map(|f| f.iter().sum::<f32>() / channels as f32)
        .collect()
}

pub(crate) fn square(value: i32) -> u128 {
    u128::from(value.unsigned_abs()).pow(2)
}

/// Root of the mean square, rounded down; 0 for no samples.
pub(crate) fn integer_rms(sum_of_squares: u128, samples: usize) -> u64 {
    if samples == 0 {
        0
    } else {
        (sum_of_squares as f64 / samples as f64).sqrt() as u64
    }
}
