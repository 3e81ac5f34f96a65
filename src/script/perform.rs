//! Speaks scripts.

use std::ops::ControlFlow;

use f5_core::audio::Waveform;

use crate::{F5Tts, Progress, error::Result, params::SynthesisParams};

use super::{Cast, Performance, PerformanceStream, PerformedLine, Script};

impl F5Tts {
    /// Speaks a script.
    ///
    /// Lines are separated by the pauses that the script says, else by that of a sentence
    /// ([`SynthesisParams::pauses`]). A line without a letter or digit, such as `♪♪`, is silence.
    /// The seed of a line without one of its own is that of `params`, or else what the engine's
    /// [`SeedPolicy`](crate::SeedPolicy) decides for the call, plus one for every line before it.
    /// `remove_silence` acts on each line. What a script file says beside its text acts only through
    /// [`ScriptSettings::params`](crate::ScriptSettings::params).
    ///
    /// ```no_run
    /// # fn main() -> Result<(), f5_tts::Error> {
    /// # let tts: f5_tts::F5Tts = unimplemented!();
    /// use f5_tts::{Script, SynthesisParams};
    ///
    /// let script = Script::load("story.toml")?;
    /// let cast = script.settings.cast(&tts)?;
    /// let params = script.settings.params(&SynthesisParams::default());
    /// let performance = tts.perform(&script, &cast, &params)?;
    /// performance.save_wav("story.wav")?;
    /// performance.timings()?.save("story.vtt")?; // who speaks is in it
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a voice that the cast does not have and for a
    /// line in an alphabet that the model does not know, before anything is spoken; and as
    /// [`synthesize`](Self::synthesize), with the line as [`ScriptError::Line`](crate::ScriptError::Line).
    pub fn perform(
        &self,
        script: &Script,
        cast: &Cast,
        params: &SynthesisParams,
    ) -> Result<Performance> {
        self.perform_with(script, cast, params, |_| ControlFlow::Continue(()))
    }

    /// As [`perform`](Self::perform), telling `on_step` of every step, where [`Progress::chunk`] counts
    /// lines; it may stop the call with [`ControlFlow::Break`].
    ///
    /// # Errors
    ///
    /// As [`perform`](Self::perform), and [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn perform_with(
        &self,
        script: &Script,
        cast: &Cast,
        params: &SynthesisParams,
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Performance> {
        let mut stream = self.perform_stream(script, cast, params)?;
        let sample_rate = stream.sample_rate;
        let (mut samples, mut words) = (Vec::new(), Vec::new());
        let mut lines: Vec<PerformedLine> = Vec::with_capacity(script.lines.len());
        while let Some(piece) = stream.advance(&mut on_step) {
            let piece = piece?;
            samples.extend(piece.samples);
            let first_word = words.len();
            words.extend(piece.words);
            if lines.len() <= piece.line {
                lines.push(PerformedLine {
                    speaker: piece.speaker,
                    text: script.lines[piece.line].text.clone(),
                    seed: piece.seed,
                    samples: piece.spoken.clone(),
                    words: first_word..first_word,
                    report: None,
                });
            }
            let line = &mut lines[piece.line];
            line.samples.end = piece.spoken.end;
            line.words.end = words.len();
            line.report = piece.report;
        }
        Ok(Performance {
            waveform: Waveform::new(samples, sample_rate)?,
            lines,
            words,
        })
    }

    /// As [`perform`](Self::perform), piece by piece: together they are what it gives.
    ///
    /// # Errors
    ///
    /// As [`perform`](Self::perform) for what is wrong with the script; what fails later is an item.
    pub fn perform_stream(
        &self,
        script: &Script,
        cast: &Cast,
        params: &SynthesisParams,
    ) -> Result<PerformanceStream> {
        PerformanceStream::begin(self, script, cast, params)
    }
}
