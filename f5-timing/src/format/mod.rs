//! The formats, one file each, and the names they go by.

mod srt;

use std::{fmt, path::Path, str::FromStr};

use crate::{
    cue::CueView,
    error::{Result, TimingError},
    options::WriteOptions,
    time,
    track::Track,
};

/// A file format for word times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimingFormat {
    /// SubRip, `.srt`.
    Srt,
}

/// Format, names (the first is the display name), extension and MIME type.
type Row = (
    TimingFormat,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const TABLE: &[Row] = &[(
    TimingFormat::Srt,
    &["srt", "subrip"],
    "srt",
    "application/x-subrip",
)];

impl TimingFormat {
    pub(crate) const NAMES: &'static str = "srt";

    /// Every format.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// The format files with this extension have; a leading dot and letter case do not matter.
    ///
    /// # Errors
    ///
    /// If no format has it.
    pub fn from_extension(extension: &str) -> Result<Self> {
        let name = extension.strip_prefix('.').unwrap_or(extension);
        TABLE
            .iter()
            .find(|row| row.2.eq_ignore_ascii_case(name))
            .or_else(|| {
                TABLE
                    .iter()
                    .find(|row| row.1.iter().any(|n| n.eq_ignore_ascii_case(name)))
            })
            .map(|row| row.0)
            .ok_or_else(|| TimingError::UnknownFormat {
                name: extension.to_owned(),
            })
    }

    /// The format of a file, by the extension of its path.
    ///
    /// # Errors
    ///
    /// If the path has no extension or one that no format has.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(extension) => Self::from_extension(extension),
            None => Err(TimingError::UnknownFormat {
                name: path.display().to_string(),
            }),
        }
    }

    /// Name of the format; [`FromStr`] reads it back.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1[0]
    }

    /// Usual file extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.row().2
    }

    /// MIME type.
    #[must_use]
    pub fn mime_type(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0])
    }

    pub(crate) fn writer(self, options: &WriteOptions) -> Box<dyn FormatWriter> {
        match self {
            Self::Srt => Box::new(srt::Writer::new(options)),
        }
    }
}

impl fmt::Display for TimingFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TimingFormat {
    type Err = TimingError;

    fn from_str(name: &str) -> Result<Self> {
        TABLE
            .iter()
            .find(|row| row.1.iter().any(|n| n.eq_ignore_ascii_case(name)))
            .map(|row| row.0)
            .ok_or_else(|| TimingError::UnknownFormat {
                name: name.to_owned(),
            })
    }
}

/// What a writer is shown of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Every word, blank ones too.
    Words,
    /// Cues whose times are whole ticks.
    Cues(Tick),
}

/// The smallest time a format can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    Micro,
    Milli,
    Centi,
}

impl Tick {
    /// Rounds an absolute time to ticks, halves up.
    #[inline]
    pub(crate) fn round(self, nanos: u64) -> u64 {
        match self {
            Self::Micro => time::ticks::<{ time::MICRO }>(nanos),
            Self::Milli => time::ticks::<{ time::MILLI }>(nanos),
            Self::Centi => time::ticks::<{ time::CENTI }>(nanos),
        }
    }
}

/// What is known before the first word.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) language: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    /// All words, unless they are streamed.
    pub(crate) track: Option<&'a Track>,
}

/// One format being written; everything goes to a buffer that the driver empties.
///
/// Calls come in this order: `begin`, the words or cues of `first`, `between` and the words or
/// cues of `second` where the format has a second pass, `end`.
pub(crate) trait FormatWriter: fmt::Debug + Send {
    fn first(&self) -> Pass;

    /// Formats with a second pass cannot be streamed.
    fn second(&self) -> Option<Pass> {
        None
    }

    fn begin(&mut self, _buf: &mut Vec<u8>, _head: &Head<'_>) {}

    fn word(&mut self, _buf: &mut Vec<u8>, _track: &Track, _index: usize, _number: usize) {}

    fn cue(&mut self, _buf: &mut Vec<u8>, _cue: &CueView<'_>) {}

    fn between(&mut self, _buf: &mut Vec<u8>) {}

    /// `duration` in nanoseconds.
    fn end(&mut self, _buf: &mut Vec<u8>, _duration: u64) {}
}
