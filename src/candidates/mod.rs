//! The best of several tries: one text with several seeds, and the speech that fits it best.

mod fit;

use std::{
    cmp::Ordering,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use crate::{
    F5Tts, Progress, Request, Speech, SynthesisParams, Voice,
    error::{Repr, Result},
    speak::Take,
};

pub use fit::Fit;

/// What [`F5Tts::candidates`] found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Candidates {
    /// The speech that fits its text best; the first one of those that fit equally well.
    pub best: Speech,
    /// Its place in `tried`.
    pub best_index: usize,
    /// Every seed that was tried, in order.
    pub tried: Vec<Candidate>,
    /// Time from the call to the result.
    pub elapsed: Duration,
}

/// One try. Its audio is not kept: synthesising with its seed gives it again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Candidate {
    /// The seed.
    pub seed: u64,
    /// How well the speech fits the text, and why not better.
    pub fit: Fit,
}

impl F5Tts {
    /// Speaks `gen_text` with `n` seeds and keeps the speech whose alignment to the text is best, which
    /// fights skipped and mumbled words. The seeds are the one of `params` (or the one that is drawn) and
    /// those that follow it; [`word_timings`](SynthesisParams::word_timings) are on whatever `params`
    /// says.
    ///
    /// It costs `n` times the work of [`synthesize`](Self::synthesize), and the memory of two speeches;
    /// where the device gains from it, tries share batches of up to
    /// [`batch_frames`](crate::F5TtsBuilder::batch_frames) and those of a batch are held at once.
    ///
    /// How much it can tell is said at [`Fit`]. It takes an aligner that listens: the engine's own knows
    /// English, feature `ctc` brings others. Where none does, [`Fit::score`] is `None` and the first try is
    /// the best.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), f5_tts::Error> {
    /// # let (tts, voice): (f5_tts::F5Tts, f5_tts::Voice) = unimplemented!();
    /// let found = tts.candidates(&voice, "We walk home.", &Default::default(), 4)?;
    /// println!("seed {} of {:?}", found.best.seed, found.tried);
    /// found.best.save_wav("out.wav")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`synthesize`](Self::synthesize), and [`InvalidInput`](crate::ErrorKind::InvalidInput) where `n`
    /// is 0.
    pub fn candidates(
        &self,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
        n: usize,
    ) -> Result<Candidates> {
        self.candidates_with(voice, gen_text, params, n, |_| ControlFlow::Continue(()))
    }

    /// As [`candidates`](Self::candidates), telling `on_step` of every step, with the chunks of all tries
    /// counted as one row; it may stop the call with [`ControlFlow::Break`].
    ///
    /// # Errors
    ///
    /// As [`candidates`](Self::candidates), and [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn candidates_with(
        &self,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
        n: usize,
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Candidates> {
        let started = Instant::now();
        let none = Repr::Parameter {
            name: "n",
            value: n as f64,
            expected: "1 or more candidates",
        };
        if n == 0 {
            return Err(none.into());
        }
        let engine = self.engine();
        let seed = engine.seed(params)?;
        let of_seed = |index: usize| SynthesisParams {
            seed: Some(seed.wrapping_add(index as u64)),
            word_timings: true,
            ..params.clone()
        };
        let together = match engine.batch_chunks() {
            true => {
                let take = Take::begin(engine, voice, gen_text, &of_seed(0))?;
                let frames: usize = take.planned().iter().map(|chunk| chunk.frames).sum();
                (engine.batch_frames / frames.max(1)).clamp(1, n)
            }
            false => 1,
        };
        let mut tried: Vec<Candidate> = Vec::new();
        let mut best: Option<(usize, Speech)> = None;
        let mut chunks_before = 0;
        while tried.len() < n {
            let rows = together.min(n - tried.len());
            let params: Vec<_> = (tried.len()..tried.len() + rows).map(of_seed).collect();
            let requests = params.iter().map(|params| Request {
                voice,
                gen_text,
                params,
            });
            let told = |progress: Progress| {
                let of_one = progress.chunks / rows;
                on_step(Progress {
                    chunk: chunks_before + progress.chunk,
                    chunks: of_one * n,
                    ..progress
                })
            };
            let speeches = match rows {
                1 => vec![self.synthesize_with(voice, gen_text, &params[0], told)],
                _ => self.synthesize_batch_with(&requests.collect::<Vec<_>>(), told),
            };
            for speech in speeches {
                let speech = speech?;
                chunks_before += speech.chunks.len();
                let fit = speech.fit();
                let beats =
                    |best: &(usize, Speech)| fit.better(&tried[best.0].fit) == Ordering::Greater;
                let (seed, is_best) = (speech.seed, best.as_ref().is_none_or(beats));
                if is_best {
                    best = Some((tried.len(), speech));
                }
                tried.push(Candidate { seed, fit });
            }
        }
        let (best_index, best) = best.ok_or(none)?;
        Ok(Candidates {
            best,
            best_index,
            tried,
            elapsed: started.elapsed(),
        })
    }
}
