//! Mel spectrograms: the specification both sides of a vocoder agree on, and the frames themselves.

#[cfg(feature = "audio")]
mod extractor;
pub mod filterbank;

#[cfg(feature = "audio")]
pub use extractor::{MelError, MelExtractor};

use serde::{Deserialize, Serialize};

/// Which mel front end a model was trained with; the two differ in filterbank, scale and padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MelSpecType {
    /// torchaudio's HTK filterbank on magnitudes, centred frames.
    Vocos,
    /// librosa's Slaney filterbank, frames padded by `(n_fft - hop_length) / 2`.
    Bigvgan,
}

/// The mel front end of a model, under the names of upstream's configuration files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MelSpec {
    /// Front end.
    pub mel_spec_type: MelSpecType,
    /// Samples per second of the audio the model hears and speaks.
    #[serde(alias = "sample_rate")]
    pub target_sample_rate: u32,
    /// Length of the Fourier transform in samples.
    pub n_fft: usize,
    /// Distance between frames in samples.
    pub hop_length: usize,
    /// Length of the analysis window in samples.
    pub win_length: usize,
    /// Mel bands per frame.
    #[serde(alias = "n_mels")]
    pub n_mel_channels: usize,
}

impl MelSpec {
    /// The front end of the released Vocos models: 24 kHz, 1024-sample windows, hop 256, 100 bands.
    #[must_use]
    pub fn vocos() -> Self {
        Self {
            mel_spec_type: MelSpecType::Vocos,
            target_sample_rate: 24_000,
            n_fft: 1024,
            hop_length: 256,
            win_length: 1024,
            n_mel_channels: 100,
        }
    }

    /// The front end of the released BigVGAN models; sizes as in [`MelSpec::vocos`].
    #[must_use]
    pub fn bigvgan() -> Self {
        Self {
            mel_spec_type: MelSpecType::Bigvgan,
            ..Self::vocos()
        }
    }
}

/// A log-mel spectrogram, row-major `[frames, n_mels]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mel {
    data: Vec<f32>,
    n_mels: usize,
}

impl Mel {
    /// Wraps row-major `[frames, n_mels]` values.
    ///
    /// # Panics
    ///
    /// If `n_mels` is zero or `data` is not a whole number of frames.
    #[must_use]
    pub fn new(data: Vec<f32>, n_mels: usize) -> Self {
        assert!(
            n_mels > 0 && data.len().is_multiple_of(n_mels),
            "mel data must be whole frames"
        );
        Self { data, n_mels }
    }

    /// Number of frames.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.data.len() / self.n_mels
    }

    /// Mel bands per frame.
    #[must_use]
    pub fn n_mels(&self) -> usize {
        self.n_mels
    }

    /// The values, row-major `[frames, n_mels]`.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The values, given away.
    #[must_use]
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }
}
