//! What can be wrong with a script, and where.

use std::{fmt, path::PathBuf};

use crate::error::{Error, ErrorKind};

/// A place in the text of a script, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScriptPlace {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for ScriptPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A script that cannot be performed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// A bracket that nothing closes.
    #[error("{at}: nothing closes this {bracket}; write \\{bracket} for the character itself")]
    Unclosed {
        /// Where the bracket stands.
        at: ScriptPlace,
        /// The bracket.
        bracket: char,
    },
    /// A tag that is neither a voice nor a pause.
    #[error(
        "{at}: [{tag}] is neither a voice, whose name has letters, digits and _ only, nor a pause \
         such as [pause 400ms]; write \\[ for the bracket itself"
    )]
    Tag {
        /// Where the tag stands.
        at: ScriptPlace,
        /// What is in it.
        tag: String,
    },
    /// A pause without a length, or with one that is none.
    #[error(
        "{at}: [{tag}] is no pause; expected a length up to an hour such as [pause 400ms] or [pause 1.5s]"
    )]
    Pause {
        /// Where the pause stands.
        at: ScriptPlace,
        /// What is in it.
        tag: String,
    },
    /// A style that is not JSON, or holds something else than a style.
    #[error(
        "{at}: this style is malformed; expected such as {{\"name\": \"town\", \"seed\": 7, \"speed\": 0.9}}, \
         of which seed and speed may be absent"
    )]
    Style {
        /// Where the reader gave up.
        at: ScriptPlace,
        /// What the reader says.
        source: serde_json::Error,
    },
    /// A style whose seed or speed cannot be used.
    #[error("{at}: {name} is {value}, but must be {expected}")]
    Value {
        /// Where the style begins.
        at: ScriptPlace,
        /// Which one.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is expected.
        expected: &'static str,
    },
    /// A voice that the cast does not have.
    #[error("{at}: there is no voice {name:?}; the cast has {}", listed(known))]
    UnknownVoice {
        /// Where the line begins.
        at: ScriptPlace,
        /// The name in the script.
        name: String,
        /// The names of the cast.
        known: Vec<String>,
    },
    /// A line without a voice in a cast that has no `main`.
    #[error(
        "{at}: nobody is named here; name one of {} or add a voice main",
        listed(known)
    )]
    NoMainVoice {
        /// Where the line begins.
        at: ScriptPlace,
        /// The names of the cast.
        known: Vec<String>,
    },
    /// A line that cannot be spoken.
    #[error("{at}: the line that begins here cannot be spoken")]
    Line {
        /// Where the line begins.
        at: ScriptPlace,
        /// Why.
        source: Box<Error>,
    },
    /// Nothing is said.
    #[error(
        "nobody says anything in the script; give it some words, in a file as gen_text or gen_file"
    )]
    Empty,
    /// A TOML file that is malformed or has a key that no script has.
    #[error("{path} is no script")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// A JSON file that is malformed or has a key that no script has.
    #[error("{path} is no script")]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: serde_json::Error,
    },
    /// What is wrong with the text of a file.
    #[error("{text}: {source}")]
    Within {
        /// The file, or its key that holds the text.
        text: String,
        /// Lines are counted from the beginning of the text.
        source: Box<ScriptError>,
    },
    /// A file that does not say what its main voice is.
    #[error("the script has no voices; give ref_audio and ref_text, or [voices.NAME]")]
    NoVoices,
    /// A file that cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl ScriptError {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } => ErrorKind::Io,
            Self::Line { source, .. } => source.kind(),
            _ => ErrorKind::InvalidInput,
        }
    }

    /// The same, of a text that stands there.
    pub(super) fn within(self, text: impl fmt::Display) -> Self {
        Self::Within {
            text: text.to_string(),
            source: Box::new(self),
        }
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "no voices".to_owned(),
        names => names.join(", "),
    }
}
