//! From windows to the edited audio.

use std::ops::Range;

use f5_core::audio::Waveform;

use crate::{error::Result, place::Place, speak::NoiseSource, timeline::whole_samples};

use super::{
    EditOutput, EditedSpan, Job,
    splice::{New, Patch, splice},
    window::{Spot, Window},
};

/// What came of the audio.
pub(super) struct Audio {
    pub(super) waveform: Waveform,
    pub(super) spans: Vec<EditedSpan>,
}

/// A new span at the output's rate, with what was said beside it.
struct Spoken {
    cut: Range<usize>,
    wave: Vec<f32>,
    span: Range<usize>,
    gain: f32,
}

impl Job<'_> {
    /// Speaks the windows and puts them in their places.
    pub(super) fn audio(&mut self, spots: &[Spot], windows: &[Window]) -> Result<Audio> {
        let _span = tracing::info_span!("f5.edit", spans = spots.len()).entered();
        let vocoded = self.params.output == EditOutput::Vocoded;
        let rate = if vocoded {
            self.clock.model_rate
        } else {
            self.clock.rate
        };
        let fade = whole_samples(self.params.seam, rate);
        let mut place = Place::new(self.engine);
        let mut noise = NoiseSource::new(self.params.synthesis.noise, self.seed);
        let mut spoken: Vec<Option<Spoken>> = spots.iter().map(|_| None).collect();
        let mut whole = None;
        for (index, window) in windows.iter().enumerate() {
            let rendered = self.render(&mut place, window, (index, windows.len()), &mut noise)?;
            self.report.heard.push(window.samples.clone());
            self.report.sampling += rendered.sampling;
            self.report.vocoding += rendered.vocoding;
            self.report.device = rendered.device;
            self.report.kernels = rendered.kernels;
            let wave = rendered.wave.resample(rate)?;
            let new = rendered.spans.into_iter().zip(rendered.gains);
            for (hole, (span, gain)) in window.holes.iter().zip(new) {
                let at = |frame| window.samples.start + self.clock.sample(frame);
                let cut = at(hole.old.start)..at(hole.old.end);
                let gain = if vocoded { 1.0 } else { gain };
                spoken[hole.change] =
                    (vocoded || hole.frames > 0).then(|| self.spoken(&wave, cut, span, gain, fade));
            }
            if vocoded {
                whole = Some(wave);
            }
        }
        self.report.moves = place.moves;
        let samples = self.recording.samples();
        let mut patches = Vec::with_capacity(spots.len());
        let mut earliest = 0;
        for (spot, spoken) in spots.iter().zip(&spoken) {
            let cut = spoken.as_ref().map_or(&spot.cut, |spoken| &spoken.cut);
            let start = cut.start.clamp(earliest, samples.len());
            let cut = start..cut.end.clamp(start, samples.len());
            earliest = cut.end;
            let new = spoken.as_ref().map(|spoken| New {
                wave: &spoken.wave,
                span: spoken.span.clone(),
            });
            patches.push(Patch { cut, new });
        }
        let (waveform, places) = match whole {
            Some(whole) => {
                let spans = spoken.iter().flatten().map(|spoken| spoken.span.clone());
                (whole, spans.collect())
            }
            None => {
                let spliced = splice(samples, &patches, fade);
                (Waveform::new(spliced.samples, rate)?, spliced.spans)
            }
        };
        let spans = patches.iter().zip(places).zip(&spoken);
        let spans = spans.map(|((patch, new), spoken)| EditedSpan {
            old_words: None,
            words: 0..0,
            old: patch.cut.clone(),
            rms: rms(&waveform.samples()[new.clone()]),
            new,
            gain: spoken.as_ref().map_or(1.0, |spoken| spoken.gain),
            alignment: None,
        });
        let spans = spans.collect();
        Ok(Audio { waveform, spans })
    }

    /// A span of a window's audio, with as much beside it as seams need.
    fn spoken(
        &self,
        wave: &Waveform,
        cut: Range<usize>,
        span: Range<usize>,
        gain: f32,
        fade: usize,
    ) -> Spoken {
        let samples = wave.samples();
        if self.params.output == EditOutput::Vocoded {
            return Spoken {
                cut,
                wave: Vec::new(),
                span,
                gain,
            };
        }
        let hop = self.clock.hop_length;
        let at = |sample: usize| self.clock.sample(sample / hop).min(samples.len());
        let (start, end) = (at(span.start), at(span.end));
        let from = start.saturating_sub(fade);
        let to = end.saturating_add(fade).min(samples.len());
        Spoken {
            cut,
            wave: samples[from..to].iter().map(|x| x * gain).collect(),
            span: start - from..end - from,
            gain,
        }
    }
}

fn rms(samples: &[f32]) -> f32 {
    let sum: f64 = samples.iter().map(|&x| f64::from(x).powi(2)).sum();
    (sum / samples.len().max(1) as f64).sqrt() as f32
}
