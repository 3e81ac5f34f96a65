//! Audio in and out: waveforms, WAV files, resampling, silence, reference preparation, joining.
//!
//! [`Pcm`] is audio as integers in whatever width, rate and channel count a file has; the
//! reference rules of F5-TTS are integer rules and run on it. [`Waveform`] is what the engine
//! computes with: one channel of `f32` with its rate.
//!
//! ```
//! use f5_core::audio::{Waveform, WavFormat};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("tone.wav");
//! let tone = (0..8_000).map(|i| (i as f32 * 0.1).sin() * 0.3).collect();
//! let tone = Waveform::new(tone, 16_000)?.resample(24_000)?;
//! assert_eq!(tone.samples().len(), 12_000);
//! tone.write_wav(&path, WavFormat::Pcm16)?;
//! assert_eq!(Waveform::read_wav(&path)?.duration(), tone.duration());
//! # Ok(())
//! # }
//! ```

pub mod check;
pub mod crossfade;
#[cfg(feature = "symphonia")]
mod decode;
mod error;
mod formats;
pub mod loudness;
mod pcm;
pub mod reference;
pub mod resample;
mod riff;
pub mod silence;
mod sync;
mod wav;
mod waveform;

pub use error::AudioError;
pub use pcm::{MAX_DECODED_SAMPLES, Pcm, SampleWidth};
pub use silence::remove_silence;
pub use wav::WavFormat;
pub use waveform::Waveform;
