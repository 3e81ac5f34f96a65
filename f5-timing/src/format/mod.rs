//! The formats, one file each, and the names they go by.

mod ass;
mod audacity;
mod csv;
mod json;
mod lrc;
mod sbv;
mod srt;
mod textgrid;
mod tsv;
mod ttml;
mod vtt;

use std::{fmt, path::Path, str::FromStr};

use crate::{
    cue::CueView,
    error::{Result, TimingError},
    options::{ReadOptions, WriteOptions},
    read::Document,
    time,
    track::Track,
};

/// A file format for word times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimingFormat {
    /// SubRip, `.srt`.
    Srt,
    /// WebVTT, `.vtt`.
    Vtt,
    /// Advanced SubStation Alpha, `.ass`.
    Ass,
    /// Comma-separated values, `.csv`.
    Csv,
    /// This crate's JSON, `.json`.
    Json,
    /// JSON Lines, one word a line, `.jsonl`.
    JsonLines,
    /// WhisperX's JSON; words are grouped into segments.
    WhisperX,
    /// Whisper's JSON; words are grouped into segments.
    Whisper,
    /// Whisper's tab-separated values, `.tsv`.
    Tsv,
    /// Lyrics, `.lrc`; enhanced with [`WriteOptions::karaoke`].
    Lrc,
    /// Praat's TextGrid, `.TextGrid`.
    TextGrid,
    /// Audacity's labels, `.txt`.
    Audacity,
    /// YouTube's SubViewer, `.sbv`.
    Sbv,
    /// TTML, IMSC 1.1 text profile, `.ttml`.
    Ttml,
}

/// Format, names (the first is the display name), extension and MIME type.
type Row = (
    TimingFormat,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const TABLE: &[Row] = &[
    (
        TimingFormat::Srt,
        &["srt", "subrip"],
        "srt",
        "application/x-subrip",
    ),
    (TimingFormat::Vtt, &["vtt", "webvtt"], "vtt", "text/vtt"),
    (TimingFormat::Ass, &["ass", "ssa"], "ass", "text/x-ssa"),
    (TimingFormat::Csv, &["csv"], "csv", "text/csv"),
    (TimingFormat::Json, &["json"], "json", "application/json"),
    (
        TimingFormat::JsonLines,
        &["jsonl", "ndjson"],
        "jsonl",
        "application/jsonl",
    ),
    (
        TimingFormat::WhisperX,
        &["whisperx", "whisperx.json"],
        "whisperx.json",
        "application/json",
    ),
    (
        TimingFormat::Whisper,
        &["whisper", "whisper.json"],
        "whisper.json",
        "application/json",
    ),
    (
        TimingFormat::Tsv,
        &["tsv"],
        "tsv",
        "text/tab-separated-values",
    ),
    (TimingFormat::Lrc, &["lrc"], "lrc", "text/plain"),
    (
        TimingFormat::TextGrid,
        &["textgrid", "praat"],
        "TextGrid",
        "text/plain",
    ),
    (
        TimingFormat::Audacity,
        &["audacity", "labels"],
        "txt",
        "text/plain",
    ),
    (TimingFormat::Sbv, &["sbv"], "sbv", "text/plain"),
    (
        TimingFormat::Ttml,
        &["ttml", "imsc", "dfxp"],
        "ttml",
        "application/ttml+xml",
    ),
];

impl TimingFormat {
    pub(crate) const NAMES: &'static str = "srt, vtt, ass, csv, json, jsonl, whisperx, whisper, tsv, lrc, \
         textgrid, audacity, sbv, ttml";

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
        // `talk.whisperx.json` has two extensions, and the longer one says more.
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let double = name.rsplitn(3, '.').take(2).collect::<Vec<_>>();
        if let [last, before] = double[..]
            && let Ok(format) = Self::from_extension(&format!("{before}.{last}"))
        {
            return Ok(format);
        }
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
            Self::Vtt => Box::new(vtt::Writer::new(options)),
            Self::Ass => Box::new(ass::Writer::new(options)),
            Self::Csv => Box::new(csv::Writer::new(options)),
            Self::Json => Box::new(json::OwnWriter::new(options)),
            Self::JsonLines => Box::new(json::LinesWriter::new(options)),
            Self::WhisperX => Box::new(json::WhisperWriter::new(json::Flavour::WhisperX)),
            Self::Whisper => Box::new(json::WhisperWriter::new(json::Flavour::Whisper)),
            Self::Tsv => Box::new(tsv::Writer),
            Self::Lrc => Box::new(lrc::Writer::new(options)),
            Self::TextGrid => Box::new(textgrid::Writer::default()),
            Self::Audacity => Box::new(audacity::Writer::new(options)),
            Self::Sbv => Box::new(sbv::Writer::new()),
            Self::Ttml => Box::new(ttml::Writer::new(options)),
        }
    }

    pub(crate) fn read(self, text: &str, options: &ReadOptions) -> Result<Document> {
        match self {
            Self::Srt => srt::read(text, options),
            Self::Vtt => vtt::read(text, options),
            Self::Ass => ass::read(text, options),
            Self::Csv => csv::read(text, options),
            Self::Json | Self::WhisperX | Self::Whisper => json::read(self, text, options),
            Self::JsonLines => json::read_lines(text, options),
            Self::Tsv => tsv::read(text, options),
            Self::Lrc => lrc::read(text, options),
            Self::TextGrid => textgrid::read(text, options),
            Self::Audacity => audacity::read(text, options),
            Self::Sbv => sbv::read(text, options),
            Self::Ttml => ttml::read(text, options),
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
    /// Nanoseconds; 0 where words are streamed.
    pub(crate) duration: u64,
}

/// One format being written; everything goes to a buffer that the driver empties.
///
/// Calls come in this order: `count` for every cue where the format wants them counted, `begin`,
/// the words or cues of `first`, `between` and the words or cues of `second` where the format has
/// a second pass, `end`.
pub(crate) trait FormatWriter: fmt::Debug + Send {
    fn first(&self) -> Pass;

    /// Formats with a second pass cannot be streamed.
    fn second(&self) -> Option<Pass> {
        None
    }

    /// Formats that name the number of cues first cannot be streamed.
    fn is_counted(&self) -> bool {
        false
    }

    /// Whether cues are lines of text even where one word per cue is the default.
    fn is_segmented(&self) -> bool {
        false
    }

    /// Whether a cue has to fit one line of the file.
    fn is_single_line(&self) -> bool {
        false
    }

    /// Whether the format can mark a word of a cue.
    fn highlights(&self) -> bool {
        false
    }

    fn count(&mut self, _cue: &CueView<'_>) {}

    fn begin(&mut self, _buf: &mut Vec<u8>, _head: &Head<'_>) {}

    fn word(&mut self, _buf: &mut Vec<u8>, _track: &Track, _index: usize) {}

    fn cue(&mut self, _buf: &mut Vec<u8>, _cue: &CueView<'_>) {}

    fn between(&mut self, _buf: &mut Vec<u8>) {}

    /// `duration` in nanoseconds.
    fn end(&mut self, _buf: &mut Vec<u8>, _duration: u64) {}
}
