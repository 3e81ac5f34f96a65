//! What can be wrong with the files of a CTC network, and with the device that computes it.

use std::path::PathBuf;

use f5_core::weights::WeightsError;

/// Why a CTC network cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A file is not the JSON that it should be.
    #[error("{} is not what transformers writes for a wav2vec2 network", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        source: serde_json::Error,
    },
    /// The network has parts or sizes that this crate's does not.
    #[error(
        "config.json has {got} for {field}, which this crate does not compute; it knows {supported}"
    )]
    Unsupported {
        /// The entry of `config.json`.
        field: &'static str,
        /// Its value.
        got: String,
        /// What it may be.
        supported: &'static str,
    },
    /// The network does not write characters.
    #[error(
        "{} has no single characters among {tokens} tokens; a network that writes letters is needed, \
         not one that writes phonemes or syllables",
        path.display()
    )]
    NoCharacters {
        /// The vocabulary.
        path: PathBuf,
        /// Tokens that it has.
        tokens: usize,
    },
    /// The weights do not fit.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// The device broke off while the network heard audio: Burn and CubeCL panic where memory is used up
/// or a device is lost. It is the cause of [`AlignError::Failed`](crate::AlignError::Failed) and
/// [`TranscribeError::Failed`](crate::TranscribeError::Failed).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the network broke off: {message}; end other programs on its device or load it onto another"
)]
#[non_exhaustive]
pub struct NetworkPanic {
    /// What Burn said.
    pub message: String,
}
