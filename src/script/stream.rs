//! The pieces of a performance, line after line.

use std::{ops::ControlFlow, time::Duration};

use f5_core::{
    audio::crossfade::{Joiner, Seam},
    timing::WordTiming,
};

use crate::{
    CancelToken, F5Tts, Progress, Report, SeedPolicy, SpeechPiece, SpeechStream, Voice,
    engine::draw_seed,
    error::{Error, Result, positive},
    params::SynthesisParams,
    speak::cancelled,
    spoken::Spoken,
    timeline::{seconds, whole_samples},
};

use super::{Cast, PerformancePiece, Script, ScriptError, ScriptLine};

/// An iterator over the pieces of a performance; made by [`F5Tts::perform_stream`].
#[derive(Debug)]
#[must_use = "nothing is spoken until a piece is asked for"]
pub struct PerformanceStream {
    tts: F5Tts,
    params: SynthesisParams,
    lines: Vec<Part>,
    last_pause: Option<Duration>,
    /// The line that comes next.
    next: usize,
    current: Option<SpeechStream>,
    /// First sample of the current line.
    start: Option<usize>,
    joiner: Joiner,
    pub(super) sample_rate: u32,
    last_end: Duration,
    /// Samples so far.
    length: usize,
    has_spoken: bool,
    token: CancelToken,
}

/// A line with who speaks it, and how.
#[derive(Debug)]
struct Part {
    line: ScriptLine,
    speaker: String,
    voice: Voice,
    speed: f64,
    seed: u64,
    /// Whether there is nothing to say, such as in a line of notes.
    is_silent: bool,
}

/// Hears of steps and may stop the call.
type OnStep<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// What a line says next.
struct Said {
    samples: Vec<f32>,
    words: Vec<WordTiming>,
    report: Option<Report>,
    is_last: bool,
}

impl PerformanceStream {
    /// Checks all lines; nothing is spoken yet.
    pub(super) fn begin(
        tts: &F5Tts,
        script: &Script,
        cast: &Cast,
        params: &SynthesisParams,
    ) -> Result<Self> {
        params.validate()?;
        if script.lines.is_empty() {
            return Err(ScriptError::Empty.into());
        }
        let seed = tts.engine().seed(params)?;
        let mut lines = Vec::with_capacity(script.lines.len());
        for (index, line) in script.lines.iter().enumerate() {
            let (speaker, voice, speed) = cast.speaker(line)?;
            let speed = line.speed.or(speed).unwrap_or(params.speed);
            positive("speed", speed).map_err(|error| at_line(line, error))?;
            let spoken = Spoken::new(tts.engine(), &line.text, params);
            let is_silent = !spoken.text().contains(char::is_alphanumeric);
            if !is_silent {
                let checked = tts.engine().check_text(&spoken);
                checked.map_err(|error| at_line(line, error))?;
            }
            lines.push(Part {
                line: line.clone(),
                speaker: speaker.to_owned(),
                voice: voice.clone(),
                speed,
                seed: match line.seed {
                    Some(SeedPolicy::Fixed(seed)) => seed,
                    Some(SeedPolicy::Random) => draw_seed()?,
                    None => seed.wrapping_add(index as u64),
                },
                is_silent,
            });
        }
        Ok(Self {
            tts: tts.clone(),
            params: params.clone(),
            lines,
            last_pause: script.last_pause,
            next: 0,
            current: None,
            start: None,
            joiner: Joiner::new(0),
            sample_rate: tts.config().mel_spec.target_sample_rate,
            last_end: Duration::ZERO,
            length: 0,
            has_spoken: false,
            token: CancelToken::default(),
        })
    }

    /// Samples per second.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Lines in all.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Stops the performance from another thread: the call of `next` that is under way returns
    /// [`Cancelled`](crate::ErrorKind::Cancelled) after the step it is in.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        self.token.clone()
    }

    /// The next piece, telling `on_step` of the steps it takes.
    pub(super) fn advance(&mut self, on_step: OnStep<'_>) -> Option<Result<PerformancePiece>> {
        if self.next == self.lines.len() {
            return None;
        }
        let said = match self.say(on_step) {
            Ok(said) => said,
            Err(error) => {
                let error = at_line(&self.lines[self.next].line, error);
                self.next = self.lines.len();
                return Some(Err(error));
            }
        };
        let is_last = said.is_last;
        let piece = self.join(said);
        self.start = Some(piece.spoken.start);
        if is_last {
            self.next += 1;
            (self.start, self.current) = (None, None);
        }
        Some(Ok(piece))
    }

    /// What the line being spoken says next.
    fn say(&mut self, on_step: OnStep<'_>) -> Result<Said> {
        let (line, lines) = (self.next, self.lines.len());
        let mut on_step = |progress| {
            on_step(Progress {
                chunk: line,
                chunks: lines,
                ..progress
            })
        };
        let part = &self.lines[self.next];
        if self.token.is_cancelled() {
            return Err(cancelled(0, self.params.nfe_steps));
        }
        if part.is_silent {
            return Ok(Said {
                samples: Vec::new(),
                words: Vec::new(),
                report: None,
                is_last: true,
            });
        }
        let (voice, text) = (&part.voice, &part.line.text);
        let params = SynthesisParams {
            speed: part.speed,
            seed: Some(part.seed),
            ..self.params.clone()
        };
        if params.remove_silence {
            let token = &self.token;
            let speech =
                self.tts.synthesize_with(voice, text, &params, |progress| {
                    match token.is_cancelled() {
                        true => ControlFlow::Break(()),
                        false => on_step(progress),
                    }
                })?;
            return Ok(Said {
                samples: speech.waveform.into_samples(),
                words: speech.words,
                report: Some(speech.report),
                is_last: true,
            });
        }
        let stream = match &mut self.current {
            Some(stream) => stream,
            None => {
                let stream = self
                    .tts
                    .synthesize_stream(voice, text, &params)?
                    .with_cancel_token(&self.token);
                self.current.insert(stream)
            }
        };
        // A stream ends with its last piece or an error, and is not asked again after either.
        let piece = stream.advance(&mut on_step).transpose()?;
        let is_last = piece.as_ref().is_none_or(SpeechPiece::is_last);
        let said = piece.map(|piece| (piece.samples, piece.words));
        let (samples, words) = said.unwrap_or_default();
        Ok(Said {
            samples,
            words,
            report: is_last.then(|| stream.report().clone()),
            is_last,
        })
    }

    /// Puts the first samples of a line behind its pause; returns where they begin.
    fn start_line(&mut self, samples: &[f32]) -> usize {
        let part = &self.lines[self.next];
        let between = self.has_spoken && !part.is_silent;
        let natural = self.params.pauses.filter(|_| between);
        let pause = part.line.pause.or(natural.map(|pauses| pauses.sentence));
        let pause = whole_samples(pause.unwrap_or_default(), self.sample_rate);
        if part.is_silent && pause == 0 {
            return self.length;
        }
        self.push_behind(pause, samples)
    }

    fn push_behind(&mut self, pause: usize, samples: &[f32]) -> usize {
        if self.length > 0 || pause == 0 {
            return self.joiner.push(samples, Seam::Pause(pause));
        }
        // The first chunk of a joiner has no seam.
        self.joiner.push(&vec![0.0; pause], Seam::Fade(0));
        self.joiner.push(samples, Seam::Pause(0))
    }

    /// Puts what was said behind what is there.
    fn join(&mut self, said: Said) -> PerformancePiece {
        let (at, start) = match self.start {
            Some(start) => (self.joiner.push(&said.samples, Seam::Fade(0)), start),
            None => {
                let start = self.start_line(&said.samples);
                (start, start)
            }
        };
        let part = &self.lines[self.next];
        let end = at + said.samples.len();
        self.length = end;
        self.has_spoken |= !part.is_silent;
        let (shift, limit) = (
            seconds(start, self.sample_rate),
            seconds(end, self.sample_rate),
        );
        let mut words = said.words;
        for word in &mut words {
            // Sums of rounded times may be a nanosecond off.
            word.start = (word.start + shift).clamp(self.last_end, limit.max(self.last_end));
            word.end = (word.end + shift).clamp(word.start, limit.max(word.start));
            self.last_end = word.end;
        }
        let mut piece = PerformancePiece {
            samples: Vec::new(),
            sample_rate: self.sample_rate,
            first_sample: self.joiner.taken(),
            words,
            line: self.next,
            speaker: part.speaker.clone(),
            seed: part.seed,
            spoken: start..end,
            report: said.report,
        };
        let is_end = said.is_last && self.next + 1 == self.lines.len();
        piece.samples = if is_end {
            if let Some(pause) = self.last_pause {
                self.push_behind(whole_samples(pause, self.sample_rate), &[]);
            }
            self.joiner.take_rest()
        } else {
            self.joiner.take_final()
        };
        piece
    }
}

impl Iterator for PerformanceStream {
    type Item = Result<PerformancePiece>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance(&mut |_| ControlFlow::Continue(()))
    }
}

impl std::iter::FusedIterator for PerformanceStream {}

fn at_line(line: &ScriptLine, error: Error) -> Error {
    ScriptError::Line {
        at: line.at,
        source: Box::new(error),
    }
    .into()
}
