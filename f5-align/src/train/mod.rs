//! Makes the data files of this crate: the acoustic model, the dictionary, the letter rules.
//!
//! `cargo run --release -p f5-align --features train --example train_aligner -- --help` runs it.

mod dictionary;
mod gaussians;
mod letters;
mod model;
mod sentences;
mod speech;

use std::{
    io,
    path::{Path, PathBuf},
};

use f5_core::audio::AudioError;

pub use dictionary::Dictionary;
pub use letters::{Letters, LettersReport};
pub use model::{ModelOptions, train_model};
pub use sentences::sentences;
pub use speech::{Utterance, VOICES, Voice, read};

/// Why the data files could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A file or folder could not be read or written.
    #[error("cannot read or write `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A synthesiser is missing or failed.
    #[error("cannot run {name}; `apt install festival festvox-kallpc16k festvox-us-slt-hts flite`")]
    Synthesiser {
        /// The program.
        name: String,
        /// What went wrong.
        source: io::Error,
    },
    /// A list of phones is malformed.
    #[error("`{}` is not a list of phones and end times", path.display())]
    Phones {
        /// The file.
        path: PathBuf,
    },
    /// A line of the dictionary is malformed.
    #[error("line {line} of the dictionary is not a word and its phones: {text:?}")]
    Dictionary {
        /// Line number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A state of the model never occurs in the training speech.
    #[error("the training speech has {frames} frames of state {state} of {phone}; speak more")]
    Unheard {
        /// Name of the phone.
        phone: &'static str,
        /// State within the phone.
        state: usize,
        /// Frames found.
        frames: usize,
    },
    /// A WAV file could not be read.
    #[error(transparent)]
    Audio(#[from] AudioError),
}

impl TrainError {
    /// An error about a file.
    #[must_use]
    pub fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// Reproducible random numbers (SplitMix64; Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..1`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in `0..n`; 0 for `n` = 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// A number between two others.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Brings the items into random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}
