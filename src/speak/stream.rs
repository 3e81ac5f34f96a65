//! Speech that is heard while the rest is still being made.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use f5_core::{audio::Waveform, mel::Mel, timing::WordTiming};
use tracing::Span;

use crate::{
    F5Tts, Progress, Voice,
    error::{Repr, Result},
    params::SynthesisParams,
    place::Place,
    speech::{ChunkPlan, Report, Speech},
    timeline::{seconds, shorten_pauses},
};

use super::{brake::cancelled, render::render, take::Take};

/// Audio that is final: later chunks do not change it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SpeechPiece {
    /// Mono samples that follow those of the piece before. Not clipped: peaks may pass 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
    /// Where `samples` begin in the whole audio.
    pub first_sample: usize,
    /// The words that have ended in the audio so far and were in no piece before; their times count
    /// from the beginning of the whole audio, their characters from the beginning of `gen_text`.
    ///
    /// The last word of a chunk may come with the next piece: until then a seam may shorten it.
    pub words: Vec<WordTiming>,
    /// Log-mel of the chunk, `[frames, n_mels]`; it begins with the last frame of the reference.
    pub mel: Mel,
    /// The chunk that was spoken for this piece. Its samples in the whole audio are not quite those of
    /// the piece: the end of a chunk waits for the next one.
    pub chunk: ChunkPlan,
    /// How far the call has come: all steps of this chunk are done.
    pub progress: Progress,
}

impl SpeechPiece {
    /// When the piece begins in the whole audio.
    #[must_use]
    pub fn start(&self) -> Duration {
        seconds(self.first_sample, self.sample_rate)
    }

    /// How long the piece lasts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        seconds(self.samples.len(), self.sample_rate)
    }

    /// Whether no piece follows.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.progress.chunk + 1 == self.progress.chunks
    }
}

/// Stops a [`SpeechStream`] from anywhere. Clones stop the same one.
#[derive(Debug, Clone, Default)]
pub struct CancelToken {
    cancelled: Arc<AtomicBool>,
}

impl CancelToken {
    /// Asks the stream to stop: it does after the step of the sampler that it is in.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) has been called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// What a callback of [`F5Tts::synthesize_stream_with`] hears of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StreamEvent {
    /// A step is done.
    Step(Progress),
    /// Audio is final.
    Piece(Box<SpeechPiece>),
}

/// An iterator over the pieces of a speech; made by [`F5Tts::synthesize_stream`].
///
/// It computes when it is asked for the next piece, on the thread that asks. After an error it is
/// over.
#[derive(Debug)]
#[must_use = "nothing is spoken until a piece is asked for"]
pub struct SpeechStream {
    place: Place,
    take: Take,
    /// The call, for whoever listens to `tracing`.
    span: Span,
    token: CancelToken,
    /// Pieces of a batch that wait to be asked for.
    ready: VecDeque<Result<SpeechPiece>>,
    /// Frames of a batch of chunks; `None` speaks one at a time.
    batch_frames: Option<usize>,
    over: bool,
}

impl F5Tts {
    /// Speaks `gen_text` piece by piece: the first audio is there when the first chunk is spoken, and
    /// what has been heard need not be kept. Joined together, the pieces are the samples and words
    /// that [`synthesize`](Self::synthesize) gives with the same parameters and seed.
    ///
    /// [`SynthesisParams::first_chunk`] makes the first piece a short one.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), f5_tts::Error> {
    /// # let (tts, voice): (f5_tts::F5Tts, f5_tts::Voice) = unimplemented!();
    /// for piece in tts.synthesize_stream(&voice, "A long story. It goes on.", &Default::default())? {
    ///     let piece = piece?;
    ///     println!("{:.2?}: {} samples, {:?}", piece.start(), piece.samples.len(), piece.words);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) as [`synthesize`](Self::synthesize), and for
    /// `remove_silence`, which needs the whole audio. What fails later is an item of the iterator.
    pub fn synthesize_stream(
        &self,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
    ) -> Result<SpeechStream> {
        if params.remove_silence {
            let option = "remove_silence";
            return Err(Repr::NotStreamable { option }.into());
        }
        SpeechStream::begin(self, voice, gen_text, params)
    }

    /// As [`synthesize_stream`](Self::synthesize_stream), telling `on_event` of every step and every
    /// piece; it may stop the call with [`ControlFlow::Break`], which leaves the engine as it was.
    ///
    /// # Errors
    ///
    /// As [`synthesize`](Self::synthesize), and [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn synthesize_stream_with(
        &self,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
        mut on_event: impl FnMut(StreamEvent) -> ControlFlow<()>,
    ) -> Result<Report> {
        let mut stream = self.synthesize_stream(voice, gen_text, params)?;
        while let Some(piece) = stream.advance(&mut |step| on_event(StreamEvent::Step(step))) {
            if on_event(StreamEvent::Piece(Box::new(piece?))).is_break() {
                return Err(stream.stopped());
            }
        }
        Ok(stream.take.into_report())
    }
}

impl SpeechStream {
    pub(crate) fn begin(
        tts: &F5Tts,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
    ) -> Result<Self> {
        let engine = tts.engine();
        Ok(Self {
            take: Take::begin(engine, voice, gen_text, params)?,
            place: Place::new(engine),
            span: tracing::info_span!("f5.synthesize", chars = gen_text.len()),
            token: CancelToken::default(),
            ready: VecDeque::new(),
            batch_frames: engine.batch_chunks().then_some(engine.batch_frames),
            over: false,
        })
    }

    /// Stops this stream from another thread: the call of `next` that is under way returns
    /// [`Cancelled`](crate::ErrorKind::Cancelled) after the step it is in.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        self.token.clone()
    }

    /// Lets this token stop the stream too, such as one that stops several.
    pub fn with_cancel_token(mut self, token: &CancelToken) -> Self {
        self.token = token.clone();
        self
    }

    /// The seed that is used.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.take.seed()
    }

    /// Samples per second.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.take.sample_rate()
    }

    /// Pieces in all: one for each chunk.
    #[must_use]
    pub fn chunks(&self) -> usize {
        self.take.chunks()
    }

    /// How the pieces so far came about.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.take.report()
    }

    /// The next piece, telling `on_step` of the steps it takes.
    pub(crate) fn advance(
        &mut self,
        on_step: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Option<Result<SpeechPiece>> {
        if self.over && self.ready.is_empty() {
            return None;
        }
        if self.token.is_cancelled() {
            return Some(Err(self.stopped()));
        }
        if self.ready.is_empty()
            && let Err(error) = self.speak(on_step)
        {
            self.over = true;
            return Some(Err(error));
        }
        self.ready.pop_front()
    }

    /// Ends the stream because its user wants it.
    fn stopped(&mut self) -> crate::Error {
        self.over = true;
        self.ready.clear();
        cancelled(0, self.take.params().nfe_steps)
    }

    /// Speaks the next chunk or batch of chunks.
    fn speak(&mut self, on_step: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<()> {
        let mut chunks = Vec::new();
        let mut longest = 0;
        while let Some(frames) = self.take.next_frames() {
            longest = longest.max(frames);
            let fits = self
                .batch_frames
                .is_some_and(|most| longest * (chunks.len() + 1) <= most);
            // The first chunk goes alone, so that it is heard early.
            let is_early = chunks
                .last()
                .is_some_and(|chunk: &super::take::Chunk| chunk.index == 0);
            if !chunks.is_empty() && (!fits || is_early) {
                break;
            }
            chunks.extend(self.take.draw());
        }
        let Some(first) = chunks.first().map(|chunk| chunk.index) else {
            self.over = true;
            return Ok(());
        };
        let _span = self.span.clone().entered();
        let all = self.take.chunks();
        let (token, observer) = (&self.token, self.take.observer());
        let jobs: Vec<_> = chunks.iter().map(|chunk| (&self.take, chunk)).collect();
        let rendered = render(&mut self.place, &jobs, &mut |step| {
            observer.step(first, step.done, step.total);
            let told = on_step(Progress {
                chunk: first,
                chunks: all,
                step: step.done,
                steps: step.total,
            });
            match token.is_cancelled() {
                true => ControlFlow::Break(()),
                false => told,
            }
        })?;
        for (chunk, rendered) in chunks.into_iter().zip(rendered) {
            let piece = rendered.and_then(|rendered| self.take.join(chunk, rendered));
            // A token that is cancelled later is too late.
            self.over = piece.as_ref().map_or(true, SpeechPiece::is_last);
            if let Ok(piece) = &piece {
                self.take.observer().chunk(piece.progress.chunk + 1, all);
            }
            self.ready.push_back(piece);
            if self.over {
                break;
            }
        }
        Ok(())
    }
}

impl Iterator for SpeechStream {
    type Item = Result<SpeechPiece>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance(&mut |_| ControlFlow::Continue(()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.take.chunks()))
    }
}

impl std::iter::FusedIterator for SpeechStream {}

/// Pieces put together.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    samples: Vec<f32>,
    mel: Vec<f32>,
    words: Vec<WordTiming>,
    chunks: Vec<ChunkPlan>,
}

impl Collected {
    pub(crate) fn push(&mut self, piece: SpeechPiece) {
        self.samples.extend(piece.samples);
        self.mel.extend(piece.mel.into_data());
        self.words.extend(piece.words);
        self.chunks.push(piece.chunk);
    }

    /// Pieces so far.
    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// The whole speech.
    pub(crate) fn speech(self, take: Take) -> Result<Speech> {
        let sample_rate = take.sample_rate();
        let remove_silence = take.params().remove_silence;
        let mut speech = Speech {
            waveform: Waveform::new(self.samples, sample_rate)?,
            sample_rate,
            seed: take.seed(),
            chunks: self.chunks,
            mel: Mel::new(self.mel, take.n_mels()),
            words: self.words,
            report: Report::default(),
        };
        if remove_silence {
            shorten_pauses(&mut speech);
        }
        speech.report = take.into_report();
        Ok(speech)
    }
}

impl SpeechStream {
    /// All pieces in one.
    pub(crate) fn collect_speech(
        mut self,
        on_step: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Speech> {
        let mut collected = Collected::default();
        while let Some(piece) = self.advance(on_step) {
            collected.push(piece?);
        }
        collected.speech(self.take)
    }
}
