//! Recordings in compressed formats, through symphonia: mp3, FLAC, Ogg Vorbis, m4a, AAC and the WAV
//! encodings that the reader of WAV files lacks.
//!
//! As in upstream's chain (pydub over FFmpeg) the samples become integers at the file's own rate: 16 bits,
//! or 32 for lossless files of more than 16.

use std::{
    io::{self, Read, Seek, SeekFrom},
    panic::{AssertUnwindSafe, catch_unwind},
};

use symphonia::{
    core::{
        audio::{AudioSpec, GenericAudioBufferRef},
        codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions},
        errors::Error,
        formats::{FormatReader, TrackType, probe::Hint},
        io::{MediaSource, MediaSourceStream},
    },
    default::{get_codecs, get_probe},
};

use super::{
    AudioError, Pcm, SampleWidth, formats::Format, pcm::MAX_DECODED_SAMPLES, wav::widen_24,
};
use crate::panics::panic_message;

/// Of this many damaged packets one is accepted: players skip a few, and cut files begin with some.
const PACKETS_PER_DAMAGED: usize = 10;

/// Decodes the first track of a file; `head` are its first bytes.
pub(super) fn decode(
    source: impl Read + Seek + Send + Sync,
    head: &[u8],
) -> Result<Pcm, AudioError> {
    decode_up_to(MAX_DECODED_SAMPLES, source, head)
}

fn decode_up_to(
    limit: usize,
    source: impl Read + Seek + Send + Sync,
    head: &[u8],
) -> Result<Pcm, AudioError> {
    let undecodable = |source: Box<dyn std::error::Error + Send + Sync>| AudioError::Undecodable {
        format: Format::of(head).map_or("unknown", Format::name),
        found: head.escape_ascii().to_string(),
        source,
    };
    // Foreign decoders on files from anywhere: their mistakes are errors of the file.
    let decoded = catch_unwind(AssertUnwindSafe(|| read(limit, source)));
    match decoded {
        Ok(Ok(pcm)) => Ok(pcm),
        Ok(Err(Stop::Error(error))) => Err(undecodable(Box::new(error))),
        Ok(Err(Stop::Audio(error))) => Err(error),
        Err(payload) => Err(undecodable(panic_message(payload.as_ref()).into())),
    }
}

/// Why decoding ended early.
enum Stop {
    Error(Error),
    Audio(AudioError),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn read(limit: usize, source: impl Read + Seek + Send + Sync) -> Result<Pcm, Stop> {
    let source = Source::new(source).map_err(Error::IoError)?;
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    let mut format =
        get_probe().probe(&Hint::new(), stream, Default::default(), Default::default())?;
    let track = format.default_track(TrackType::Audio);
    let Some((track, params)) = track.and_then(|track| {
        let params = track.codec_params.as_ref()?.audio()?;
        Some((track.id, params.clone()))
    }) else {
        return Err(Error::Unsupported("there is no audio track").into());
    };
    let channels = params.channels.as_ref().map_or(1, |c| c.count());
    let most = params.max_frames_per_packet.unwrap_or(0);
    // Decoders make room for a packet before they have seen one.
    if most.saturating_mul(channels as u64) > limit as u64 {
        return Err(too_long(limit));
    }
    let mut decoder = get_codecs().make_audio_decoder(&params, &AudioDecoderOptions::default())?;
    let mut decoded = Decoded::new(limit, &params);
    decoded.collect(format.as_mut(), decoder.as_mut(), track)?;
    decoded.finish()
}

fn too_long(limit: usize) -> Stop {
    Stop::Audio(AudioError::DecodedTooLong { limit })
}

/// What has been decoded so far.
struct Decoded {
    /// Most samples.
    limit: usize,
    samples: Vec<i32>,
    width: SampleWidth,
    /// Channels and rate.
    spec: Option<(u16, u32)>,
    packets: usize,
    damaged: usize,
}

impl Decoded {
    fn new(limit: usize, params: &AudioCodecParameters) -> Self {
        let bits = params.bits_per_sample.unwrap_or(16);
        Self {
            limit,
            samples: Vec::new(),
            width: match bits > 16 {
                true => SampleWidth::Bits32,
                false => SampleWidth::Bits16,
            },
            spec: None,
            packets: 0,
            damaged: 0,
        }
    }

    fn collect(
        &mut self,
        format: &mut dyn FormatReader,
        decoder: &mut dyn AudioDecoder,
        track: u32,
    ) -> Result<(), Stop> {
        let mut fresh: Vec<i32> = Vec::new();
        loop {
            let packet = match format.next_packet() {
                Ok(Some(packet)) => packet,
                // A file that was cut off is what is there of it, as in FFmpeg.
                Ok(None) => return Ok(()),
                Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(());
                }
                // Another stream follows, as in an internet radio; the first one is the recording.
                Err(Error::ResetRequired) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if packet.track_id != track {
                continue;
            }
            self.packets += 1;
            match decoder.decode(&packet) {
                Ok(buffer) => self.append(&buffer, &mut fresh)?,
                Err(Error::DecodeError(_) | Error::IoError(_)) => self.damaged += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn append(
        &mut self,
        buffer: &GenericAudioBufferRef<'_>,
        fresh: &mut Vec<i32>,
    ) -> Result<(), Stop> {
        if buffer.is_empty() {
            return Ok(());
        }
        let found = self.same_spec(buffer.spec())?;
        if self.samples.len() + buffer.frames() * usize::from(found.0) > self.limit {
            return Err(too_long(self.limit));
        }
        let samples = match (buffer, self.width) {
            (GenericAudioBufferRef::F32(_) | GenericAudioBufferRef::F64(_), _) => {
                self.width = SampleWidth::Bits16;
                let mut floats: Vec<f32> = Vec::new();
                buffer.copy_to_vec_interleaved(&mut floats);
                // The cast saturates, which is the clipping wanted here; NaN becomes 0.
                let integer = |v: f32| i32::from((v * 32_768.0).round_ties_even() as i16);
                self.samples.extend(floats.into_iter().map(integer));
                return Ok(());
            }
            _ => {
                buffer.copy_to_vec_interleaved(fresh);
                fresh.iter().copied()
            }
        };
        match self.width {
            SampleWidth::Bits32 => self.samples.extend(samples.map(|v| widen_24(v >> 8))),
            _ => self.samples.extend(samples.map(|v| v >> 16)),
        }
        Ok(())
    }

    /// Channels and rate, which stay as they are throughout a file.
    fn same_spec(&mut self, spec: &AudioSpec) -> Result<(u16, u32), Stop> {
        let channels = u16::try_from(spec.channels().count()).unwrap_or(0);
        let found = (channels, spec.rate());
        let first = *self.spec.get_or_insert(found);
        if first != found {
            return Err(Stop::Audio(AudioError::FormatChanges {
                channels: [first.0, found.0],
                sample_rate: [first.1, found.1],
            }));
        }
        Ok(found)
    }

    fn finish(self) -> Result<Pcm, Stop> {
        if self.damaged * PACKETS_PER_DAMAGED > self.packets {
            return Err(Stop::Audio(AudioError::Damaged {
                damaged: self.damaged,
                packets: self.packets,
            }));
        }
        let (channels, rate) = self.spec.ok_or(Stop::Audio(AudioError::Empty))?;
        Pcm::new(self.samples, self.width, channels, rate).map_err(Stop::Audio)
    }
}

/// A reader that knows its length.
struct Source<R> {
    inner: R,
    len: u64,
}

impl<R: Seek> Source<R> {
    fn new(mut inner: R) -> io::Result<Self> {
        let len = inner.seek(SeekFrom::End(0))?;
        inner.rewind()?;
        Ok(Self { inner, len })
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl<R: Seek> Seek for Source<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl<R: Read + Seek + Send + Sync> MediaSource for Source<R> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_becomes_too_long_is_refused() {
        let file = include_bytes!("../../tests/data/audio/encoded/voice.flac");
        let decode = |limit| decode_up_to(limit, io::Cursor::new(file), &file[..12]);
        assert_eq!(decode(16_000).map(|pcm| pcm.frames()).unwrap(), 16_000);
        // One that is refused while it is decoded, and one whose packets alone are too large.
        for limit in [15_999, 100] {
            match decode(limit).unwrap_err() {
                AudioError::DecodedTooLong { limit: named } => assert_eq!(named, limit),
                other => panic!("{other:?}"),
            }
        }
    }
}
