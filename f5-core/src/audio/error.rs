//! What can be wrong with audio that comes in or has to go out.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why audio could not be read, written or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AudioError {
    /// A file could not be opened or read.
    #[error("cannot read audio file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file could not be written; nothing is left behind under its name.
    #[error("cannot write audio file `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: hound::Error,
    },
    /// A file was read, but what it holds cannot be used.
    #[error("audio file `{}` cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        source: Box<AudioError>,
    },
    /// The bytes are not a RIFF/WAVE file.
    #[error(
        "not a WAV file: it begins with \"{found}\" instead of \"RIFF....WAVE\"; convert it first, for instance with `ffmpeg -i in.mp3 out.wav`"
    )]
    NotWav {
        /// The first bytes, escaped.
        found: String,
    },
    /// A compressed file, read without the feature that can.
    #[error(
        "this is an {format} file and feature `symphonia` of f5-core and f5-tts is off; enable it, or convert the file first, for instance with `ffmpeg -i in.{format} out.wav`"
    )]
    NeedsFeature {
        /// Name of the format.
        format: &'static str,
    },
    /// A file that no decoder understands.
    #[error(
        "cannot decode this file (format: {format}, it begins with \"{found}\"); mp3, FLAC, Ogg Vorbis, m4a, AAC and WAV are readable, convert others first, for instance with `ffmpeg -i in.opus out.wav`"
    )]
    Undecodable {
        /// Name of the format as the first bytes tell it, or `unknown`.
        format: &'static str,
        /// The first bytes, escaped.
        found: String,
        /// What the decoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A compressed file that becomes more audio than a recording of a voice has.
    #[error(
        "the file decodes to more than {limit} samples; cut the seconds out of it that are the reference, for instance with `ffmpeg -i in.mp3 -t 10 out.wav`"
    )]
    DecodedTooLong {
        /// Most samples, over all channels.
        limit: usize,
    },
    /// A compressed file of which too much cannot be decoded.
    #[error(
        "{damaged} of the file's {packets} packets are damaged; get the recording again from its source"
    )]
    Damaged {
        /// Packets that could not be decoded.
        damaged: usize,
        /// Packets in all.
        packets: usize,
    },
    /// A file in which another number of channels or another rate begins.
    #[error(
        "the file changes from {} to {} channels and from {} to {} Hz; convert it first, for instance with `ffmpeg -i in.ogg out.wav`",
        channels[0], channels[1], sample_rate[0], sample_rate[1]
    )]
    FormatChanges {
        /// Channels before and after.
        channels: [u16; 2],
        /// Hz before and after.
        sample_rate: [u32; 2],
    },
    /// A WAV file without one of the two chunks that it needs.
    #[error(
        "the WAV file has no `{id}` chunk where one must be; it is damaged or cut off, get it again from its source"
    )]
    MissingChunk {
        /// Identifier of the chunk; `fmt ` has to stand in front of `data`.
        id: &'static str,
    },
    /// A WAV file whose format is not told to the end.
    #[error(
        "the `fmt ` chunk of the WAV file has {got} of {needed} bytes; it is damaged or cut off, get it again from its source"
    )]
    ShortFmt {
        /// Bytes of the chunk.
        got: usize,
        /// Bytes that it must have.
        needed: usize,
    },
    /// A WAV file with compressed samples, or others that are not plain numbers.
    #[error(
        "WAV encoding {code:#06x}{} is not supported; 0x0001 (integers) and 0x0003 (floats) are, and A-law and µ-law where a recording is read with feature `symphonia` of f5-core and f5-tts; or convert it, for instance with `ffmpeg -i in.wav -c:a pcm_s16le out.wav`",
        encoding_name(*code)
    )]
    UnsupportedEncoding {
        /// The encoding as Microsoft's `mmreg.h` numbers it.
        code: u16,
    },
    /// A bit depth that has no reader.
    #[error(
        "{bits}-bit WAV samples are not supported; 8, 16, 24 and 32-bit integers and 32-bit floats are, and 64-bit floats where a recording is read with feature `symphonia` of f5-core and f5-tts; or convert it, for instance with `ffmpeg -i in.wav -c:a pcm_s16le out.wav`"
    )]
    UnsupportedBitDepth {
        /// Bits per sample in the header.
        bits: u16,
    },
    /// The stream behind a WAV reader or writer failed.
    #[error("audio stream failed")]
    Stream {
        /// What went wrong.
        source: hound::Error,
    },
    /// Audio without channels.
    #[error("audio has zero channels")]
    ZeroChannels,
    /// Audio at 0 Hz.
    #[error("audio has a sample rate of 0 Hz")]
    ZeroSampleRate,
    /// Interleaved samples that are not whole frames.
    #[error("{samples} interleaved samples are not whole frames of {channels} channels")]
    PartialFrame {
        /// Number of samples.
        samples: usize,
        /// Number of channels.
        channels: u16,
    },
    /// A sample outside the range of its width.
    #[error("sample {index} is {value}, outside the range of {bits}-bit audio")]
    OutOfRange {
        /// Position among the interleaved samples.
        index: usize,
        /// The sample.
        value: i32,
        /// Bits per sample.
        bits: u32,
    },
    /// A sample that is NaN or infinite.
    #[error("frame {index}, channel {channel} is {value}; audio must be finite")]
    NotFinite {
        /// Frame.
        index: usize,
        /// Channel, from 0.
        channel: usize,
        /// The sample.
        value: f32,
    },
    /// Audio without a single sample.
    #[error("audio is empty")]
    Empty,
    /// A reference in which nothing can be heard.
    #[error(
        "reference audio of {frames} frames is silent (RMS {rms}); use a recording in which the speaker is audible"
    )]
    SilentReference {
        /// Length of the recording in frames.
        frames: usize,
        /// Root mean square, full scale 1.
        rms: f32,
    },
    /// A reference shorter than one analysis window.
    #[error(
        "reference audio has {samples} samples of speech, at least {needed} are needed for one window"
    )]
    ReferenceTooShort {
        /// Samples at the model's rate.
        samples: usize,
        /// Samples one window needs.
        needed: usize,
    },
    /// A loudness target that is not a positive number.
    #[error("target_rms is {value}, it must be a positive number")]
    InvalidTargetRms {
        /// The value given.
        value: f32,
    },
    /// A pair of rates whose resampling kernel would be unreasonably large.
    #[error(
        "cannot resample {from_hz} Hz to {to_hz} Hz: the reduced ratio {from}:{to} exceeds {limit}"
    )]
    UnsupportedRatio {
        /// Source rate.
        from_hz: u32,
        /// Target rate.
        to_hz: u32,
        /// Source rate after division by the common factor.
        from: u32,
        /// Target rate after division by the common factor.
        to: u32,
        /// Largest value either side may have.
        limit: u32,
    },
    /// A stream resampler that could not be built.
    #[error("cannot build a resampler for ratio {ratio}")]
    ResamplerSetup {
        /// Target rate over source rate.
        ratio: f64,
        /// What the resampler said.
        source: rubato::ResamplerConstructionError,
    },
    /// A stream resampler that failed while running.
    #[error("resampling failed")]
    Resampler {
        /// What the resampler said.
        source: rubato::ResampleError,
    },
    /// More audio than a WAV file's 32-bit sizes can hold.
    #[error("{bytes} bytes of samples do not fit into a WAV file (4 GiB at most)")]
    TooLong {
        /// Size of the sample data.
        bytes: u64,
    },
}

impl AudioError {
    /// The error behind [`AudioError::File`], or the error itself.
    #[must_use]
    pub fn without_path(&self) -> &AudioError {
        match self {
            Self::File { source, .. } => source.without_path(),
            other => other,
        }
    }
}

fn encoding_name(code: u16) -> &'static str {
    match code {
        0x0002 => " (ADPCM of Microsoft)",
        0x0006 => " (A-law)",
        0x0007 => " (µ-law)",
        0x0011 => " (ADPCM of IMA)",
        0x0031 => " (GSM 6.10)",
        0x0055 => " (mp3)",
        0xfffe => " (an extension without a number)",
        _ => "",
    }
}
