//! Dubbing: the cues of a subtitle file are spoken at their times.
//!
//! [`slots`] decides how much time each cue has, [`fit`] speaks a text in a given time; this file puts
//! what was spoken in its place.

mod error;
mod fit;
mod result;
mod slots;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use f5_core::audio::{AudioError, Waveform};
use f5_timing::Cue;

use crate::{
    F5Tts, Progress, Voice,
    error::{Error, Repr, Result, positive},
    params::SynthesisParams,
    timeline::{nearest_sample, seconds},
};

pub(crate) use error::DubError;
pub use result::{Dub, DubbedCue};

use fit::{resized, speak};
use slots::{Slot, Wanted, length, slots};

/// How cues are dubbed.
#[derive(Debug, Clone)]
pub struct DubParams {
    /// How texts are spoken; `speed` is what counts as the natural pace, `fix_duration` does not
    /// count.
    pub synthesis: SynthesisParams,
    /// The voices of speakers by their names; all others speak with the voice of the call.
    pub speakers: BTreeMap<String, Voice>,
    /// Slowest pace, over the natural one, at which a cue fills its slot; 1 lets it be over early.
    pub min_speed: f64,
    /// Fastest pace, over the natural one, that makes a cue fit into its slot. One that still
    /// does not runs over until the next cue begins, and is cut off there.
    pub max_speed: f64,
    /// How late a cue may begin so that less of the one before it is cut off. Every cue has its own start
    /// to be late by, so delays never add up.
    pub max_delay: Duration,
    /// How long the audio lasts; until the last cue is over when `None`.
    pub duration: Option<Duration>,
}

impl Default for DubParams {
    /// Natural pace or up to 1.5 times as fast, never late.
    fn default() -> Self {
        Self {
            synthesis: SynthesisParams::default(),
            speakers: BTreeMap::new(),
            min_speed: 1.0,
            max_speed: 1.5,
            max_delay: Duration::ZERO,
            duration: None,
        }
    }
}

impl DubParams {
    fn validate(&self) -> Result<()> {
        self.synthesis.validate()?;
        for (name, value, expected, is_fine) in [
            (
                "min_speed",
                self.min_speed,
                "at most 1",
                self.min_speed <= 1.0,
            ),
            (
                "max_speed",
                self.max_speed,
                "at least 1",
                self.max_speed >= 1.0,
            ),
        ] {
            positive(name, value)?;
            if !is_fine {
                return Err(Repr::Parameter {
                    name,
                    value,
                    expected,
                }
                .into());
            }
        }
        Ok(())
    }
}

impl F5Tts {
    /// Speaks cues at their times, such as those of a subtitle file: subtitles in, audio out.
    ///
    /// Each cue begins at its own start, so that no delay reaches the next one. It is spoken at the pace
    /// of the voice if that fits into its slot, faster if not
    /// ([`max_speed`](DubParams::max_speed)), and may then run over into the gap behind it. Cues of
    /// different speakers that overlap are mixed; those without a word are silence.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (tts, voice): (f5_tts::F5Tts, f5_tts::Voice) = unimplemented!();
    /// use f5_tts::timing::{Document, ReadOptions};
    ///
    /// let subtitles = Document::open("film.srt", &ReadOptions::lenient())?;
    /// let dub = tts.dub(&voice, &subtitles.cues, &Default::default())?;
    /// for cue in &dub.cues {
    ///     println!("{:>8.2?} {:+.2} s at {:.2}x: {}", cue.spoken.start, cue.end_drift(), cue.speed, cue.text);
    /// }
    /// dub.save_wav("film.wav")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for no cues at all, cues that end before they
    /// start or start behind [`DubParams::duration`], and parameters out of range; and what
    /// [`synthesize`](Self::synthesize) gives for the text of a cue, with its index.
    pub fn dub(&self, voice: &Voice, cues: &[Cue], params: &DubParams) -> Result<Dub> {
        self.dub_with(voice, cues, params, |_| ControlFlow::Continue(()))
    }

    /// As [`dub`](Self::dub), telling `on_step` of every step, where [`Progress::chunk`] counts cues;
    /// it may stop the call with [`ControlFlow::Break`].
    ///
    /// # Errors
    ///
    /// As [`dub`](Self::dub), and [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn dub_with(
        &self,
        voice: &Voice,
        cues: &[Cue],
        params: &DubParams,
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Dub> {
        let started = Instant::now();
        let _span = tracing::info_span!("f5.dub", cues = cues.len()).entered();
        params.validate()?;
        check(cues, params)?;
        let rate = self.config().mel_spec.target_sample_rate;
        let total = params
            .duration
            .map_or(usize::MAX, |total| nearest_sample(total, rate));
        let texts: Vec<String> = cues.iter().map(spoken_text).collect();
        let wanted = cues.iter().zip(&texts).map(|(cue, text)| Wanted {
            start: nearest_sample(cue.start, rate),
            end: nearest_sample(cue.end, rate),
            speaker: cue.speaker.as_deref(),
            is_silent: text.is_empty(),
        });
        let wanted: Vec<Wanted<'_>> = wanted.collect();
        let least = wanted
            .iter()
            .map(|cue| cue.end)
            .max()
            .unwrap_or(0)
            .min(total);
        let least = if total == usize::MAX { least } else { total };
        // What a WAV file can hold: times of a million hours are a slip, not a wish.
        let bytes = 2 * least as u64;
        if bytes > u64::from(u32::MAX) {
            return Err(AudioError::TooLong { bytes }.into());
        }
        let synthesis = SynthesisParams {
            seed: Some(self.engine().seed(&params.synthesis)?),
            fix_duration: None,
            ..params.synthesis.clone()
        };
        let (order, slots) = slots(&wanted, total);
        let mut mix = vec![0.0_f32; least];
        let mut dubbed: Vec<Option<DubbedCue>> = cues.iter().map(|_| None).collect();
        let mut late = vec![0; cues.len()];
        for (place, index) in order.into_iter().enumerate() {
            let (cue, slot) = (&cues[index], slots[index]);
            let speaker = cue
                .speaker
                .as_ref()
                .and_then(|name| params.speakers.get(name));
            let job = Job {
                tts: self,
                voice: speaker.unwrap_or(voice),
                text: &texts[index],
                start: wanted[index].start.max(late[index]),
                slot: Slot {
                    limit: match slot.next {
                        Some(_) => {
                            let delay = nearest_sample(params.max_delay, rate);
                            slot.limit.saturating_add(delay).min(total)
                        }
                        None => slot.limit,
                    },
                    ..slot
                },
                params,
                synthesis: &synthesis,
            };
            let spoken = job.speak(&mut |progress| {
                on_step(Progress {
                    chunk: place,
                    chunks: cues.len(),
                    ..progress
                })
            });
            let (mut result, wave) = spoken.map_err(|error| at_cue(index, cue, error))?;
            if let Some(next) = slot.next {
                late[next] = late[next].max(result.samples.end);
            }
            mix.resize(mix.len().max(result.samples.end), 0.0);
            for (mixed, sample) in mix[result.samples.clone()].iter_mut().zip(&wave) {
                *mixed += sample;
            }
            result.speaker.clone_from(&cue.speaker);
            result.wanted = cue.start..cue.end;
            dubbed[index] = Some(result);
        }
        Ok(Dub {
            waveform: Waveform::new(mix, rate)?,
            seed: synthesis.seed.unwrap_or_default(),
            cues: dubbed.into_iter().flatten().collect(),
            elapsed: started.elapsed(),
        })
    }
}

/// A cue to be spoken.
struct Job<'a> {
    tts: &'a F5Tts,
    voice: &'a Voice,
    text: &'a str,
    start: usize,
    slot: Slot,
    params: &'a DubParams,
    synthesis: &'a SynthesisParams,
}

impl Job<'_> {
    /// The cue with its samples.
    fn speak(
        &self,
        on_step: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(DubbedCue, Vec<f32>)> {
        let rate = self.tts.config().mel_spec.target_sample_rate;
        let (tts, voice, text, start) = (self.tts, self.voice, self.text, self.start);
        let mut cue = DubbedCue {
            text: text.to_owned(),
            speaker: None,
            wanted: Duration::ZERO..Duration::ZERO,
            spoken: seconds(start, rate)..seconds(start, rate),
            samples: start..start,
            natural: Duration::ZERO,
            speed: 1.0,
            clipped: Duration::ZERO,
            words: Vec::new(),
            report: None,
        };
        if text.is_empty() {
            return Ok((cue, Vec::new()));
        }
        let natural = tts.natural(voice, text, self.synthesis)?;
        let (min_speed, max_speed) = (self.params.min_speed, self.params.max_speed);
        let slot = self.slot.end.saturating_sub(start);
        let room = self.slot.limit.saturating_sub(start);
        let mut samples = length(natural, slot, min_speed, max_speed);
        cue.natural = seconds(natural, rate);
        let speech = if room == 0 {
            None
        } else if samples == natural {
            Some(speak(tts, voice, text, self.synthesis, on_step)?)
        } else {
            let mut fit = tts.fit(voice, text, samples, self.synthesis)?;
            if samples < fit.least {
                samples = fit.least;
                fit = tts.fit(voice, text, samples, self.synthesis)?;
            }
            Some(resized(
                speak(tts, voice, text, &fit.params, on_step)?,
                samples,
            )?)
        };
        cue.speed = natural as f64 / samples.max(1) as f64;
        let Some(mut speech) = speech else {
            cue.clipped = seconds(samples, rate);
            return Ok((cue, Vec::new()));
        };
        let spoken = speech.waveform.samples().len();
        if spoken > room {
            cue.clipped = seconds(spoken - room, rate);
            let end = seconds(room, rate);
            speech.words.retain(|word| word.start < end);
            speech = resized(speech, room)?;
        }
        cue.samples = start..start + spoken.min(room);
        cue.spoken.end = seconds(cue.samples.end, rate);
        for mut word in speech.words {
            let shift = cue.spoken.start;
            (word.start, word.end) = (word.start + shift, word.end + shift);
            cue.words.push(word);
        }
        cue.report = Some(speech.report);
        Ok((cue, speech.waveform.into_samples()))
    }
}

/// What there is to say in a cue: its lines as one, nothing if there is no letter in them.
fn spoken_text(cue: &Cue) -> String {
    let text = cue.text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().any(char::is_alphanumeric) {
        text
    } else {
        String::new()
    }
}

fn check(cues: &[Cue], params: &DubParams) -> Result<()> {
    if cues.is_empty() {
        return Err(DubError::NoCues.into());
    }
    for (index, cue) in cues.iter().enumerate() {
        let (start, end) = (cue.start, cue.end);
        if end < start {
            return Err(DubError::Reversed { index, start, end }.into());
        }
        if let Some(duration) = params.duration.filter(|&duration| start > duration) {
            return Err(DubError::TooLate {
                index,
                start,
                duration,
            }
            .into());
        }
    }
    Ok(())
}

fn at_cue(index: usize, cue: &Cue, error: Error) -> Error {
    DubError::Cue {
        index,
        start: cue.start,
        source: Box::new(error),
    }
    .into()
}
