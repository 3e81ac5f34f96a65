//! What can be wrong with a vocabulary, a text or the numbers that turn text into durations.

use std::{io, path::PathBuf};

use thiserror::Error;

/// An error of the [`text`](crate::text) module.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TextError {
    /// A vocabulary file could not be read.
    #[error("cannot read vocabulary {}", path.display())]
    ReadVocab {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A vocabulary file is not UTF-8 text.
    #[error("vocabulary {} is not UTF-8 at byte {at}; save it as UTF-8", path.display())]
    VocabNotUtf8 {
        /// The file.
        path: PathBuf,
        /// First byte that is not UTF-8.
        at: usize,
    },
    /// A vocabulary file was read, but its lines are no vocabulary.
    #[error("vocabulary {} is not usable", path.display())]
    VocabFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with its lines.
        #[source]
        source: Box<TextError>,
    },
    /// A vocabulary without a single line.
    #[error("the vocabulary is empty; expected one token a line, the first a single space")]
    EmptyVocab,
    /// Id 0 stands for the space and for unknown characters, so line 1 must be a single space.
    #[error("line 1 of the vocabulary must be a single space, found {found:?}")]
    VocabFirstLine {
        /// The line that stands there.
        found: String,
    },
    /// Two lines of a vocabulary are equal, so the ids no longer match the embedding rows.
    #[error("token {token:?} stands on line {first} and again on line {second} of the vocabulary")]
    DuplicateToken {
        /// The token.
        token: String,
        /// Its first line, counted from 1.
        first: usize,
        /// The line that repeats it, counted from 1.
        second: usize,
    },
    /// A pronunciation override that says nothing.
    #[error("pronunciation override {entry:?}: expected {expected}")]
    Override {
        /// The entry.
        entry: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A text has no characters to speak.
    #[error("{name} is empty")]
    EmptyText {
        /// Which text, by upstream's name.
        name: &'static str,
    },
    /// A number outside the values it can take.
    #[error("{name} must be {expected}, got {got}")]
    OutOfRange {
        /// Which number, by upstream's name.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        got: f64,
    },
    /// A duration that no network could take.
    #[error(
        "the text would last {frames} frames; split it, raise the speed, or check that ref_text \
         holds all that ref_audio says"
    )]
    TooLong {
        /// The frames that the rule gives.
        frames: f64,
    },
    /// `fix_duration` counts the reference, and leaves nothing for the text.
    #[error(
        "fix_duration {fix_duration} s leaves no time after the reference of {ref_seconds} s, \
         which it includes"
    )]
    FixDurationTooShort {
        /// What was asked for, in seconds.
        fix_duration: f64,
        /// Length of the reference in seconds.
        ref_seconds: f64,
    },
}
