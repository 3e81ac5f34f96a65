//! The audio as the aligners look at it: samples, at least one, with their rate.

use std::time::Duration;

use f5_core::audio::Waveform;

use crate::AlignError;

/// At least one sample; a [`Waveform`]'s samples are finite.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sound<'a> {
    pub(crate) samples: &'a [f32],
    pub(crate) rate: u32,
    pub(crate) duration: Duration,
}

impl<'a> Sound<'a> {
    pub(crate) fn of(audio: &'a Waveform, words: usize) -> Result<Self, AlignError> {
        let samples = audio.samples();
        if samples.is_empty() {
            return Err(AlignError::NoAudio { words });
        }
        Ok(Self {
            samples,
            rate: audio.sample_rate(),
            duration: audio.duration(),
        })
    }
}
