//! What can go wrong, with the evidence: which word, which field, which line.

use std::{fmt, io, path::PathBuf};

use crate::TimingFormat;

/// Result of everything in this crate that can fail.
pub type Result<T, E = TimingError> = std::result::Result<T, E>;

/// Which time of a word an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeField {
    /// When the word starts.
    Start,
    /// When the word ends.
    End,
}

impl fmt::Display for TimeField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::End => "end",
        })
    }
}

/// Why times were refused, a file could not be read or could not be written.
///
/// Word indices count from 0; times are seconds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TimingError {
    /// A time is NaN or infinite.
    #[error("word {index}: {field} is {value}, expected a finite number of seconds")]
    NotFinite {
        /// Index of the word.
        index: usize,
        /// The time at fault.
        field: TimeField,
        /// Its value.
        value: f64,
    },
    /// A time lies before the beginning of the audio.
    #[error("word {index}: {field} is {value} s, expected zero or more")]
    Negative {
        /// Index of the word.
        index: usize,
        /// The time at fault.
        field: TimeField,
        /// Its value.
        value: f64,
    },
    /// A time is beyond what the crate counts ([`MAX_SECONDS`](crate::MAX_SECONDS)).
    #[error("word {index}: {field} is {value} s, expected at most {limit} s")]
    TooLate {
        /// Index of the word.
        index: usize,
        /// The time at fault.
        field: TimeField,
        /// Its value.
        value: f64,
        /// The limit.
        limit: u64,
    },
    /// A word carries no such time.
    #[error("word {index}: {field} is missing; interpolate it or leave the word out")]
    Missing {
        /// Index of the word.
        index: usize,
        /// The time that is not there.
        field: TimeField,
    },
    /// A word ends before it starts.
    #[error("word {index}: end {end} s is before start {start} s")]
    EndBeforeStart {
        /// Index of the word.
        index: usize,
        /// Its start.
        start: f64,
        /// Its end.
        end: f64,
    },
    /// A word starts before the word in front of it has ended.
    #[error(
        "word {index}: start {start} s overlaps the previous word, which ends at {previous_end} s"
    )]
    Overlap {
        /// Index of the word.
        index: usize,
        /// Its start.
        start: f64,
        /// End of the word before.
        previous_end: f64,
    },
    /// A word starts before the word in front of it starts.
    #[error(
        "word {index}: start {start} s is out of order, the previous word starts at {previous_start} s"
    )]
    OutOfOrder {
        /// Index of the word.
        index: usize,
        /// Its start.
        start: f64,
        /// Start of the word before.
        previous_start: f64,
    },
    /// A score is NaN or infinite.
    #[error("word {index}: score is {value}, expected a finite number")]
    BadScore {
        /// Index of the word.
        index: usize,
        /// Its score.
        value: f32,
    },
    /// The audio is said to end before its last word does.
    #[error("duration {duration} s is shorter than the last word, which ends at {last_end} s")]
    DurationTooShort {
        /// The duration given.
        duration: f64,
        /// End of the last word.
        last_end: f64,
    },
    /// No timing format has this name or extension.
    #[error(
        "unknown timing format {name:?}, expected one of {}",
        TimingFormat::NAMES
    )]
    UnknownFormat {
        /// What was asked for.
        name: String,
    },
    /// The text given is not in the format.
    #[error("{format}, line {line}, column {column}: {reason}")]
    Syntax {
        /// The format it was read as.
        format: TimingFormat,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The format names totals before its first word, so it cannot be written word by word.
    #[error("{format} cannot be streamed, collect a track and write that")]
    NotStreamable {
        /// The format asked for.
        format: TimingFormat,
    },
    /// The sink refused the bytes.
    #[error("could not write the timing file")]
    Write(#[source] io::Error),
    /// A file could not be written, replaced or read.
    #[error("could not {action} {}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
