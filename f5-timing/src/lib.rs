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
//! Times are absolute and rounded half up once, to the tick of the format; words that round to the
//! same tick share a cue.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod clock;
mod cue;
mod error;
mod format;
mod options;
mod read;
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
