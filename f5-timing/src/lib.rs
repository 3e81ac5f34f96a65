//! Subtitle and word-timing formats: readers, writers and cue segmentation.
//!
//! A [`Track`] holds words and their times, checked once; every [`TimingFormat`] writes it to
//! anything that takes bytes, in constant memory.
//!
//! ```
//! use f5_timing::{TimingFormat, Track};
//!
//! let track = Track::from_seconds([("Hello,", 0.25, 0.6), ("world!", 0.6, 1.1)])?;
//! let mut srt = Vec::new();
//! track.write(TimingFormat::Srt, &mut srt)?;
//! assert!(srt.starts_with(b"1\n00:00:00,250 --> 00:00:00,600\nHello,\n\n"));
//! # Ok::<(), f5_timing::TimingError>(())
//! ```
//!
//! | format | times | words | lenient reading takes too |
//! |---|---|---|---|
//! | SRT | 1 ms | cleaned; U+2060 keeps `-->` and tags out, tags are read as nothing | `.` for `,`, any width of fields, no number, text behind the times |
//! | WebVTT | 1 ms | cleaned, `&` `<` `>` escaped | arrows without spaces or in a text, cues with bad times (left out) |
//! | ASS | 10 ms | cleaned, `{` `}` `\` escaped | fields of any width, no `Format` line, no sections in front |
//! | CSV | 1 ms | exact, RFC 4180, optional formula guard | `;` and tabs, stray quotes, short rows, other column names |
//! | JSON, JSON Lines | 1 ms | exact | any of the JSON layouts, NaN and Infinity (refused by word), lone surrogates |
//! | Whisper, WhisperX | 1 ms | exact | as JSON |
//! | TSV | 1 ms | cleaned | no header, no text |
//! | LRC | 10 ms, starts | cleaned, U+2060 behind `[` and `<` | lines without stamps, any number of decimals |
//! | TextGrid | 1 µs | cleaned, `"` doubled | intervals that do not tile |
//! | Audacity | 1 µs | cleaned | decimal commas, no label |
//! | SBV | 1 ms | cleaned | fields of any width, lines that are no cue |
//! | TTML | 1 ms | cleaned, XML escaped | frames and ticks, paragraphs without end, open elements |
//!
//! Cleaned: outer white space gone, line breaks and controls one space, blank words left out (labels
//! keep them). [`WriteOptions`] chooses readable cues, karaoke, highlights; [`StreamWriter`] writes
//! while words still come; [`TimingFormat::parse`] and [`Document`] read.
//!
//! Times are absolute and rounded half up once, to the tick of the format; words that round to the
//! same tick share a cue.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod clock;
mod cue;
mod error;
mod format;
mod options;
mod read;
mod speaker;
mod stream;
mod text;
mod time;
mod track;
mod write;

pub use cue::CueOptions;
pub use error::{Result, TimeField, TimingError};
pub use format::TimingFormat;
pub use options::{CueMode, Karaoke, MissingTimes, ReadOptions, WriteOptions};
pub use read::{Cue, CueWord, Document};
pub use stream::StreamWriter;
pub use time::MAX_SECONDS;
pub use track::{Track, WordRef};
