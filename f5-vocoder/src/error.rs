//! What can go wrong between a mel spectrogram and a waveform, with the evidence.

use f5_core::{mel::MelSpec, weights::WeightsError};

/// Result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the vocoder crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration that describes no vocoder.
    #[error("vocoder configuration: {field} is {value}, but must be {expected}")]
    Config {
        /// The field, under its name in the configuration file.
        field: &'static str,
        /// Its value.
        value: usize,
        /// What is allowed.
        expected: &'static str,
    },
    /// The checkpoint cannot be read or does not fit the configuration.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The model speaks another kind of mel spectrogram than the vocoder understands.
    #[error(
        "the vocoder needs mel spectrograms of {expected:?}, the model makes {got:?}; \
         use the vocoder that the model was trained for"
    )]
    MelSpec {
        /// What the vocoder was trained with.
        expected: Box<MelSpec>,
        /// What the model makes.
        got: Box<MelSpec>,
    },
    /// A spectrogram with another number of mel bands.
    #[error("the mel spectrogram has {got} bands, the vocoder needs {expected}")]
    MelBands {
        /// Bands that the vocoder was trained with.
        expected: usize,
        /// Bands given.
        got: usize,
    },
    /// A spectrogram too short to hold a sample.
    #[error("the mel spectrogram has {got} frames, at least {needed} are needed")]
    TooFewFrames {
        /// The fewest frames that make sound.
        needed: usize,
        /// Frames given.
        got: usize,
    },
    /// A batch without rows.
    #[error("the batch is empty")]
    EmptyBatch,
    /// A sample that is not a number came out.
    #[error(
        "row {row}, sample {sample}: the waveform is not finite; the mel spectrogram or the \
         weights are damaged"
    )]
    NotFinite {
        /// Row of the batch.
        row: usize,
        /// First sample at fault.
        sample: usize,
    },
    /// The device could not deliver the spectrum.
    #[error("the device failed while the spectrum was read back")]
    Device(#[source] Box<dyn std::error::Error + Send + Sync>),
}
