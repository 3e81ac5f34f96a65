//! A voice to speak with: a reference recording and its text, prepared once.

use std::{borrow::Cow, sync::Arc};

use f5_align::TranscribeError;
use f5_core::{
    audio::{
        Pcm, Waveform,
        check::{RefText, ReferenceReport},
        loudness::{TARGET_RMS, boost_to_target_rms},
        reference::{Clip, preprocess},
    },
    mel::Mel,
    text::{UnknownChar, normalize_ref_text},
};

use crate::{
    engine::Engine,
    error::{Repr, Result},
};

/// A prepared reference: speak as many texts with it as you like. Cheap to clone.
///
/// Made by [`F5Tts::voice`](crate::F5Tts::voice) or
/// [`F5Tts::voice_from_pcm`](crate::F5Tts::voice_from_pcm), for models with that engine's vocabulary
/// and mel front end.
#[derive(Debug, Clone)]
pub struct Voice {
    pub(crate) inner: Arc<Prepared>,
}

#[derive(Debug)]
pub(crate) struct Prepared {
    /// Mono, at the recording's own rate, loudness untouched.
    pub(crate) waveform: Waveform,
    pub(crate) conditioned: Arc<Conditioned>,
    /// As the model reads it: ends in `". "` or `"。"`.
    pub(crate) ref_text: String,
    pub(crate) ids: Vec<i32>,
    pub(crate) unknown: Vec<UnknownChar>,
    pub(crate) clipped: Option<Clip>,
    pub(crate) report: ReferenceReport,
}

/// The reference as the network hears it at one `target_rms`.
#[derive(Debug, Clone)]
pub(crate) struct Conditioned {
    pub(crate) target_rms: f32,
    /// Loudness before it was raised.
    pub(crate) rms: f32,
    /// Samples at the model's rate.
    pub(crate) samples: usize,
    pub(crate) mel: Mel,
}

impl Voice {
    /// The text of the reference, as the model reads it.
    #[must_use]
    pub fn ref_text(&self) -> &str {
        &self.inner.ref_text
    }

    /// The reference audio: clipped to 12 seconds, edges trimmed, 50 ms of silence at its end; mono,
    /// at the recording's own rate.
    #[must_use]
    pub fn ref_audio(&self) -> &Waveform {
        &self.inner.waveform
    }

    /// The reference mel, `[frames, n_mels]`.
    #[must_use]
    pub fn mel(&self) -> &Mel {
        &self.inner.conditioned.mel
    }

    /// Characters of `ref_text` that the model's vocabulary lacks.
    #[must_use]
    pub fn unknown(&self) -> &[UnknownChar] {
        &self.inner.unknown
    }

    /// Where the recording was cut because it was longer than 12 seconds. If it was, `ref_text` says
    /// more than the audio, and speech gets too fast: shorten both.
    #[must_use]
    pub fn clipped(&self) -> Option<Clip> {
        self.inner.clipped
    }

    /// What may be wrong with the reference, with numbers and remedies: too long, too short, noisy, a text
    /// that is longer or shorter than the audio, and more. Nothing of it changes what is spoken.
    ///
    /// ```no_run
    /// # let voice: f5_tts::Voice = unimplemented!();
    /// for warning in voice.report().warnings() {
    ///     eprintln!("{warning}; {}", warning.remedy());
    /// }
    /// ```
    #[must_use]
    pub fn report(&self) -> &ReferenceReport {
        &self.inner.report
    }

    pub(crate) fn prepare(engine: &Engine, ref_audio: &Pcm, ref_text: &str) -> Result<Self> {
        let transcriber = engine.transcriber.as_ref();
        let transcriber = transcriber.filter(|_| ref_text.trim().is_empty());
        if ref_text.trim().is_empty() && transcriber.is_none() {
            let remedy = "write down what is said in ref_audio, or give the builder a transcriber: \
                the engine has none";
            return Err(Repr::EmptyText {
                name: "ref_text",
                remedy,
            }
            .into());
        }
        let preprocessed = preprocess(ref_audio)?;
        preprocessed.check(&engine.config.mel_spec)?;
        let waveform = preprocessed.pcm.to_mono();
        let ref_text = match transcriber {
            Some(transcriber) => {
                let text = transcriber.transcribe(&waveform, &engine.language)?;
                if text.trim().is_empty() {
                    let transcriber = transcriber.name();
                    return Err(TranscribeError::NothingHeard { transcriber }.into());
                }
                Cow::Owned(text)
            }
            None => Cow::Borrowed(ref_text),
        };
        let heard = match transcriber {
            Some(_) => RefText::Transcribed(&ref_text),
            None => RefText::Given(&ref_text),
        };
        let report = ReferenceReport::of(ref_audio, &preprocessed, heard);
        let ref_text = normalize_ref_text(ref_text.trim_start());
        let encoded = engine.config.tokenizer.encode(&ref_text, &engine.vocab);
        let conditioned = Conditioned::new(engine, &waveform, TARGET_RMS)?;
        let inner = Prepared {
            waveform,
            conditioned: Arc::new(conditioned),
            ref_text,
            ids: encoded.ids,
            unknown: encoded.unknown,
            clipped: preprocessed.clipped,
            report,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }
}

impl Conditioned {
    /// Upstream's order: mono, loudness at the recording's rate, resampling, mel.
    pub(crate) fn new(engine: &Engine, waveform: &Waveform, target_rms: f32) -> Result<Self> {
        let mut waveform = waveform.clone();
        let rms = boost_to_target_rms(&mut waveform, target_rms)?;
        let waveform = waveform.resample(engine.config.mel_spec.target_sample_rate)?;
        let mel = engine.mel.extract(waveform.samples())?;
        Ok(Self {
            target_rms,
            rms,
            samples: waveform.samples().len(),
            mel,
        })
    }
}
