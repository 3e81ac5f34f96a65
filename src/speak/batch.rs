//! Several texts at once, in as few runs of the sampler as their lengths and parameters allow.

use std::ops::ControlFlow;

use crate::{
    Error, F5Tts, Progress, Speech, Voice, error::Result, params::SynthesisParams, place::Place,
};

use super::{
    brake::cancelled,
    render::render,
    stream::Collected,
    take::{Chunk, Take},
};

/// One text of [`F5Tts::synthesize_batch`].
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The voice to speak with.
    pub voice: &'a Voice,
    /// The text to speak.
    pub gen_text: &'a str,
    /// How to speak it. Only texts with the same sampler's parameters (`nfe_steps`, `cfg_strength`,
    /// `sway_sampling_coef`, `ode_method`) share a batch.
    pub params: &'a SynthesisParams,
}

/// A request on its way.
struct Job {
    take: Take,
    collected: Collected,
    failed: Option<Error>,
}

impl F5Tts {
    /// Speaks several texts, of any voices and lengths, in padded batches: on a GPU this is faster than
    /// one after the other. Padding is invisible: each speech is what
    /// [`synthesize`](Self::synthesize) would give, up to rounding.
    ///
    /// A batch holds no more than
    /// [`batch_frames`](crate::F5TtsBuilder::batch_frames); one that fails is tried again chunk by
    /// chunk. There is a result for each request, in order.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), f5_tts::Error> {
    /// # let (tts, ann, bob): (f5_tts::F5Tts, f5_tts::Voice, f5_tts::Voice) = unimplemented!();
    /// use f5_tts::Request;
    ///
    /// let params = Default::default();
    /// let requests = [(&ann, "Good morning."), (&bob, "And to you, whoever you are.")]
    ///     .map(|(voice, gen_text)| Request { voice, gen_text, params: &params });
    /// for speech in tts.synthesize_batch(&requests) {
    ///     println!("{:?}", speech?.duration());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Each request has its own, as [`synthesize`](Self::synthesize).
    pub fn synthesize_batch(&self, requests: &[Request<'_>]) -> Vec<Result<Speech>> {
        self.synthesize_batch_with(requests, |_| ControlFlow::Continue(()))
    }

    /// As [`synthesize_batch`](Self::synthesize_batch), telling `on_step` of every step, with the
    /// chunks of all requests counted as one row; it may stop the call with [`ControlFlow::Break`].
    ///
    /// # Errors
    ///
    /// Each request has its own; [`Cancelled`](crate::ErrorKind::Cancelled) where it was not finished.
    pub fn synthesize_batch_with(
        &self,
        requests: &[Request<'_>],
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Vec<Result<Speech>> {
        let engine = self.engine();
        let span = tracing::info_span!("f5.synthesize", requests = requests.len());
        let _span = span.entered();
        let mut jobs: Vec<Result<Job>> = requests
            .iter()
            .map(|request| {
                let (voice, text) = (request.voice, request.gen_text);
                Ok(Job {
                    take: Take::begin(engine, voice, text, request.params)?,
                    collected: Collected::default(),
                    failed: None,
                })
            })
            .collect();
        let chunks = jobs.iter().flatten().map(|job| job.take.chunks()).sum();
        let (mut place, mut done) = (Place::new(engine), 0);
        while let Some(batch) = next_batch(&mut jobs, engine.batch_frames) {
            let rows = batch.len();
            let mut told = |step: f5_model::cfm::Step| {
                engine.observer.step(done, step.done, step.total);
                on_step(Progress {
                    chunk: done,
                    chunks,
                    step: step.done,
                    steps: step.total,
                })
            };
            let live: Vec<_> = batch
                .iter()
                .filter_map(|(at, chunk)| Some((&jobs[*at].as_ref().ok()?.take, chunk)))
                .collect();
            let Ok(rendered) = render(&mut place, &live, &mut told) else {
                return jobs.into_iter().map(Job::stopped).collect();
            };
            for ((at, chunk), rendered) in batch.into_iter().zip(rendered) {
                let Ok(job) = &mut jobs[at] else { continue };
                match rendered.and_then(|rendered| job.take.join(chunk, rendered)) {
                    Ok(piece) => job.collected.push(piece),
                    Err(error) => job.failed = job.failed.take().or(Some(error)),
                }
            }
            done += rows;
            engine.observer.chunk(done, chunks);
        }
        jobs.into_iter().map(|job| job?.finish()).collect()
    }
}

impl Job {
    fn finish(self) -> Result<Speech> {
        match self.failed {
            Some(error) => Err(error),
            None => self.collected.speech(self.take),
        }
    }

    /// The result of a request in a call that was stopped.
    fn stopped(job: Result<Self>) -> Result<Speech> {
        let job = job?;
        let steps = job.take.params().nfe_steps;
        match job.collected.len() == job.take.chunks() {
            true => job.finish(),
            false => Err(job.failed.unwrap_or_else(|| cancelled(0, steps))),
        }
    }
}

/// The next chunks that fit into a batch, in order, with the requests they belong to.
fn next_batch(jobs: &mut [Result<Job>], most: usize) -> Option<Vec<(usize, Chunk)>> {
    let mut batch: Vec<(usize, Chunk)> = Vec::new();
    let mut sampling = None;
    let mut longest = 0;
    for (at, job) in jobs.iter_mut().enumerate() {
        let Ok(job) = job else { continue };
        if job.failed.is_some() {
            continue;
        }
        let wanted = job.take.params().sampling();
        while let Some(frames) = job.take.next_frames() {
            if sampling
                .as_ref()
                .is_some_and(|sampling| *sampling != wanted)
            {
                break;
            }
            longest = longest.max(frames);
            if !batch.is_empty() && longest.saturating_mul(batch.len() + 1) > most {
                return Some(batch);
            }
            sampling = Some(wanted.clone());
            batch.extend(job.take.draw().map(|chunk| (at, chunk)));
        }
    }
    (!batch.is_empty()).then_some(batch)
}
