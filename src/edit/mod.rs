//! Editing of recordings by their text: words are replaced, inserted and cut out in the speaker's
//! own voice (upstream's `speech_edit.py`, and more).
//!
//! A call goes through the files in this order: [`script`] turns edits or a new text into changes by
//! word, [`cut`] finds where they lie in the audio, [`window`] picks what the model hears for
//! them, [`render`] speaks it, [`splice`] puts it into the recording, [`words`] times the result.

mod audio;
mod cut;
mod error;
mod render;
mod request;
mod result;
mod script;
mod splice;
mod target;
mod window;
mod words;

use std::{
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use f5_core::audio::{AudioError, Waveform};

use crate::{
    F5Tts, Progress,
    engine::Engine,
    error::Result,
    speak::align_chunk,
    speech::ChunkAlignment,
    spoken::Spoken,
    timeline::{nearest_sample, seconds},
};

pub(crate) use error::EditError;
pub use request::{Edit, EditOutput, EditParams, EditSpan};
pub use result::{EditReport, Edited, EditedSpan};

use audio::Audio;
use cut::Located;
use script::Script;
use window::{Clock, Spot};

impl F5Tts {
    /// Changes words of a recording: `original_text` is what is said in it, `edits` say which words go
    /// and which come. The engine's aligner finds the words; new ones are spoken in the voice around
    /// them, and everything else stays the recording, sample for sample.
    ///
    /// Recordings may be as long as you like: the model hears the neighbourhood of each edit alone
    /// ([`EditParams::context`]), and what is cut out without replacement costs no model at all.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tts: f5_tts::F5Tts = unimplemented!();
    /// use f5_tts::{Edit, core::audio::Waveform};
    ///
    /// let recording = Waveform::read_wav("talk.wav")?;
    /// let edits = [Edit::replace(3..4, "Tuesday"), Edit::delete(6..8)];
    /// let edited = tts.edit(&recording, "We meet on Monday at ten, um, er, sharp.", &edits, &Default::default())?;
    /// assert_eq!(edited.text, "We meet on Tuesday at ten, sharp.");
    /// edited.save_wav("repaired.wav")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for edits outside the text or over each other,
    /// empty texts, a recording too short or silent, and new words longer than a model can speak at
    /// once; [`Alignment`](crate::ErrorKind::Alignment) when not even pauses can be found. A
    /// text that is not said in the recording is no error: [`EditReport::located`] tells.
    pub fn edit(
        &self,
        recording: &Waveform,
        original_text: &str,
        edits: &[Edit],
        params: &EditParams,
    ) -> Result<Edited> {
        self.edit_with(recording, original_text, edits, params, go_on)
    }

    /// As [`edit`](Self::edit), telling `on_step` of every step, where a chunk is a window that the model
    /// hears; it may stop the call with [`ControlFlow::Break`], which leaves the engine as it was.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit), and [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn edit_with(
        &self,
        recording: &Waveform,
        original_text: &str,
        edits: &[Edit],
        params: &EditParams,
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Edited> {
        let script = Script::from_edits(original_text, edits)?;
        Job::begin(self, recording, &script.target, params, &mut on_step)?.by_script(&script)
    }

    /// As [`edit`](Self::edit), finding the edits from the text that shall be said: words that
    /// differ in more than case and punctuation are spoken anew.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit).
    pub fn edit_to(
        &self,
        recording: &Waveform,
        original_text: &str,
        target_text: &str,
        params: &EditParams,
    ) -> Result<Edited> {
        self.edit_to_with(recording, original_text, target_text, params, go_on)
    }

    /// As [`edit_to`](Self::edit_to), with steps told and stopped as by [`edit_with`](Self::edit_with).
    ///
    /// # Errors
    ///
    /// As [`edit_with`](Self::edit_with).
    pub fn edit_to_with(
        &self,
        recording: &Waveform,
        original_text: &str,
        target_text: &str,
        params: &EditParams,
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Edited> {
        let script = Script::from_texts(original_text, target_text)?;
        Job::begin(self, recording, &script.target, params, &mut on_step)?.by_script(&script)
    }

    /// Speaks spans of a recording anew, as upstream's `speech_edit.py`: `target_text` is what the whole
    /// recording shall say then.
    ///
    /// The model hears the whole recording, which therefore must not be much longer than the half
    /// minute that models are trained on; [`edit`](Self::edit) has no such limit.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for spans that are reversed, out of order,
    /// over each other or outside the recording, an empty text, and a recording too short, too long for
    /// the model's positions, or silent.
    pub fn edit_spans(
        &self,
        recording: &Waveform,
        target_text: &str,
        spans: &[EditSpan],
        params: &EditParams,
    ) -> Result<Edited> {
        self.edit_spans_with(recording, target_text, spans, params, go_on)
    }

    /// As [`edit_spans`](Self::edit_spans), with steps told and stopped as by
    /// [`edit_with`](Self::edit_with).
    ///
    /// # Errors
    ///
    /// As [`edit_spans`](Self::edit_spans), and [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn edit_spans_with(
        &self,
        recording: &Waveform,
        target_text: &str,
        spans: &[EditSpan],
        params: &EditParams,
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Edited> {
        request::check_spans(spans, recording.duration())?;
        let job = Job::begin(self, recording, target_text, params, &mut on_step)?;
        job.by_spans(target_text, spans)
    }
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// One call.
struct Job<'a> {
    engine: &'a Arc<Engine>,
    recording: &'a Waveform,
    params: &'a EditParams,
    on_step: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    clock: Clock,
    seed: u64,
    report: EditReport,
    started: Instant,
}

impl<'a> Job<'a> {
    fn begin(
        tts: &'a F5Tts,
        recording: &'a Waveform,
        target: &str,
        params: &'a EditParams,
        on_step: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Self> {
        let started = Instant::now();
        let engine = tts.engine();
        params.synthesis.validate()?;
        let spoken = Spoken::new(engine, target, &params.synthesis);
        let unknown = engine.check_text(&spoken)?;
        let spec = &engine.config.mel_spec;
        if recording.samples().is_empty() {
            return Err(AudioError::Empty.into());
        }
        let (rate, model_rate) = (recording.sample_rate(), spec.target_sample_rate);
        let samples = recording.samples().len() as u64 * u64::from(model_rate) / u64::from(rate);
        let (samples, needed) = (samples as usize, spec.n_fft);
        if samples < needed {
            return Err(AudioError::ReferenceTooShort { samples, needed }.into());
        }
        Ok(Self {
            engine,
            recording,
            params,
            on_step,
            clock: Clock {
                rate,
                model_rate,
                hop_length: spec.hop_length,
            },
            seed: engine.seed(&params.synthesis)?,
            report: EditReport {
                unknown,
                ..EditReport::default()
            },
            started,
        })
    }

    fn by_script(mut self, script: &Script) -> Result<Edited> {
        let aligning = Instant::now();
        let aligned = align_chunk(self.engine, self.recording, &script.original)?;
        self.report.aligning = aligning.elapsed();
        let located = Located {
            samples: self.recording.samples(),
            rate: self.clock.rate,
            words: &aligned.words,
        };
        let synthesis = &self.params.synthesis;
        let spoken = |text: &str| Spoken::new(self.engine, text, synthesis).text().to_owned();
        let spots = window::spots(script, &located, self.clock, synthesis.speed, &spoken)?;
        let windows = match self.params.output {
            EditOutput::Spliced => {
                let context = self.params.context;
                window::windows(script, &located, &spots, self.clock, context)?
            }
            EditOutput::Vocoded => {
                window::whole(&script.target, &spots, located.samples.len(), self.clock)
            }
        };
        let Audio {
            waveform,
            mut spans,
        } = self.audio(&spots, &windows)?;
        let mut words = Vec::new();
        for (span, change) in spans.iter_mut().zip(&script.changes) {
            span.old_words = Some(change.old.clone());
            span.words = change.new.clone();
        }
        if self.params.synthesis.word_timings {
            let aligning = Instant::now();
            let (found, rate) = (&aligned.words, self.clock.rate);
            words = words::words(self.engine, script, found, rate, &waveform, &mut spans)?;
            self.report.aligning += aligning.elapsed();
        }
        self.report.located = Some(ChunkAlignment {
            aligner: aligned.aligner,
            quality: aligned.quality,
            trail: aligned.trail,
        });
        self.report.spans = spans;
        Ok(self.finish(waveform, script.target.clone(), words))
    }

    fn by_spans(mut self, target: &str, spans: &[EditSpan]) -> Result<Edited> {
        let sample = |time: Duration| {
            nearest_sample(time, self.clock.rate).min(self.recording.samples().len())
        };
        let per_second = self.clock.frames_per_second();
        let spots = spans.iter().enumerate().map(|(change, span)| Spot {
            change,
            cut: sample(span.start)..sample(span.end),
            frames: request::frames(
                span.fix_duration.unwrap_or(span.end - span.start),
                per_second,
            ),
        });
        let spots: Vec<Spot> = spots.collect();
        let length = self.recording.samples().len();
        let mut windows = window::whole(target, &spots, length, self.clock);
        for (hole, span) in windows[0].holes.iter_mut().zip(spans) {
            let frames = |time| request::frames(time, per_second);
            hole.old = frames(span.start)..frames(span.end);
        }
        let Audio {
            waveform,
            mut spans,
        } = self.audio(&spots, &windows)?;
        let mut words = Vec::new();
        if self.params.synthesis.word_timings {
            let aligning = Instant::now();
            words = align_chunk(self.engine, &waveform, target)?.words;
            let rate = waveform.sample_rate();
            for span in &mut spans {
                let time = seconds(span.new.start, rate)..seconds(span.new.end, rate);
                span.words = words::inside(&words, time);
            }
            self.report.aligning = aligning.elapsed();
        }
        self.report.spans = spans;
        Ok(self.finish(waveform, target.to_owned(), words))
    }

    fn finish(
        mut self,
        waveform: Waveform,
        text: String,
        words: Vec<f5_core::timing::WordTiming>,
    ) -> Edited {
        self.report.elapsed = self.started.elapsed();
        Edited {
            waveform,
            text,
            words,
            seed: self.seed,
            report: self.report,
        }
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests;
