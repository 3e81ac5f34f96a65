//! One text on its way from plan to audio.

use std::{sync::Arc, time::Instant, vec};

use f5_core::{audio::crossfade::Joiner, mel::Mel};
use f5_model::cfm::SampleRow;

use crate::{
    Progress, Voice,
    engine::Engine,
    error::Result,
    observe::Watcher,
    params::SynthesisParams,
    plan::{Planned, plan},
    speech::Report,
    spoken::Spoken,
    timeline::seconds,
    voice::Conditioned,
};

use super::{
    noise::NoiseSource,
    render::Rendered,
    seam::Seams,
    stream::SpeechPiece,
    words::{WordQueue, align},
};

/// One text being spoken: the chunks to come, and what the seams still hold back.
#[derive(Debug)]
pub(crate) struct Take {
    engine: Arc<Engine>,
    conditioned: Arc<Conditioned>,
    params: SynthesisParams,
    seed: u64,
    to_come: vec::IntoIter<Planned>,
    chunks: usize,
    noise: NoiseSource,
    seams: Seams,
    joiner: Joiner,
    spoken: Spoken,
    /// Where the first word of each chunk begins in the text.
    first_chars: Vec<usize>,
    words: WordQueue,
    report: Report,
    started: Instant,
}

/// A chunk with the noise it starts from.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Its place in the text, from 0.
    pub(super) index: usize,
    pub(super) planned: Planned,
    noise: Vec<f32>,
}

impl Take {
    /// Checks and plans; nothing is spoken yet.
    pub(crate) fn begin(
        engine: &Arc<Engine>,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
    ) -> Result<Self> {
        let started = Instant::now();
        params.validate()?;
        let spoken = Spoken::new(engine, gen_text, params);
        let unknown = engine.check_text(&spoken)?;
        let seed = engine.seed(params)?;
        let conditioned = engine.conditioned(voice, params.target_rms)?;
        let planned = plan(engine, voice, &conditioned, &spoken, params)?;
        let first_chars = planned
            .iter()
            .map(|chunk| spoken.to_words(chunk.chars.span()).start)
            .collect();
        let seams = Seams::new(params, engine.config.mel_spec.target_sample_rate);
        Ok(Self {
            engine: Arc::clone(engine),
            conditioned,
            params: params.clone(),
            seed,
            chunks: planned.len(),
            to_come: planned.into_iter(),
            noise: NoiseSource::new(params.noise, seed),
            joiner: Joiner::new(seams.longest_fade()),
            seams,
            words: WordQueue::default(),
            report: Report {
                spoken_text: spoken.changed().map(str::to_owned),
                unknown,
                ..Report::default()
            },
            first_chars,
            spoken,
            started,
        })
    }

    /// Who is told of steps and chunks.
    pub(super) fn observer(&self) -> &Watcher {
        &self.engine.observer
    }

    pub(crate) fn params(&self) -> &SynthesisParams {
        &self.params
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Chunks in all.
    pub(crate) fn chunks(&self) -> usize {
        self.chunks
    }

    pub(crate) fn sample_rate(&self) -> u32 {
        self.engine.config.mel_spec.target_sample_rate
    }

    /// Bands of the mel.
    pub(super) fn n_mels(&self) -> usize {
        self.engine.config.mel_spec.n_mel_channels
    }

    /// How it came about so far.
    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    /// The chunks to come.
    pub(crate) fn planned(&self) -> &[Planned] {
        self.to_come.as_slice()
    }

    /// Whole frames of the reference.
    pub(crate) fn ref_frames(&self) -> usize {
        self.conditioned.samples / self.engine.config.mel_spec.hop_length
    }

    /// Frames of the next chunk, reference included; `None` behind the last.
    pub(super) fn next_frames(&self) -> Option<usize> {
        self.planned().first().map(|next| next.frames)
    }

    /// The next chunk, to be rendered.
    pub(super) fn draw(&mut self) -> Option<Chunk> {
        let index = self.chunks - self.to_come.len();
        let planned = self.to_come.next()?;
        let n_mels = self.engine.config.mel_spec.n_mel_channels;
        let noise = self.noise.draw(planned.frames * n_mels);
        Some(Chunk {
            index,
            planned,
            noise,
        })
    }

    pub(super) fn row<'a>(&'a self, chunk: &'a Chunk) -> SampleRow<'a> {
        SampleRow {
            cond: &self.conditioned.mel,
            text: &chunk.planned.ids,
            duration: chunk.planned.frames,
            noise: &chunk.noise,
            edit_mask: None,
        }
    }

    /// What of a sampled mel was generated; as in upstream, it begins with the last reference frame.
    pub(super) fn generated(&self, mel: Mel) -> Mel {
        let spec = &self.engine.config.mel_spec;
        let n_mels = spec.n_mel_channels;
        let reference = self.conditioned.samples / spec.hop_length;
        Mel::new(mel.into_data().split_off(reference * n_mels), n_mels)
    }

    /// Loudness of the reference before it was raised.
    pub(super) fn ref_rms(&self) -> f32 {
        self.conditioned.rms
    }

    /// Joins a rendered chunk, the one behind the last that was joined, to what is there; gives the
    /// audio and words that are final by it.
    pub(super) fn join(&mut self, chunk: Chunk, rendered: Rendered) -> Result<SpeechPiece> {
        let (index, planned) = (chunk.index, chunk.planned);
        let report = &mut self.report;
        report.device = rendered.device;
        report.kernels = rendered.kernels;
        report.moves.extend(rendered.moves);
        report.sampling += rendered.sampling;
        report.vocoding += rendered.vocoding;

        let seam = self.seams.before(&rendered.wave, planned.end);
        let start = self.joiner.push(&rendered.wave, seam);
        if self.params.word_timings {
            let clock = Instant::now();
            let (words, alignment) = align(&self.engine, &planned, &rendered.wave, start)?;
            for word in words {
                self.words.push(self.spoken.written(word), &self.spoken);
            }
            report.alignment.push(alignment);
            report.aligning += clock.elapsed();
        }
        let is_last = index + 1 == self.chunks;
        let first_sample = self.joiner.taken();
        let samples = match is_last {
            true => self.joiner.take_rest(),
            false => self.joiner.take_final(),
        };
        let sample_rate = self.engine.config.mel_spec.target_sample_rate;
        // A word of the text that is spoken in several may go on in the next chunk.
        let words = match self.first_chars.get(index + 1) {
            Some(&next) => self
                .words
                .take_final(seconds(self.joiner.taken(), sample_rate), next),
            None => self.words.take_rest(),
        };
        report.elapsed = self.started.elapsed();
        Ok(SpeechPiece {
            samples,
            sample_rate,
            first_sample,
            words,
            mel: rendered.mel,
            progress: Progress {
                chunk: index,
                chunks: self.chunks,
                step: self.params.nfe_steps,
                steps: self.params.nfe_steps,
            },
            chunk: planned.spoken(&self.spoken, start..start + rendered.wave.len()),
        })
    }

    /// The report of a text that is spoken.
    pub(crate) fn into_report(mut self) -> Report {
        self.report.elapsed = self.started.elapsed();
        self.report
    }
}
