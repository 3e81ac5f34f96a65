//! WAV files through hound: every readable encoding into one type, and files that appear whole.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Cursor, Read, Seek, Write},
    path::{Path, PathBuf},
};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use tempfile::NamedTempFile;

use super::AudioError;

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

/// Lets `write` fill a temporary file in the same folder, then renames it over `path`.
pub(super) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<NamedTempFile>) -> Result<(), hound::Error>,
) -> Result<(), AudioError> {
    write_and_rename(path, write).map_err(|source| AudioError::Write {
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

fn write_and_rename(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<NamedTempFile>) -> Result<(), hound::Error>,
) -> Result<(), hound::Error> {
    // A link is followed, so that the file it names is replaced and not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("the path exists and is not a regular file").into());
    }
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut file = BufWriter::new(temporary_file(&folder)?);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(&target).map_err(|failed| failed.error)?;
    Ok(())
}

fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".f5-").suffix(".wav.part");
    // The permissions of an ordinary new file (the umask applies) instead of a private one.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
