//! What was spoken: the audio, when each word was said, and how it came about.

use std::{ops::Range, path::Path, time::Duration};

use f5_align::{LinkReport, Quality};
use f5_core::{
    audio::{WavFormat, Waveform},
    mel::Mel,
    text::UnknownChar,
    timing::WordTiming,
};
use f5_timing::Track;

use crate::{error::Result, place::DeviceMove};

/// Spoken text.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Speech {
    /// Mono audio. Not clipped: peaks may pass 1.
    pub waveform: Waveform,
    /// Samples per second of `waveform`.
    pub sample_rate: u32,
    /// The seed that was used; the same seed, parameters and device give the same samples.
    pub seed: u64,
    /// The pieces the text was spoken in, in order.
    pub chunks: Vec<ChunkPlan>,
    /// Log-mel of the generated speech, `[frames, n_mels]`, chunk after chunk.
    ///
    /// As in upstream, each chunk begins with the last frame of the reference.
    pub mel: Mel,
    /// Every word of the text, as it is written there, and when it was spoken; empty without
    /// [`word_timings`](crate::SynthesisParams::word_timings).
    pub words: Vec<WordTiming>,
    /// How it came about.
    pub report: Report,
}

/// One piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkPlan {
    /// The text of the piece as it was spoken; see [`Report::spoken_text`].
    pub text: String,
    /// Its characters in `gen_text`, counted in `char`s.
    pub chars: Range<usize>,
    /// Frames sampled, the reference included.
    pub frames: usize,
    /// Its samples in [`Speech::waveform`]; neighbours share the samples they fade over.
    pub samples: Range<usize>,
}

/// How a [`Speech`] came about.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Report {
    /// What was spoken, where that is not `gen_text`: numbers and abbreviations are written out. Words
    /// and characters everywhere else are those of `gen_text`.
    pub spoken_text: Option<String>,
    /// Characters of the spoken text that the model's vocabulary lacks: they were read as spaces. Their
    /// places are those in `gen_text`; one that is not written there stands where the word begins that
    /// it is spoken for.
    pub unknown: Vec<UnknownChar>,
    /// The device that computed; the last one, if there were several.
    pub device: String,
    /// Precision and instruction set of the fused CPU engine, such as `bf16 amx`; `None` where Burn
    /// computed the backbone: on other devices, and where the engine does not know the network.
    pub kernels: Option<String>,
    /// Where the call went on on another device because the first one failed or ran out of memory.
    pub moves: Vec<DeviceMove>,
    /// Time spent sampling mels.
    pub sampling: Duration,
    /// Time spent in the vocoder.
    pub vocoding: Duration,
    /// Time spent on the words; next to nothing without
    /// [`word_timings`](crate::SynthesisParams::word_timings).
    pub aligning: Duration,
    /// Time from the call to the result.
    pub elapsed: Duration,
    /// How the words of each chunk were found; empty without
    /// [`word_timings`](crate::SynthesisParams::word_timings).
    pub alignment: Vec<ChunkAlignment>,
}

/// How the words of one chunk were found in its audio.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ChunkAlignment {
    /// Name of the aligner that timed the words.
    pub aligner: &'static str,
    /// How far the times can be trusted.
    pub quality: Quality,
    /// Every aligner that was asked, why it was not believed, and how long it took; the last one
    /// timed the words.
    pub trail: Vec<LinkReport>,
}

impl Speech {
    /// How long the audio lasts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.waveform.duration()
    }

    /// Seconds of work for a second of speech: below 1 is faster than real time.
    #[must_use]
    pub fn real_time_factor(&self) -> f64 {
        self.report.elapsed.as_secs_f64() / self.duration().as_secs_f64()
    }

    /// Writes the audio as a 16-bit WAV file; peaks beyond full scale are clipped.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; nothing is left half-written.
    pub fn save_wav(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(self.waveform.write_wav(path, WavFormat::Pcm16)?)
    }

    /// Draws the audio and its words as a PNG file; see [`plot_words`](crate::plot_words). The
    /// spectrogram is of [`waveform`](Self::waveform), because [`mel`](Self::mel) has its chunks one
    /// after the other.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; nothing is left half-written.
    #[cfg(feature = "plot")]
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::plot_words(&self.waveform, &self.words, path)
    }

    /// The words as a track for subtitle and timing files.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let speech: f5_tts::Speech = unimplemented!();
    /// use f5_tts::TimingFormat;
    ///
    /// speech.timings()?.save("out.srt")?; // the extension picks the format
    /// speech.timings()?.write(TimingFormat::Srt, std::io::stdout())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the words are not in order, which the engine's own never are.
    pub fn timings(&self) -> Result<Track> {
        Ok(Track::from_words(&self.words)?.with_duration(self.duration())?)
    }
}
