//! One error for the whole engine: what kind it is, and the crate's error with the evidence behind it.

use std::{error::Error as StdError, fmt, path::PathBuf};

use f5_align::{AlignError, TranscribeError};
use f5_core::{
    audio::AudioError,
    mel::MelError,
    text::{TextError, UnknownChar},
    weights::WeightsError,
};
use f5_runtime::{device::DevicePreference, fallback::FallbackError};
use f5_timing::TimingError;

use crate::{device::Unfit, dub::DubError, edit::EditError, script::ScriptError};

/// Result of the engine's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the engine.
///
/// [`kind`](Error::kind) is what a program decides by; the message and
/// [`source`](std::error::Error::source) are for people.
#[derive(Debug)]
pub struct Error(Box<Repr>);

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Audio, text or a parameter that cannot be used: the caller can change it.
    InvalidInput,
    /// A file of the model is not where it should be.
    MissingModel,
    /// A file of the model is damaged, contradicts itself or belongs to another model.
    CorruptModel,
    /// No device of the wanted kind can be used, or it failed.
    Device,
    /// The device has too little memory, and no other one was allowed or available.
    OutOfMemory,
    /// A file could not be read or written.
    Io,
    /// The words could not be placed in the audio.
    Alignment,
    /// A recording without text could not be transcribed.
    Transcription,
    /// The caller stopped the run.
    Cancelled,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Repr {
    #[error(transparent)]
    Audio(#[from] AudioError),
    #[error(transparent)]
    Mel(#[from] MelError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Model(#[from] f5_model::Error),
    #[error(transparent)]
    Vocoder(#[from] f5_vocoder::Error),
    #[error(transparent)]
    Align(#[from] AlignError),
    #[error("cannot tell what is said in ref_audio")]
    Transcribe(#[from] TranscribeError),
    #[error(transparent)]
    Timing(#[from] TimingError),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Dub(#[from] DubError),
    #[error("{name} is {value}, but must be {expected}")]
    Parameter {
        name: &'static str,
        value: f64,
        expected: &'static str,
    },
    #[error("{name} is empty; {remedy}")]
    EmptyText {
        name: &'static str,
        remedy: &'static str,
    },
    #[error(
        "the model's vocabulary has none of the {} characters of {name} ({}); \
         it was trained for another language or alphabet",
        unknown.len(),
        listed(unknown)
    )]
    AllUnknown {
        name: &'static str,
        unknown: Vec<UnknownChar>,
    },
    #[error(transparent)]
    Script(#[from] ScriptError),
    #[error(
        "{option} needs the whole audio and cannot be streamed; switch it off or use synthesize"
    )]
    NotStreamable { option: &'static str },
    #[error("there is no {what} at {path}; {remedy}")]
    MissingFile {
        what: &'static str,
        path: PathBuf,
        remedy: &'static str,
    },
    #[error("{path} holds {found} checkpoints ({names}); name the one to load model.safetensors")]
    AmbiguousModel {
        path: PathBuf,
        found: usize,
        names: String,
    },
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[cfg(feature = "plot")]
    #[error("cannot write {path}")]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the vocoder configuration {path} is malformed")]
    VocoderConfig {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("no usable device: {0}")]
    Device(FallbackError<Unfit>),
    #[error("cannot set up the CPU engine")]
    Cpu(#[source] Box<dyn StdError + Send + Sync>),
    #[error(
        "{device} ran out of memory: {message}; end other programs on it, speak shorter texts, or \
         allow another device with allow_fallback"
    )]
    OutOfMemory {
        device: DevicePreference,
        message: String,
    },
    #[error("cannot draw a seed from the operating system")]
    Seed(#[source] Box<dyn StdError + Send + Sync>),
}

/// The first few unknown characters and where they stand.
fn listed(unknown: &[UnknownChar]) -> String {
    const SHOWN: usize = 5;
    let mut text: Vec<String> = unknown
        .iter()
        .take(SHOWN)
        .map(|u| format!("{:?} at {}", u.ch, u.at))
        .collect();
    if unknown.len() > SHOWN {
        text.push("...".to_owned());
    }
    text.join(", ")
}

impl Error {
    /// What kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        use f5_model::{ConfigError, Error as Model, SampleError};
        match self.0.as_ref() {
            Repr::Audio(error) => match error.without_path() {
                AudioError::Read { .. } | AudioError::Write { .. } | AudioError::Stream { .. } => {
                    ErrorKind::Io
                }
                _ => ErrorKind::InvalidInput,
            },
            Repr::Mel(_) => ErrorKind::InvalidInput,
            Repr::Text(error) => match error {
                TextError::ReadVocab { .. } => ErrorKind::MissingModel,
                TextError::VocabNotUtf8 { .. }
                | TextError::VocabFile { .. }
                | TextError::EmptyVocab
                | TextError::VocabFirstLine { .. } => ErrorKind::CorruptModel,
                _ => ErrorKind::InvalidInput,
            },
            Repr::Model(Model::Weights(error))
            | Repr::Vocoder(f5_vocoder::Error::Weights(error)) => weights_kind(error),
            Repr::Model(Model::Config(ConfigError::Missing { .. })) => ErrorKind::MissingModel,
            Repr::Model(Model::Config(ConfigError::UnknownPreset { .. })) => {
                ErrorKind::InvalidInput
            }
            Repr::Model(Model::Config(_)) | Repr::VocoderConfig { .. } => ErrorKind::CorruptModel,
            Repr::Model(Model::Sample(error)) => match error {
                SampleError::Cancelled { .. } => ErrorKind::Cancelled,
                SampleError::Device(_) => ErrorKind::Device,
                SampleError::NotFinite { .. } => ErrorKind::CorruptModel,
                _ => ErrorKind::InvalidInput,
            },
            Repr::Vocoder(f5_vocoder::Error::Device(_)) => ErrorKind::Device,
            Repr::Vocoder(_) | Repr::AmbiguousModel { .. } => ErrorKind::CorruptModel,
            Repr::MissingFile { .. } => ErrorKind::MissingModel,
            Repr::Align(_) => ErrorKind::Alignment,
            Repr::Transcribe(_) => ErrorKind::Transcription,
            #[cfg(feature = "plot")]
            Repr::Write { .. } => ErrorKind::Io,
            Repr::Timing(_) | Repr::Read { .. } | Repr::Seed(_) => ErrorKind::Io,
            Repr::Script(error) => error.kind(),
            Repr::Dub(error) => error.kind(),
            Repr::Edit(_)
            | Repr::Parameter { .. }
            | Repr::EmptyText { .. }
            | Repr::AllUnknown { .. }
            | Repr::NotStreamable { .. } => ErrorKind::InvalidInput,
            Repr::Device(_) | Repr::Cpu(_) => ErrorKind::Device,
            Repr::OutOfMemory { .. } => ErrorKind::OutOfMemory,
            Repr::Model(_) => ErrorKind::CorruptModel,
        }
    }
}

fn weights_kind(error: &WeightsError) -> ErrorKind {
    match error {
        WeightsError::Open { .. } => ErrorKind::MissingModel,
        WeightsError::Read { .. } => ErrorKind::Io,
        _ => ErrorKind::CorruptModel,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl<E: Into<Repr>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

/// Refuses a parameter unless it is a positive, finite number.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Repr::Parameter {
        name,
        value,
        expected: "a positive number",
    }
    .into())
}

/// What an error says, and what the errors behind it say.
pub(crate) fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
