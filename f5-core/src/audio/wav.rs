//! WAV files: every readable encoding into one type, and files that appear whole.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, Write},
    path::Path,
};

use hound::{WavSpec, WavWriter};

use super::{
    AudioError, SampleWidth,
    riff::{Fmt, Riff, bytes},
};
use crate::files::{Sink, replace};

/// How samples are stored in a WAV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WavFormat {
    /// 16-bit integers, rounded to nearest and clipped to full scale.
    #[default]
    Pcm16,
    /// 32-bit floats, exactly the samples in memory.
    Float32,
}

/// The content of a WAV file.
pub(super) struct Wav {
    pub(super) samples: WavSamples,
    pub(super) channels: u16,
    pub(super) sample_rate: u32,
    /// Frames that the header announces and the file does not have.
    pub(super) missing_frames: u64,
}

/// Interleaved samples as they were stored.
pub(super) enum WavSamples {
    Int { samples: Vec<i32>, bits: u16 },
    Float(Vec<f32>),
}

impl Wav {
    /// Reads the whole frames that are there, whatever the sizes in the header.
    pub(super) fn read(reader: impl Read) -> Result<Self, AudioError> {
        let Riff {
            fmt,
            data,
            announced,
            ..
        } = Riff::open(reader)?;
        let Fmt {
            channels,
            sample_rate,
            bits,
            ..
        } = fmt;
        if channels == 0 {
            return Err(AudioError::ZeroChannels);
        }
        if sample_rate == 0 {
            return Err(AudioError::ZeroSampleRate);
        }
        let frame = fmt.bytes() * usize::from(channels);
        let samples = match (fmt.code, bits, fmt.bytes()) {
            (Fmt::INT, 8, _) => ints(
                bits,
                collect(data, frame, |[v]: [u8; 1]| i32::from(v) - 128)?,
            ),
            (Fmt::INT, 16, _) => ints(
                bits,
                collect(data, frame, |v| i32::from(i16::from_le_bytes(v)))?,
            ),
            (Fmt::INT, 24, 3) => ints(
                bits,
                collect(data, frame, |[a, b, c]| low_24([a, b, c, 0]))?,
            ),
            (Fmt::INT, 24, _) => ints(bits, collect(data, frame, low_24)?),
            (Fmt::INT, 32, _) => ints(bits, collect(data, frame, i32::from_le_bytes)?),
            (Fmt::FLOAT, 32, _) => {
                let samples = collect(data, frame, f32::from_le_bytes)?;
                check_finite(&samples, channels)?;
                WavSamples::Float(samples)
            }
            (Fmt::INT | Fmt::FLOAT, ..) => return Err(AudioError::UnsupportedBitDepth { bits }),
            (code, ..) => return Err(AudioError::UnsupportedEncoding { code }),
        };
        let frames = samples.len() / usize::from(channels);
        let announced = announced.map_or(0, |bytes| bytes / frame as u64);
        Ok(Self {
            samples,
            channels,
            sample_rate,
            missing_frames: announced.saturating_sub(frames as u64),
        })
    }
}

impl WavSamples {
    /// Integers as upstream's chain makes them.
    pub(super) fn into_ints(self) -> (Vec<i32>, SampleWidth) {
        match self {
            Self::Int { samples, bits: 8 } => (samples, SampleWidth::Bits8),
            Self::Int { samples, bits: 16 } => (samples, SampleWidth::Bits16),
            Self::Int { samples, bits: 24 } => (
                samples.into_iter().map(widen_24).collect(),
                SampleWidth::Bits32,
            ),
            Self::Int { samples, .. } => (samples, SampleWidth::Bits32),
            Self::Float(samples) => (
                samples.into_iter().map(quantise_32).collect(),
                SampleWidth::Bits32,
            ),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Int { samples, .. } => samples.len(),
            Self::Float(samples) => samples.len(),
        }
    }
}

/// Opens a file for `read` and names it in every error.
pub(super) fn with_file<T>(
    path: &Path,
    read: impl FnOnce(BufReader<File>) -> Result<T, AudioError>,
) -> Result<T, AudioError> {
    let unreadable = |source| AudioError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    // A folder opens on Unix and fails only when it is read.
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    read(BufReader::new(file)).map_err(|error| AudioError::File {
        path: path.to_owned(),
        source: Box::new(error),
    })
}

/// Writes a WAV file whole or not at all.
pub(super) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Sink) -> Result<(), hound::Error>,
) -> Result<(), AudioError> {
    replace(path, write).map_err(|source| AudioError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Writes one WAV stream.
pub(super) fn encode<S: hound::Sample>(
    writer: impl Write + Seek,
    spec: WavSpec,
    samples: impl Iterator<Item = S>,
) -> Result<(), hound::Error> {
    let mut wav = WavWriter::new(writer, spec)?;
    for sample in samples {
        wav.write_sample(sample)?;
    }
    wav.finalize()
}

/// Refuses what the 32-bit sizes of a WAV header cannot express.
pub(super) fn check_size(samples: usize, spec: WavSpec) -> Result<(), AudioError> {
    const HEADER: u64 = 128;
    let bytes = samples as u64 * u64::from(spec.bits_per_sample / 8);
    if bytes > u64::from(u32::MAX) - HEADER {
        return Err(AudioError::TooLong { bytes });
    }
    Ok(())
}

/// The first NaN or infinity among interleaved samples is an error.
pub(super) fn check_finite(samples: &[f32], channels: u16) -> Result<(), AudioError> {
    let channels = usize::from(channels);
    match samples.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(AudioError::NotFinite {
            index: at / channels,
            channel: at % channels,
            value: samples[at],
        }),
    }
}

/// Decodes whole frames of `frame` bytes, which are samples of `N` bytes, up to the end of the file.
fn collect<const N: usize, T>(
    mut data: impl Read,
    frame: usize,
    decode: impl Fn([u8; N]) -> T + Copy,
) -> Result<Vec<T>, AudioError> {
    const BLOCK: usize = 1 << 16;
    let block = frame * (BLOCK / frame).max(1);
    let mut samples = Vec::new();
    loop {
        let found = bytes(&mut data, block as u64)?;
        let whole = &found[..found.len() / frame * frame];
        samples.extend(whole.as_chunks().0.iter().copied().map(decode));
        if found.len() < block {
            return Ok(samples);
        }
    }
}

fn ints(bits: u16, samples: Vec<i32>) -> WavSamples {
    WavSamples::Int { samples, bits }
}

/// The low 24 bits with their sign.
fn low_24(bytes: [u8; 4]) -> i32 {
    i32::from_le_bytes(bytes) << 8 >> 8
}

pub(super) fn widen_24(value: i32) -> i32 {
    let low_byte = if value < 0 { 0xff } else { 0 };
    (value << 8) | low_byte
}

fn quantise_32(value: f32) -> i32 {
    // The cast saturates, which is the clipping wanted here.
    (f64::from(value) * 2_f64.powi(31)).round_ties_even() as i32
}
