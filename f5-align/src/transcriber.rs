//! What every recogniser can be asked: the text of a recording that nobody wrote down.

use std::{fmt, sync::Arc};

use f5_core::audio::Waveform;

use crate::Cause;

/// Writes down what is said in a recording. With feature `ctc`, `CtcAligner` is one; wrap any other
/// recogniser to use it in the same place.
///
/// ```
/// use f5_align::{TranscribeError, Transcriber};
/// use f5_core::audio::Waveform;
///
/// #[derive(Debug)]
/// struct Archive;
///
/// impl Transcriber for Archive {
///     fn name(&self) -> &'static str {
///         "archive"
///     }
///
///     fn transcribe(&self, audio: &Waveform, _: &str) -> Result<String, TranscribeError> {
///         match audio.samples().len() {
///             0 => Err(TranscribeError::NoAudio),
///             _ => Ok("the words that belong to this recording".to_owned()),
///         }
///     }
/// }
/// ```
pub trait Transcriber: fmt::Debug + Send + Sync {
    /// Short name for reports, such as `ctc`.
    fn name(&self) -> &'static str;

    /// The text of `audio`, spoken in `language` (a BCP 47 tag); never empty.
    ///
    /// # Errors
    ///
    /// A [`TranscribeError`] if there is no audio, or nothing in it that can be understood.
    fn transcribe(&self, audio: &Waveform, language: &str) -> Result<String, TranscribeError>;
}

impl<T: Transcriber + ?Sized> Transcriber for Arc<T> {
    fn name(&self) -> &'static str {
        self.as_ref().name()
    }

    fn transcribe(&self, audio: &Waveform, language: &str) -> Result<String, TranscribeError> {
        self.as_ref().transcribe(audio, language)
    }
}

/// Why a recording could not be transcribed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TranscribeError {
    /// The waveform holds no samples.
    #[error("there is no audio to transcribe")]
    NoAudio,
    /// The transcriber does not know the language.
    #[error("the {transcriber} transcriber knows {supported}, not the language {language:?}")]
    Language {
        /// Name of the transcriber.
        transcriber: &'static str,
        /// The language asked for.
        language: String,
        /// The languages it knows.
        supported: String,
    },
    /// No word was understood.
    #[error(
        "the {transcriber} transcriber understood nothing in the recording; \
         write down yourself what is said in it"
    )]
    NothingHeard {
        /// Name of the transcriber.
        transcriber: &'static str,
    },
    /// The transcriber began and could not finish: a network, a device or a server let it down.
    #[error("the {transcriber} transcriber failed")]
    Failed {
        /// Name of the transcriber.
        transcriber: &'static str,
        /// Whether the same call may succeed later.
        retryable: bool,
        /// What went wrong.
        source: Cause,
    },
}
