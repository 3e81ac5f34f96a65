//! Why an alignment was not possible.

use std::{borrow::Cow, error::Error, fmt, sync::Arc, time::Duration};

use crate::LinkReport;

/// Why an alignment was not possible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AlignError {
    /// The waveform holds no samples.
    #[error("there is no audio to align {words} words with")]
    NoAudio {
        /// Words of the text.
        words: usize,
    },
    /// The audio is shorter than the words can be spoken in.
    #[error("{words} words need at least {needed:?} of audio, but there is {duration:?}")]
    TooShort {
        /// Words of the text.
        words: usize,
        /// Length of the audio.
        duration: Duration,
        /// The least this aligner needs for the text.
        needed: Duration,
    },
    /// The aligner does not know the language.
    #[error(
        "the {aligner} aligner knows {supported}, not the language {language:?}; \
         add an aligner that does, or use the energy aligner"
    )]
    Language {
        /// Name of the aligner.
        aligner: &'static str,
        /// The language asked for.
        language: String,
        /// The languages it knows.
        supported: Cow<'static, str>,
    },
    /// No word of the text can be spoken in the language.
    #[error("none of the {words} words of the text can be spoken in the language")]
    NothingSpoken {
        /// Words of the text.
        words: usize,
    },
    /// The aligner's model cannot be read.
    #[error("the data are not a model of this aligner, or damaged; train_aligner writes models")]
    Model,
    /// Something the aligner needs is not here: weights, credentials, the caller's consent.
    #[error("the {aligner} aligner cannot work here: {reason}; {remedy}")]
    Unavailable {
        /// Name of the aligner.
        aligner: &'static str,
        /// What is missing.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// The aligner began and could not finish: a network, a device or a server let it down.
    #[error("the {aligner} aligner failed")]
    Failed {
        /// Name of the aligner.
        aligner: &'static str,
        /// Whether the same call may succeed later.
        retryable: bool,
        /// What went wrong.
        source: Cause,
    },
    /// An aligner gave another number of times than there are words, or one that is not a number.
    #[error("the {aligner} aligner gave {spans} usable times for {words} words")]
    Broken {
        /// Name of the aligner.
        aligner: &'static str,
        /// Words of the text.
        words: usize,
        /// Times that were given and are numbers.
        spans: usize,
    },
    /// No link of a chain gave an answer, the last one included.
    #[error("no link of the chain could align the text{}", LinkReport::list(.trail))]
    NoLink {
        /// What each link said, in order.
        trail: Vec<LinkReport>,
    },
}

/// An error of whatever an aligner is built on. Equal to another one that says the same.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Keeps `error` with its own sources.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }

    /// The error itself, where it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}
