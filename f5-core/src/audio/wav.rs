//! WAV files through hound: every readable encoding into one type, and files that appear whole.

use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek, Write},
    path::Path,
};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use super::AudioError;
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
}

/// Interleaved samples as they were stored.
pub(super) enum WavSamples {
    Int { samples: Vec<i32>, bits: u16 },
    Float(Vec<f32>),
}

impl Wav {
    pub(super) fn read(mut reader: impl Read) -> Result<Self, AudioError> {
        let mut head = Vec::with_capacity(12);
        reader
            .by_ref()
            .take(12)
            .read_to_end(&mut head)
            .map_err(|source| AudioError::Stream {
                source: source.into(),
            })?;
        if head.len() < 12 || &head[..4] != b"RIFF" || &head[8..] != b"WAVE" {
            return Err(AudioError::NotWav {
                found: head.escape_ascii().to_string(),
            });
        }
        let reader = WavReader::new(Cursor::new(head).chain(reader)).map_err(header_error)?;
        let WavSpec {
            channels,
            sample_rate,
            bits_per_sample: bits,
            sample_format,
        } = reader.spec();
        if sample_rate == 0 {
            return Err(AudioError::ZeroSampleRate);
        }
        let samples = match (sample_format, bits) {
            (SampleFormat::Int, 8 | 16 | 24 | 32) => WavSamples::Int {
                samples: collect(reader)?,
                bits,
            },
            (SampleFormat::Float, 32) => {
                let samples = collect(reader)?;
                check_finite(&samples, channels)?;
                WavSamples::Float(samples)
            }
            _ => return Err(AudioError::UnsupportedBitDepth { bits }),
        };
        Ok(Self {
            samples,
            channels,
            sample_rate,
        })
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

fn collect<R: Read, S: hound::Sample>(mut reader: WavReader<R>) -> Result<Vec<S>, AudioError> {
    // The length comes from the file and is not to be trusted with an allocation.
    const TRUSTED: usize = 1 << 20;
    let expected = reader.len() as usize;
    let mut samples = Vec::with_capacity(expected.min(TRUSTED));
    for sample in reader.samples() {
        let got = samples.len();
        samples.push(sample.map_err(|source| AudioError::Truncated {
            expected,
            got,
            source,
        })?);
    }
    Ok(samples)
}

fn header_error(source: hound::Error) -> AudioError {
    match source {
        hound::Error::FormatError("file contains zero channels") => AudioError::ZeroChannels,
        source => AudioError::Header { source },
    }
}
