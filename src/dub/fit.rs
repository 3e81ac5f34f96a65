//! Speech of a given length: exact to a frame by the model, to the sample by a trim.

use std::{ops::ControlFlow, time::Duration};

use f5_core::audio::Waveform;

use crate::{
    F5Tts, Progress, SpeechStream, Voice,
    error::{Result, positive},
    params::SynthesisParams,
    speak::Take,
    speech::Speech,
    timeline::{nearest_sample, seconds, whole_samples},
};

use super::error::DubError;

/// Samples over which a cut end fades out, so that it does not click.
const EDGE: usize = 120;

/// How a text is spoken in a number of samples.
#[derive(Debug)]
pub(super) struct Fit {
    pub(super) params: SynthesisParams,
    /// The fewest samples that have room for the text.
    pub(super) least: usize,
}

impl F5Tts {
    /// Speaks a text in exactly this time: `speed` is whatever it takes.
    ///
    /// The model decides the pace by the frames it is given; what is left of the last frame is trimmed. A
    /// text of several chunks shares the time among them without pauses. `speed`, `fix_duration`, `pauses`
    /// and `remove_silence` of `params` do not count.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), f5_tts::Error> {
    /// # let (tts, voice): (f5_tts::F5Tts, f5_tts::Voice) = unimplemented!();
    /// use std::time::Duration;
    ///
    /// let slot = Duration::from_millis(2400);
    /// let speech = tts.synthesize_for(&voice, "We walk home.", slot, &Default::default())?;
    /// assert_eq!(speech.duration(), slot);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`synthesize`](Self::synthesize), and [`InvalidInput`](crate::ErrorKind::InvalidInput) for a time that is
    /// zero or has fewer frames than the text has characters.
    pub fn synthesize_for(
        &self,
        voice: &Voice,
        gen_text: &str,
        duration: Duration,
        params: &SynthesisParams,
    ) -> Result<Speech> {
        positive("duration", duration.as_secs_f64())?;
        let rate = self.config().mel_spec.target_sample_rate;
        let samples = nearest_sample(duration, rate);
        let fit = self.fit(voice, gen_text, samples.max(1), params)?;
        if samples < fit.least {
            let least = seconds(fit.least, rate);
            return Err(DubError::TooShort { duration, least }.into());
        }
        let speech = self.synthesize(voice, gen_text, &fit.params)?;
        resized(speech, samples.max(1))
    }

    /// How many samples a text takes at its own pace.
    pub(super) fn natural(
        &self,
        voice: &Voice,
        gen_text: &str,
        params: &SynthesisParams,
    ) -> Result<usize> {
        let take = Take::begin(self.engine(), voice, gen_text, params)?;
        Ok(self.length(&take, params))
    }

    /// Finds the `fix_duration` that gives this many samples or the next more.
    pub(super) fn fit(
        &self,
        voice: &Voice,
        gen_text: &str,
        samples: usize,
        params: &SynthesisParams,
    ) -> Result<Fit> {
        let spec = &self.config().mel_spec;
        let frame = spec.hop_length as f64 / f64::from(spec.target_sample_rate);
        let conditioned = self.engine().conditioned(voice, params.target_rms)?;
        let ref_frames = conditioned.samples / spec.hop_length;
        let mut frames = ref_frames + samples.div_ceil(spec.hop_length).max(1);
        let mut tries = 0;
        loop {
            let params = SynthesisParams {
                // Half a frame more: the rule rounds down.
                fix_duration: Some(Duration::from_secs_f64((frames as f64 + 0.5) * frame)),
                speed: 1.0,
                pauses: None,
                first_chunk: None,
                remove_silence: false,
                ..params.clone()
            };
            let take = Take::begin(self.engine(), voice, gen_text, &params)?;
            let chunks = take.planned().len();
            let length = self.length(&take, &params);
            // Every chunk rounds its share down, and fades over one frame less than it has.
            tries += 1;
            if length >= samples || tries > 4 * chunks + 4 {
                let chars = take
                    .planned()
                    .iter()
                    .map(|chunk| chunk.text.chars().count());
                let least = chars.sum::<usize>() * spec.hop_length;
                // The sampler has its own least: a frame for each token of reference and text.
                let is_stretched = length > samples + (chunks + 1) * spec.hop_length;
                return Ok(Fit {
                    least: if is_stretched {
                        least.max(length)
                    } else {
                        least
                    },
                    params,
                });
            }
            frames += (samples - length).div_ceil(spec.hop_length);
        }
    }

    /// The samples of a planned text, as its seams join it; with pauses the most it can be.
    fn length(&self, take: &Take, params: &SynthesisParams) -> usize {
        let engine = self.engine();
        let rate = engine.config.mel_spec.target_sample_rate;
        let lengths: Vec<usize> = take
            .planned()
            .iter()
            .map(|chunk| {
                let frames = chunk.frames.saturating_sub(take.ref_frames());
                engine.networks.vocoder.samples_for(frames)
            })
            .collect();
        let mut length: usize = lengths.iter().sum();
        for (pair, chunk) in lengths.windows(2).zip(take.planned()) {
            match params.pauses_between_chunks() {
                Some(pauses) => {
                    let pause = nearest_sample(pauses.after(chunk.end), rate);
                    length = length.saturating_add(pause);
                }
                None => {
                    let fade = whole_samples(params.cross_fade_duration, rate);
                    length -= fade.min(pair[0]).min(pair[1]);
                }
            }
        }
        length
    }
}

/// Speaks, telling `on_step` of steps.
pub(super) fn speak(
    tts: &F5Tts,
    voice: &Voice,
    text: &str,
    params: &SynthesisParams,
    on_step: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Speech> {
    SpeechStream::begin(tts, voice, text, params)?.collect_speech(on_step)
}

/// The speech with exactly this many samples: its end is cut off and faded, or silence follows.
pub(super) fn resized(mut speech: Speech, samples: usize) -> Result<Speech> {
    let rate = speech.sample_rate;
    let mut wave = speech.waveform.into_samples();
    if wave.len() > samples {
        wave.truncate(samples);
        for (at, sample) in wave.iter_mut().rev().take(EDGE).enumerate() {
            *sample *= at as f32 / EDGE as f32;
        }
    }
    wave.resize(samples, 0.0);
    speech.waveform = Waveform::new(wave, rate)?;
    let end = speech.waveform.duration();
    for word in &mut speech.words {
        (word.start, word.end) = (word.start.min(end), word.end.min(end));
    }
    for chunk in &mut speech.chunks {
        let range = &mut chunk.samples;
        (range.start, range.end) = (range.start.min(samples), range.end.min(samples));
    }
    Ok(speech)
}
