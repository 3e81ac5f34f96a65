//! A loaded network with its vocabulary: audio of any length to emissions.

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use burn::tensor::Device;
use f5_core::{audio::Waveform, panics::panic_message};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Emissions, ModelError, NetworkPanic,
    vocabulary::Vocabulary,
    wav2vec2::{Config, Wav2Vec2},
};
use crate::Cause;

/// Samples per second that the network hears.
const RATE: u32 = 16_000;
/// Seconds that the network hears at once in long audio, and seconds to both sides that it hears
/// besides, so that no word is cut: attention grows with the square of what is heard at once. The
/// sizes of [ctc-forced-aligner](https://github.com/MahmoudAshraf97/ctc-forced-aligner).
const WINDOW: usize = 30;
const CONTEXT: usize = 2;

#[derive(Debug)]
pub(super) struct Network {
    network: Wav2Vec2,
    config: Config,
    pub(super) vocabulary: Vocabulary,
    normalize: bool,
    device: Device,
}

/// What the network heard, and when.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) emissions: Emissions,
    /// Seconds at which the first frame begins.
    pub(super) start: f64,
    /// Seconds from frame to frame.
    pub(super) frame: f64,
}

/// The part of `preprocessor_config.json` that matters here.
#[derive(Deserialize)]
struct Preprocessor {
    #[serde(default = "yes")]
    do_normalize: bool,
}

fn yes() -> bool {
    true
}

impl Network {
    /// Loads `config.json`, `vocab.json`, `model.safetensors` and, if it is there,
    /// `preprocessor_config.json`.
    pub(super) fn load(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        let config: Config = read_json(&dir.join("config.json"))?;
        config.check()?;
        let path = dir.join("vocab.json");
        let tokens: BTreeMap<String, usize> = read_json(&path)?;
        let vocabulary = Vocabulary::new(&tokens, config.vocab_size, config.pad_token_id);
        if vocabulary.is_empty() {
            let tokens = tokens.len();
            return Err(ModelError::NoCharacters { path, tokens });
        }
        let preprocessor = dir.join("preprocessor_config.json");
        let normalize = match preprocessor.exists() {
            true => read_json::<Preprocessor>(&preprocessor)?.do_normalize,
            false => true,
        };
        Ok(Self {
            network: Wav2Vec2::load(&dir.join("model.safetensors"), &config, device)?,
            config,
            vocabulary,
            normalize,
            device: device.clone(),
        })
    }

    pub(super) fn set_normalize(&mut self, normalize: bool) {
        self.normalize = normalize;
    }

    /// The least seconds of audio that have so many frames.
    pub(super) fn seconds_of(&self, frames: usize) -> f64 {
        let samples = (frames.max(1) - 1) * self.config.hop() + self.config.reach();
        samples as f64 / f64::from(RATE)
    }

    /// The emissions of some audio. Digital silence at its ends is left out, because it says nothing
    /// and would weigh on the mean and deviation of the rest, unless fewer than `least` frames are
    /// left then.
    pub(super) fn hear(&self, audio: &Waveform, least: usize) -> Result<Heard, Cause> {
        let audio = audio.resample(RATE).map_err(Cause::new)?;
        let all = audio.samples();
        let mut range = sounding(all);
        if self.config.frames(range.len()) < least {
            range = 0..all.len();
        }
        let mut samples = all[range.clone()].to_vec();
        if self.normalize {
            normalize(&mut samples);
        }
        // As WhisperX: what is shorter than a frame is a frame.
        samples.resize(samples.len().max(self.config.reach()), 0.0);
        let emissions = self.emissions(&samples)?;
        let frames = emissions.frames().max(1);
        Ok(Heard {
            emissions,
            start: range.start as f64 / f64::from(RATE),
            frame: samples.len() as f64 / frames as f64 / f64::from(RATE),
        })
    }

    fn emissions(&self, samples: &[f32]) -> Result<Emissions, Cause> {
        let (hop, reach) = (self.config.hop(), self.config.reach());
        let frames = self.config.frames(samples.len());
        let seconds = |n: usize| (n * RATE as usize).div_ceil(hop);
        let (window, context) = (seconds(WINDOW), seconds(CONTEXT));
        let classes = self.config.vocab_size;
        let mut log_probs: Vec<f32> = Vec::with_capacity(frames * classes);
        let window = if frames <= window + 2 * context {
            frames
        } else {
            window
        };
        for first in (0..frames).step_by(window.max(1)) {
            let kept = first..(first + window).min(frames);
            let heard = kept.start.saturating_sub(context)..(kept.end + context).min(frames);
            // What is left after the last frame counts in the norms, as in transformers.
            let end = match heard.end == frames {
                true => samples.len(),
                false => (heard.end - 1) * hop + reach,
            };
            let samples = &samples[heard.start * hop..end];
            log_probs.extend(guarded(|| {
                let rows = self.network.log_probs(samples, &self.device);
                let rows = rows.narrow(0, kept.start - heard.start, kept.len());
                let data = rows.try_into_data().map_err(Cause::new)?;
                data.try_into_vec::<f32>().map_err(Cause::new)
            })?);
        }
        Emissions::new(log_probs, classes).map_err(Cause::new)
    }
}

/// Work on a device: Burn and CubeCL panic where memory is used up or a device is lost, and whoever
/// asked has other links to turn to.
///
/// The panic hook of the program still prints: a library must not replace it.
fn guarded<T>(run: impl FnOnce() -> Result<T, Cause>) -> Result<T, Cause> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let message = panic_message(payload.as_ref());
        Err(Cause::new(NetworkPanic { message }))
    })
}

/// From the first sample that is not zero to the last; all if there is none.
fn sounding(samples: &[f32]) -> Range<usize> {
    let sounds = |sample: &f32| *sample != 0.0;
    let first = samples.iter().position(sounds).unwrap_or(0);
    let last = samples.iter().rposition(sounds);
    first..last.map_or(samples.len(), |last| last + 1)
}

/// Mean 0 and deviation 1, as `Wav2Vec2FeatureExtractor` does it. It adds 1e-7 to the variance, which
/// is nothing for speech, but would make quiet recordings sound different from loud ones.
fn normalize(samples: &mut [f32]) {
    let count = samples.len().max(1) as f64;
    let mean = samples.iter().map(|s| f64::from(*s)).sum::<f64>() / count;
    let variance = samples
        .iter()
        .map(|s| (f64::from(*s) - mean).powi(2))
        .sum::<f64>()
        / count;
    let scale = if variance > 0.0 {
        variance.sqrt().recip()
    } else {
        1.0
    };
    for sample in samples {
        *sample = ((f64::from(*sample) - mean) * scale) as f32;
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    let text = fs::read_to_string(path).map_err(|source| ModelError::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_str(&text).map_err(|source| ModelError::Json {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_of_the_device_are_errors() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ctc/base");
        let device = Device::flex();
        let mut network = Network::load(Path::new(folder), &device).expect("the test's network");
        let samples = (0..16_000).map(|i| (i as f32 * 0.3).cos()).collect();
        let audio = Waveform::new(samples, 16_000).expect("finite samples");
        let heard = network.hear(&audio, 1).expect("a second of sound");
        assert_eq!(heard.emissions.frames(), 49);
        // More frames than there are: Burn panics when they are asked for.
        network.config.conv_stride.fill(1);
        let error = network.hear(&audio, 1).expect_err("no such frames");
        let panic: &NetworkPanic = error.downcast_ref().expect("what Burn said");
        assert!(!panic.message.is_empty(), "{panic}");
    }

    #[test]
    fn digital_silence_at_the_ends_does_not_sound() {
        assert_eq!(sounding(&[0.0, 0.0, 0.5, 0.0, -0.1, 0.0]), 2..5);
        assert_eq!(sounding(&[0.0; 4]), 0..4);
        assert_eq!(sounding(&[]), 0..0);
    }

    #[test]
    fn loudness_is_normalised_away() {
        for gain in [1e-4, 1.0, 50.0] {
            let mut samples = [1.0, 2.0, 3.0, 6.0].map(|s| s * gain);
            normalize(&mut samples);
            let expected = [-1.0690, -0.5345, 0.0, 1.6036];
            let close = samples
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-4);
            assert!(close, "{samples:?}");
        }
        let mut silence = [0.0; 3];
        normalize(&mut silence);
        assert_eq!(silence, [0.0; 3]);
    }
}
