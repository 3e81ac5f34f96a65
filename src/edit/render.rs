//! Speaks the holes of a window: upstream's masked sampling, then the vocoder.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use f5_core::{
    audio::{
        Waveform,
        loudness::{boost_to_target_rms, restore_rms},
    },
    mel::Mel,
};
use f5_model::cfm::{SampleRow, Step, total_frames};

use crate::{
    Progress,
    error::Result,
    place::Place,
    speak::{Brake, NoiseSource},
    spoken::Spoken,
};

use super::{
    Job,
    window::{Hole, Window},
};

/// Kept audio beside a hole that loudness is compared on, in seconds.
const COMPARED: f64 = 1.0;
/// Further than by this factor the loudness of new spans is not moved.
const MOST_GAIN: f32 = 2.0;

/// A window that was spoken, at the model's rate.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) wave: Waveform,
    /// The first sample of each hole in `wave`, and its length.
    pub(super) spans: Vec<Range<usize>>,
    /// What brings each span to the loudness of the recording around it.
    pub(super) gains: Vec<f32>,
    pub(super) sampling: Duration,
    pub(super) vocoding: Duration,
    pub(super) device: String,
    pub(super) kernels: Option<String>,
}

/// A mel with room for what is spoken anew, as upstream's `speech_edit.py` lays it out.
struct Laid {
    cond: Mel,
    edit_mask: Vec<bool>,
    /// First frame of each hole.
    starts: Vec<usize>,
}

impl Laid {
    fn out(mel: &Mel, holes: &[Hole]) -> Self {
        let n_mels = mel.n_mels();
        let (mut data, mut edit_mask) = (Vec::new(), Vec::new());
        let keep = |data: &mut Vec<f32>, mask: &mut Vec<bool>, frames: Range<usize>| {
            let frames = frames.start.min(mel.frames())..frames.end.min(mel.frames());
            data.extend_from_slice(&mel.data()[frames.start * n_mels..frames.end * n_mels]);
            mask.resize(mask.len() + frames.len(), true);
        };
        let mut starts = Vec::with_capacity(holes.len());
        let mut next = 0;
        for hole in holes {
            keep(&mut data, &mut edit_mask, next..hole.old.start.max(next));
            starts.push(edit_mask.len());
            data.resize(data.len() + hole.frames * n_mels, 0.0);
            edit_mask.resize(edit_mask.len() + hole.frames, false);
            next = hole.old.end;
        }
        keep(&mut data, &mut edit_mask, next..mel.frames().max(next));
        Self {
            cond: Mel::new(data, n_mels),
            edit_mask,
            starts,
        }
    }
}

impl Job<'_> {
    /// Speaks window `index` of `count`.
    pub(super) fn render(
        &mut self,
        place: &mut Place,
        window: &Window,
        (index, count): (usize, usize),
        noise: &mut NoiseSource,
    ) -> Result<Rendered> {
        let (engine, recording) = (self.engine, self.recording);
        let spec = &engine.config.mel_spec;
        let synthesis = &self.params.synthesis;
        let samples = recording.samples()[window.samples.clone()].to_vec();
        let mut heard = Waveform::new(samples, recording.sample_rate())?;
        let ref_rms = boost_to_target_rms(&mut heard, synthesis.target_rms)?;
        let heard = heard.resample(spec.target_sample_rate)?;
        let laid = Laid::out(&engine.mel.extract(heard.samples())?, &window.holes);
        let spoken = Spoken::new(engine, &window.text, synthesis);
        let tokenizer = engine.config.tokenizer;
        let ids = tokenizer
            .encode_with(spoken.text(), &engine.vocab, spoken.readings())
            .ids;
        let frames = laid.cond.frames();
        let duration = total_frames(ids.len(), frames, frames);
        let noise = noise.draw(duration * spec.n_mel_channels);
        let row = SampleRow {
            cond: &laid.cond,
            text: &ids,
            duration,
            noise: &noise,
            edit_mask: Some(&laid.edit_mask),
        };
        let sampler = synthesis.sampling();
        let mut on_step = |Step { done, total }| {
            engine.observer.step(index, done, total);
            (self.on_step)(Progress {
                chunk: index,
                chunks: count,
                step: done,
                steps: total,
            })
        };
        let mut brake = Brake::new(&mut on_step);
        let mut rendered = place.run(index, |networks| {
            let clock = Instant::now();
            let span =
                tracing::debug_span!("f5.sample", rows = 1, device = %networks.device).entered();
            let mut mels = networks
                .cfm
                .sample(&[row], &sampler, |step| brake.step(step))?;
            brake.check()?;
            drop(span);
            let sampling = clock.elapsed();
            let mel = mels.swap_remove(0);
            let _span = tracing::debug_span!("f5.vocode", frames = mel.frames()).entered();
            let wave = networks.vocode(&mel)?;
            Ok(Rendered {
                wave: Waveform::new(wave, spec.target_sample_rate)?,
                spans: Vec::new(),
                gains: Vec::new(),
                sampling,
                vocoding: clock.elapsed().saturating_sub(sampling),
                device: networks.device.to_string(),
                kernels: networks.kernels.clone(),
            })
        })?;
        engine.observer.chunk(index + 1, count);
        let hop = spec.hop_length;
        let length = rendered.wave.samples().len();
        rendered.spans = window
            .holes
            .iter()
            .zip(&laid.starts)
            .map(|(hole, start)| {
                (start * hop).min(length)..((start + hole.frames) * hop).min(length)
            })
            .collect();
        rendered.gains = (0..window.holes.len())
            .map(|at| gain(&heard, &rendered, window, at, hop))
            .collect();
        let mut wave = rendered.wave.into_samples();
        restore_rms(&mut wave, ref_rms, synthesis.target_rms);
        rendered.wave = Waveform::new(wave, spec.target_sample_rate)?;
        Ok(rendered)
    }
}

/// How much louder the recording is beside a hole than the vocoder says the same frames.
fn gain(heard: &Waveform, rendered: &Rendered, window: &Window, at: usize, hop: usize) -> f32 {
    let most = (COMPARED * f64::from(heard.sample_rate())) as usize;
    let (hole, new) = (&window.holes[at], &rendered.spans[at]);
    let old = hole.old.start * hop..hole.old.end * hop;
    let previous = at
        .checked_sub(1)
        .map_or(0, |left| window.holes[left].old.end * hop);
    let next = window
        .holes
        .get(at + 1)
        .map_or(usize::MAX, |right| right.old.start * hop);
    let (before, after) = (heard.samples(), rendered.wave.samples());
    let left = old.start.saturating_sub(previous).min(most).min(new.start);
    let right = next.min(before.len()).saturating_sub(old.end).min(most);
    let right = right.min(after.len().saturating_sub(new.end));
    let power = |samples: &[f32], span: &Range<usize>| -> f64 {
        let beside = samples[span.start.min(samples.len()) - left..span.start.min(samples.len())]
            .iter()
            .chain(&samples[span.end.min(samples.len())..span.end.min(samples.len()) + right]);
        beside.map(|&x| f64::from(x).powi(2)).sum()
    };
    let (was, is) = (power(before, &old), power(after, new));
    if was <= 0.0 || is <= 0.0 {
        return 1.0;
    }
    ((was / is).sqrt() as f32).clamp(1.0 / MOST_GAIN, MOST_GAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_around_holes_are_kept_and_holes_are_zero() {
        let mel = Mel::new((1..=10).map(|x| x as f32).collect(), 1);
        let hole = |old, frames| Hole {
            change: 0,
            old,
            frames,
        };
        let laid = Laid::out(&mel, &[hole(2..4, 3), hole(6..6, 1), hole(9..12, 0)]);
        let cond = [1., 2., 0., 0., 0., 5., 6., 0., 7., 8., 9.];
        assert_eq!(laid.cond.data(), cond);
        let mask: Vec<bool> = cond.iter().map(|&x| x > 0.0).collect();
        assert_eq!(laid.edit_mask, mask);
        assert_eq!(laid.starts, [2, 7, 11]);
    }
}
