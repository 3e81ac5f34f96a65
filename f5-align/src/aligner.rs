//! What every aligner can be asked.

use std::{fmt, sync::Arc};

use f5_core::audio::Waveform;

use crate::{AlignError, Alignment};

/// Finds when each word of a known text was spoken.
///
/// An answer holds every word of the text as [`split_words`](crate::split_words) cuts it, in order,
/// without overlap and inside the audio; a word is never left out. The same input always gives the
/// same answer, unless a server gives it.
///
/// To write one, give the place of each word to [`Alignment::new`], which keeps these promises.
pub trait Aligner: fmt::Debug + Send + Sync {
    /// Short name for reports, such as `hmm`.
    fn name(&self) -> &'static str;

    /// Whether this aligner can work here and in this language (a BCP 47 tag such as `en` or
    /// `zh-CN`), without looking at any audio.
    ///
    /// # Errors
    ///
    /// The reason why it cannot and what to do about it, as [`align`](Self::align) would give it:
    /// [`AlignError::Language`], [`AlignError::Model`], [`AlignError::Unavailable`].
    fn preflight(&self, language: &str) -> Result<(), AlignError>;

    /// Aligns `text`, spoken in `language` (a BCP 47 tag), with `audio`.
    ///
    /// A text without words gives an alignment without words.
    ///
    /// # Errors
    ///
    /// Those of [`preflight`](Self::preflight), and [`AlignError`]s about the audio: none at all, or
    /// too little of it for the text.
    fn align(&self, audio: &Waveform, text: &str, language: &str) -> Result<Alignment, AlignError>;
}

impl<A: Aligner + ?Sized> Aligner for Arc<A> {
    fn name(&self) -> &'static str {
        self.as_ref().name()
    }

    fn preflight(&self, language: &str) -> Result<(), AlignError> {
        self.as_ref().preflight(language)
    }

    fn align(&self, audio: &Waveform, text: &str, language: &str) -> Result<Alignment, AlignError> {
        self.as_ref().align(audio, text, language)
    }
}
