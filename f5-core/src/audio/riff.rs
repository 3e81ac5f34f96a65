//! The chunks of a WAV file up to its samples, as files are and not only as they should be.
//!
//! No size in a header is believed: what is read or skipped ends where the file ends, and nothing is
//! allocated by what a header announces.

use std::io::{self, Cursor, Read};

use super::AudioError;

/// Most bytes of `fmt `, which counts those behind its first 18 with 16 bits.
const FMT: u64 = 18 + 0xffff;
/// Bytes that `fmt ` needs.
const FMT_LEAST: usize = 16;
/// A size that its writer did not know, or that stands in `ds64`.
const UNKNOWN: u32 = u32::MAX;
/// From here on a size is one that its writer did not know: sox announces about 2 GiB where it writes to
/// a pipe. Nothing but the remark about a cut file depends on it.
const ENDLESS: u64 = 0x7ff0_0000;
/// Chunks that come before or behind `data`.
const CHUNKS: [[u8; 4]; 13] = [
    *b"fmt ", *b"data", *b"fact", *b"LIST", *b"bext", *b"cue ", *b"id3 ", *b"ID3 ", *b"JUNK",
    *b"PAD ", *b"smpl", *b"inst", *b"iXML",
];

/// A WAV file, read up to its samples.
pub(super) struct Riff<R> {
    pub(super) fmt: Fmt,
    #[cfg(feature = "symphonia")]
    fmt_chunk: Vec<u8>,
    /// The samples: what is announced of them, if the file does not end before.
    pub(super) data: io::Chain<Cursor<Vec<u8>>, io::Take<R>>,
    /// Bytes of samples, where the header knows.
    pub(super) announced: Option<u64>,
}

/// How samples are stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fmt {
    /// [`Fmt::INT`], [`Fmt::FLOAT`], or another one of Microsoft's `mmreg.h`.
    pub(super) code: u16,
    pub(super) channels: u16,
    pub(super) sample_rate: u32,
    /// Bits of a sample; where fewer are valid, those are the highest.
    pub(super) bits: u16,
    /// Bytes of a frame.
    block_align: u16,
}

impl Fmt {
    pub(super) const INT: u16 = 1;
    pub(super) const FLOAT: u16 = 3;
    const EXTENSIBLE: u16 = 0xfffe;

    fn parse(bytes: &[u8]) -> Result<Self, AudioError> {
        if bytes.len() < FMT_LEAST {
            return Err(AudioError::ShortFmt {
                got: bytes.len(),
                needed: FMT_LEAST,
            });
        }
        let field = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let code = match field(0) {
            // The first field of a GUID whose other ones are the same for all of these.
            Self::EXTENSIBLE if bytes.len() >= 26 && !is_foreign(bytes) => field(24),
            code => code,
        };
        Ok(Self {
            code,
            channels: field(2),
            sample_rate: u32::from(field(4)) | u32::from(field(6)) << 16,
            block_align: field(12),
            bits: field(14),
        })
    }

    /// Bytes of a sample: as many as its bits need, but 24 bits may stand in 32.
    pub(super) fn bytes(self) -> usize {
        let wide = u32::from(self.block_align) == 4 * u32::from(self.channels);
        match self.bits {
            24 if wide => 4,
            bits => usize::from(bits.div_ceil(8)),
        }
    }
}

/// Whether the sub-format of an extensible header is none of those with a code.
fn is_foreign(fmt: &[u8]) -> bool {
    const REST: [u8; 14] = *b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
    fmt.get(26..40).is_some_and(|rest| rest != REST)
}

impl<R: Read> Riff<R> {
    /// Finds the samples of a RIFF, RF64 or BW64 file.
    pub(super) fn open(mut reader: R) -> Result<Self, AudioError> {
        let head = bytes(&mut reader, 12)?;
        let form = head.get(..4).zip(head.get(8..));
        let Some((b"RIFF" | b"RF64" | b"BW64", b"WAVE")) = form else {
            return Err(AudioError::NotWav {
                found: head.escape_ascii().to_string(),
            });
        };
        let (mut fmt_chunk, mut long) = (None, None);
        let mut odd = false;
        while let Some((id, size)) = chunk(&mut reader, odd)? {
            let mut left = u64::from(size);
            match &id {
                b"data" => {
                    let fmt = fmt_chunk.ok_or(AudioError::MissingChunk { id: "fmt " })?;
                    return Self::at_data(reader, fmt, size, long);
                }
                b"fmt " => {
                    let found = bytes(&mut reader, left.min(FMT))?;
                    left -= found.len() as u64;
                    fmt_chunk = Some(found);
                }
                b"ds64" => {
                    // Sizes of the file and of its data.
                    let found = bytes(&mut reader, left.min(16))?;
                    left -= found.len() as u64;
                    let size = found.last_chunk().filter(|_| found.len() == 16);
                    long = size.map(|size| u64::from_le_bytes(*size));
                }
                _ => {}
            }
            io::copy(&mut reader.by_ref().take(left), &mut io::sink()).map_err(failed)?;
            odd = size % 2 == 1;
        }
        let id = if fmt_chunk.is_none() { "fmt " } else { "data" };
        Err(AudioError::MissingChunk { id })
    }

    /// Behind the header of `data`, whose size stands in `long` where 32 bits cannot hold it.
    fn at_data(
        mut reader: R,
        fmt_chunk: Vec<u8>,
        size: u32,
        long: Option<u64>,
    ) -> Result<Self, AudioError> {
        let mut known = match size {
            UNKNOWN => long.filter(|size| *size != 0),
            size => Some(u64::from(size)),
        };
        let mut head = Vec::new();
        if known == Some(0) {
            // Its writer never came back to fill it in, unless other chunks follow.
            head = bytes(&mut reader, 4)?;
            if CHUNKS.iter().any(|id| id == head.as_slice()) {
                head.clear();
            } else {
                known = None;
            }
        }
        Ok(Self {
            fmt: Fmt::parse(&fmt_chunk)?,
            #[cfg(feature = "symphonia")]
            fmt_chunk,
            data: Cursor::new(head).chain(reader.take(known.unwrap_or(u64::MAX))),
            announced: known.filter(|size| *size < ENDLESS || long.is_some()),
        })
    }

    /// The file once more, with sizes that readers may believe, and the frames that it lacks.
    #[cfg(feature = "symphonia")]
    pub(super) fn rewritten(self) -> Result<(Vec<u8>, u64), AudioError> {
        use super::MAX_DECODED_SAMPLES;
        // Of 64 bits each, as nothing has more.
        const MOST: u64 = 8 * MAX_DECODED_SAMPLES as u64;
        let frame = u64::from(self.fmt.block_align).max(1);
        let odd = self.fmt_chunk.len() % 2;
        let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        file.extend((self.fmt_chunk.len() as u32).to_le_bytes());
        file.extend(self.fmt_chunk);
        file.resize(file.len() + odd, 0);
        file.extend(b"data\0\0\0\0");
        let start = file.len();
        let read = self.data.take(MOST + 1).read_to_end(&mut file);
        let found = read.map_err(failed)? as u64;
        if found > MOST {
            let limit = MAX_DECODED_SAMPLES;
            return Err(AudioError::DecodedTooLong { limit });
        }
        let whole = found / frame * frame;
        file.truncate(start + whole as usize);
        file[start - 4..start].copy_from_slice(&(whole as u32).to_le_bytes());
        let size = file.len() as u32 - 8;
        file[4..8].copy_from_slice(&size.to_le_bytes());
        let announced = self.announced.unwrap_or(0) / frame;
        Ok((file, announced.saturating_sub(whole / frame)))
    }
}

/// Identifier and size of the next chunk, or nothing at the end of the file. A chunk of odd size is
/// followed by a byte of padding, which some writers forget.
fn chunk(reader: &mut impl Read, odd: bool) -> Result<Option<([u8; 4], u32)>, AudioError> {
    let mut head = bytes(reader, if odd { 4 } else { 8 })?;
    if odd {
        let padded = !CHUNKS.iter().any(|id| id == head.as_slice());
        if padded && !head.is_empty() {
            head.remove(0);
        }
        head.extend(bytes(reader, 8 - head.len() as u64)?);
    }
    let Ok([a, b, c, d, size @ ..]) = <[u8; 8]>::try_from(head) else {
        return Ok(None);
    };
    Ok(Some(([a, b, c, d], u32::from_le_bytes(size))))
}

/// Up to so many bytes; fewer at the end of the file.
pub(super) fn bytes(reader: &mut impl Read, most: u64) -> Result<Vec<u8>, AudioError> {
    let mut found = Vec::new();
    let mut start = reader.by_ref().take(most);
    start.read_to_end(&mut found).map_err(failed)?;
    Ok(found)
}

fn failed(source: io::Error) -> AudioError {
    AudioError::Stream {
        source: source.into(),
    }
}
