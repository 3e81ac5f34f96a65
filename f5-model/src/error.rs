//! What can go wrong between a checkpoint and a sampled mel, with the evidence.

use std::path::PathBuf;

use f5_core::weights::WeightsError;

/// Result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the model crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model configuration is absent or describes no network.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The checkpoint cannot be read or does not fit the network.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The sampler was asked for something it cannot do.
    #[error(transparent)]
    Sample(#[from] SampleError),
}

/// What is wrong with a model configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no configuration file.
    #[error(
        "no model configuration at {path}: the weights alone do not tell version 0 from version 1, \
         so write a config.json or name a released model ({})",
        crate::ModelConfig::PRESETS.join(", ")
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The configuration file cannot be read.
    #[error("cannot read the model configuration {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration file is not what it should be.
    #[error("the model configuration {path} is malformed")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// No released model has this name.
    #[error("no released model is called {name:?}; there are {}", crate::ModelConfig::PRESETS.join(", "))]
    UnknownPreset {
        /// The name asked for.
        name: String,
    },
    /// An argument that describes no network.
    #[error("model configuration: {argument} {reason}")]
    Contradiction {
        /// The argument, under upstream's name.
        argument: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The network and the mel front end disagree on the number of bands.
    #[error("model configuration: mel_dim is {mel_dim} but mel_spec has {n_mel_channels} bands")]
    MelBands {
        /// Bands the network expects.
        mel_dim: usize,
        /// Bands of the front end.
        n_mel_channels: usize,
    },
    /// The vocabulary does not fit the embedding table.
    #[error(
        "the vocabulary has {vocab_size} tokens but the checkpoint embeds {embedding_rows} rows \
         (expected one filler row more than tokens); this vocab.txt belongs to another checkpoint"
    )]
    VocabSize {
        /// Tokens of the vocabulary.
        vocab_size: usize,
        /// Rows of `text_embed.text_embed.weight`.
        embedding_rows: usize,
    },
}

/// What is wrong with a request to the sampler.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// There is nothing to sample.
    #[error("the batch is empty")]
    EmptyBatch,
    /// `nfe_steps` is zero, or larger than any use of it.
    #[error("nfe_steps is {nfe_steps}, but must be between 1 and {limit}")]
    Steps {
        /// What was given.
        nfe_steps: usize,
        /// The most there can be.
        limit: usize,
    },
    /// A parameter outside its range.
    #[error("{name} is {value}, but must be {expected}")]
    Parameter {
        /// Upstream's name of the parameter.
        name: &'static str,
        /// What was given.
        value: f32,
        /// What is allowed.
        expected: &'static str,
    },
    /// A sway coefficient that makes time stand still or run backwards.
    #[error(
        "sway_sampling_coef {coefficient} makes step {step} end at {end}, not after its start {start}"
    )]
    TimeGrid {
        /// The coefficient.
        coefficient: f32,
        /// First step at fault.
        step: usize,
        /// Time at the start of the step.
        start: f32,
        /// Time at its end.
        end: f32,
    },
    /// The sample is longer than the network's position table.
    #[error(
        "row {row} needs {frames} frames, but the model knows {limit} positions; speak shorter chunks"
    )]
    TooManyFrames {
        /// Row of the batch.
        row: usize,
        /// Frames needed, the reference included.
        frames: usize,
        /// Length of the position table.
        limit: usize,
    },
    /// A row without text.
    #[error("row {row} has no text tokens")]
    NoText {
        /// Row of the batch.
        row: usize,
    },
    /// A token outside the embedding table.
    #[error("row {row}, token {index}: id {id} is outside the vocabulary of {vocab_size} tokens")]
    TokenId {
        /// Row of the batch.
        row: usize,
        /// Position of the token.
        index: usize,
        /// The id.
        id: i32,
        /// Tokens of the vocabulary.
        vocab_size: usize,
    },
    /// Data of the wrong size.
    #[error("row {row}: {what} has {got} values, expected {expected}")]
    Length {
        /// Row of the batch.
        row: usize,
        /// Which data.
        what: &'static str,
        /// Values expected.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// A value that is not a number reached the result.
    #[error(
        "row {row}, frame {frame}: the sampled mel is not finite; the weights or the reference are damaged"
    )]
    NotFinite {
        /// Row of the batch.
        row: usize,
        /// First frame at fault.
        frame: usize,
    },
    /// The caller asked to stop.
    #[error("cancelled after {done} of {total} steps")]
    Cancelled {
        /// Steps finished.
        done: usize,
        /// Steps asked for.
        total: usize,
    },
    /// The device could not deliver the result.
    #[error("the device failed while the sample was read back")]
    Device(#[source] Box<dyn std::error::Error + Send + Sync>),
}
