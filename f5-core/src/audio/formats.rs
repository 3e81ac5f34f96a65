//! What kind of audio file begins with these bytes, and which reader it goes to.

use std::{
    io::{Read, Seek},
    path::Path,
};

use super::{AudioError, Pcm, wav};

/// Bytes that are looked at.
const HEAD: u64 = 12;

/// A kind of audio file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Wav,
    Mp3,
    Flac,
    Ogg,
    Mp4,
    Aac,
}

impl Format {
    /// By the first bytes: names lie.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [form @ .., b'W', b'A', b'V', b'E'] if is_riff(form) => Some(Self::Wav),
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Self::Mp4),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            // The same sync word; MPEG audio has a layer where ADTS has zeros.
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Some(Self::Aac),
            [0xff, second, ..] if second & 0xe0 == 0xe0 => Some(Self::Mp3),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Mp3 => "mp3",
            Self::Flac => "FLAC",
            Self::Ogg => "Ogg",
            Self::Mp4 => "m4a",
            Self::Aac => "AAC",
        }
    }
}

/// RIFF, or its 64-bit forms, and a size.
fn is_riff(form: &[u8]) -> bool {
    form.len() == 8
        && [b"RIFF", b"RF64", b"BW64"]
            .iter()
            .any(|id| form.starts_with(*id))
}

impl Pcm {
    /// Reads a recording, whatever its name: a WAV file as [`read_wav`](Self::read_wav) does, and with
    /// feature `symphonia` mp3, FLAC, Ogg Vorbis, m4a (AAC or ALAC), AAC, and WAV files in other
    /// encodings (A-law, µ-law, 64-bit float).
    ///
    /// As in upstream's chain (pydub over FFmpeg), compressed audio becomes 16-bit integers at its own
    /// rate, and lossless audio of more bits 32-bit ones. Delay and padding of mp3 and Vorbis encoders are
    /// cut off; AAC keeps its encoder's delay, 1024 to 2112 near-silent samples at the start, which
    /// preparing a reference trims. A file that was cut off gives what is there of it; of WAV files
    /// [`missing_frames`](Self::missing_frames) tells it.
    ///
    /// # Errors
    ///
    /// [`AudioError::Read`] if the file cannot be opened, [`AudioError::File`] around any error of
    /// [`Pcm::from_reader`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, AudioError> {
        wav::with_file(path.as_ref(), Self::from_reader)
    }

    /// Reads a recording from memory or an open file; see [`Pcm::read`].
    ///
    /// # Errors
    ///
    /// As [`from_wav_reader`](Self::from_wav_reader). For other files [`AudioError::NeedsFeature`] without
    /// feature `symphonia`, and with it [`AudioError::Undecodable`], [`AudioError::DecodedTooLong`],
    /// [`AudioError::Damaged`], [`AudioError::FormatChanges`] or [`AudioError::Empty`].
    pub fn from_reader(mut reader: impl Read + Seek + Send + Sync) -> Result<Self, AudioError> {
        let failed = |source: std::io::Error| AudioError::Stream {
            source: source.into(),
        };
        let mut head = Vec::with_capacity(HEAD as usize);
        let mut start = reader.by_ref().take(HEAD);
        start.read_to_end(&mut head).map_err(failed)?;
        reader.rewind().map_err(failed)?;
        match Format::of(&head) {
            Some(Format::Wav) => match Self::from_wav_reader(&mut reader) {
                #[cfg(feature = "symphonia")]
                Err(
                    AudioError::UnsupportedEncoding { .. } | AudioError::UnsupportedBitDepth { .. },
                ) => {
                    reader.rewind().map_err(failed)?;
                    // Its sizes may be wrong, and the decoder believes them.
                    let (file, missing) = super::riff::Riff::open(reader)?.rewritten()?;
                    let pcm = super::decode::decode(std::io::Cursor::new(file), &head)?;
                    Ok(pcm.with_missing_frames(missing))
                }
                read => read,
            },
            #[cfg(feature = "symphonia")]
            _ => super::decode::decode(reader, &head),
            #[cfg(not(feature = "symphonia"))]
            Some(format) => Err(AudioError::NeedsFeature {
                format: format.name(),
            }),
            #[cfg(not(feature = "symphonia"))]
            None => Self::from_wav_reader(reader),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        for (head, format) in [
            (&b"RIFF\x10\0\0\0WAVE"[..], Some(Format::Wav)),
            (b"RF64\xff\xff\xff\xffWAVE", Some(Format::Wav)),
            (b"RIFF\x10\0\0\0AVI ", None),
            (b"RIFX\0\0\0\x10WAVE", None),
            (b"fLaC\0\0\0\x22", Some(Format::Flac)),
            (b"OggS\0\x02", Some(Format::Ogg)),
            (b"\0\0\0\x1cftypM4A ", Some(Format::Mp4)),
            (b"ID3\x03", Some(Format::Mp3)),
            (b"\xff\xfb\x90\x64", Some(Format::Mp3)),
            (b"\xff\xf3\x48\xc4", Some(Format::Mp3)),
            (b"\xff\xf1\x60\x40", Some(Format::Aac)),
            (b"\xff\xf9\x60\x40", Some(Format::Aac)),
            (b"\xff", None),
            (b"", None),
        ] {
            assert_eq!(Format::of(head), format, "{}", head.escape_ascii());
        }
    }
}
