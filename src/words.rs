//! When each word was spoken: every chunk is aligned with its own text.

use std::time::Instant;

use f5_align::{AlignError, Aligner, Alignment, EnergyAligner, LinkReport, Verdict};
use f5_core::{audio::Waveform, timing::WordTiming};

use crate::{
    engine::Engine,
    error::Result,
    plan::Planned,
    speech::ChunkAlignment,
    timeline::{keep_in_order, seconds},
};

impl Engine {
    /// Finds the words of each chunk in its own audio, so that an error never reaches the next one.
    pub(crate) fn align(
        &self,
        planned: &[Planned],
        waves: &[Vec<f32>],
        starts: &[usize],
    ) -> Result<(Vec<WordTiming>, Vec<ChunkAlignment>)> {
        let rate = self.config.mel_spec.target_sample_rate;
        let (mut words, mut report) = (Vec::new(), Vec::with_capacity(planned.len()));
        for ((piece, wave), &start) in planned.iter().zip(waves).zip(starts) {
            let span = tracing::debug_span!("f5.align", chunk = report.len());
            let audio = Waveform::new(wave.clone(), rate)?;
            let aligned = span.in_scope(|| self.align_chunk(&audio, &piece.text))?;
            let shift = seconds(start, rate);
            words.extend(aligned.words.into_iter().map(|word| WordTiming {
                start: word.start + shift,
                end: word.end + shift,
                chars: piece.chars.to_text(&piece.text, &word.chars),
                ..word
            }));
            report.push(ChunkAlignment {
                aligner: aligned.aligner,
                quality: aligned.quality,
                trail: aligned.trail,
            });
        }
        keep_in_order(&mut words);
        Ok((words, report))
    }

    /// Where an aligner of the caller's fails, pauses and punctuation decide: words are never lost.
    fn align_chunk(
        &self,
        audio: &Waveform,
        text: &str,
    ) -> std::result::Result<Alignment, AlignError> {
        let clock = Instant::now();
        let answer = self.aligner.align(audio, text, &self.language);
        let said = |verdict| LinkReport::new(self.aligner.name(), verdict, clock.elapsed());
        match answer {
            Ok(mut aligned) => {
                if aligned.trail.is_empty() {
                    aligned.trail = vec![said(Verdict::Used)];
                }
                Ok(aligned)
            }
            Err(error) => {
                let failed = said(Verdict::Failed(error));
                let last_resort = EnergyAligner::new();
                let mut aligned = last_resort.align(audio, text, &self.language)?;
                let elapsed = clock.elapsed().saturating_sub(failed.elapsed);
                let used = LinkReport::new(last_resort.name(), Verdict::Used, elapsed);
                aligned.trail = vec![failed, used];
                Ok(aligned)
            }
        }
    }
}
