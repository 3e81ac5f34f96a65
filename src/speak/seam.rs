//! How chunks follow each other: with pauses that sound natural, or with upstream's cross-fade.

use f5_core::audio::crossfade::Seam;

use crate::{
    params::{Pauses, SynthesisParams},
    plan::End,
    timeline::whole_samples,
};

/// Windows that are looked at for silence, in samples a second.
const WINDOWS: u32 = 200;
/// Below this share of a chunk's own loudness it is silent.
const QUIET: f32 = 0.05;

/// The seams of one text.
#[derive(Debug)]
pub(super) struct Seams {
    pauses: Option<Pauses>,
    fade: usize,
    rate: u32,
    /// What the last chunk ended with, and its silent samples at the end.
    last: Option<(End, usize)>,
}

impl Seams {
    pub(super) fn new(params: &SynthesisParams, rate: u32) -> Self {
        Self {
            pauses: params.pauses_between_chunks(),
            fade: whole_samples(params.cross_fade_duration, rate),
            rate,
            last: None,
        }
    }

    /// The most samples that a seam fades over.
    pub(super) fn longest_fade(&self) -> usize {
        self.fade
    }

    /// The seam before this chunk.
    pub(super) fn before(&mut self, wave: &[f32], end: End) -> Seam {
        let Some(pauses) = self.pauses else {
            return Seam::Fade(self.fade);
        };
        let window = (self.rate / WINDOWS).max(1) as usize;
        let square = wave.iter().map(|x| x * x).sum::<f32>() / wave.len().max(1) as f32;
        let quiet = |samples: &[f32]| {
            samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32
                <= square * QUIET * QUIET
        };
        let head = wave.chunks(window).take_while(|w| quiet(w)).count() * window;
        let tail = wave.rchunks(window).take_while(|w| quiet(w)).count() * window;
        let last = self.last.replace((end, tail.min(wave.len())));
        let Some((end, tail)) = last else {
            return Seam::Fade(0);
        };
        let wanted = whole_samples(pauses.after(end), self.rate);
        let silence = tail + head.min(wave.len());
        if silence < wanted {
            Seam::Pause(wanted - silence)
        } else {
            // Both sides are silent for as long as they overlap.
            let room = tail.min(head);
            Seam::Fade((silence - wanted).min(self.fade).min(room))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RATE: u32 = 1000;

    fn chunk(head: usize, tail: usize) -> Vec<f32> {
        [vec![0.0; head], vec![0.5; 400], vec![0.0; tail]].concat()
    }

    fn seam(params: &SynthesisParams, end: End, tail: usize, head: usize) -> Seam {
        let mut seams = Seams::new(params, RATE);
        seams.before(&chunk(0, tail), end);
        seams.before(&chunk(head, 0), End::Sentence)
    }

    #[test]
    fn silence_is_made_up_to_the_pause_and_no_more() {
        let params = SynthesisParams::default();
        assert_eq!(seam(&params, End::Sentence, 0, 0), Seam::Pause(300));
        assert_eq!(seam(&params, End::Clause, 0, 0), Seam::Pause(100));
        assert_eq!(seam(&params, End::Paragraph, 100, 50), Seam::Pause(550));
        assert_eq!(seam(&params, End::Sentence, 150, 150), Seam::Fade(0));
    }

    #[test]
    fn only_silence_in_excess_overlaps() {
        let params = SynthesisParams::default();
        assert_eq!(seam(&params, End::Sentence, 200, 150), Seam::Fade(50));
        assert_eq!(seam(&params, End::Sentence, 400, 400), Seam::Fade(150));
        // Speech never lies over speech.
        assert_eq!(seam(&params, End::Sentence, 400, 0), Seam::Fade(0));
    }

    #[test]
    fn upstream_and_fixed_durations_fade() {
        let upstream = SynthesisParams::upstream();
        assert_eq!(seam(&upstream, End::Sentence, 0, 0), Seam::Fade(150));
        let fixed = SynthesisParams {
            fix_duration: Some(Duration::from_secs(9)),
            ..Default::default()
        };
        assert_eq!(seam(&fixed, End::Sentence, 0, 0), Seam::Fade(150));
    }
}
