//! Why an alignment was not possible.

use std::time::Duration;

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
    #[error("the {aligner} aligner knows {supported}, not the language {language:?}")]
    Language {
        /// Name of the aligner.
        aligner: &'static str,
        /// The language asked for.
        language: String,
        /// The languages it knows.
        supported: &'static str,
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
}
