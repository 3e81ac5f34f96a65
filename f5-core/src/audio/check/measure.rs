//! Numbers of a recording and of a text.

use std::{ops::Range, time::Duration};

use crate::audio::Pcm;

/// Frames per second that loudness is measured in.
const RATE: f64 = 50.0;
/// Frames this far below the speech are silent, in dB.
const RANGE_DB: f64 = 32.0;
/// Where frames this far below the speech follow each other at the start or the end, nothing is said yet or
/// any more, in dB.
const EDGE_DB: f64 = 20.0;
/// Letters of a syllable; English has 2.9 and German 3.1 in running text.
const LETTERS: f64 = 3.0;

/// Mean squares of 20 ms each, full scale 1.
pub(super) struct Frames {
    powers: Vec<f64>,
    /// Mean of the louder half.
    loud: f64,
}

impl Frames {
    pub(super) fn of(pcm: &Pcm) -> Self {
        let frame = (f64::from(pcm.sample_rate()) / RATE).round().max(1.0) as usize;
        let scale = 1.0 / pcm.sample_width().full_scale();
        // Whole frames alone: the rest of one would look like a quiet one.
        let frames = pcm
            .samples()
            .chunks_exact(frame * usize::from(pcm.channels()));
        let powers: Vec<f64> = frames
            .map(|frame| {
                let squares = frame.iter().map(|&v| (f64::from(v) * scale).powi(2));
                squares.sum::<f64>() / frame.len() as f64
            })
            .collect();
        let mut sorted = powers.clone();
        sorted.sort_by(f64::total_cmp);
        let loud = mean(&sorted[sorted.len() / 2..]);
        Self { powers, loud }
    }

    /// Level of the louder half over that of the quietest tenth, digital silence left out.
    pub(super) fn snr_db(&self) -> f64 {
        let mut heard: Vec<f64> = self.powers.iter().copied().filter(|p| *p > 0.0).collect();
        heard.sort_by(f64::total_cmp);
        let background = mean(&heard[..heard.len().div_ceil(10)]);
        match self.loud > background && background > 0.0 {
            true => decibels((self.loud - background) / background),
            false if background > 0.0 => 0.0,
            false => f64::INFINITY,
        }
    }

    pub(super) fn silent_share(&self) -> f64 {
        let silent = self.powers.iter().filter(|p| self.is_silent(**p)).count();
        silent as f64 / self.powers.len().max(1) as f64
    }

    /// Seconds that are not silent.
    pub(super) fn speech_seconds(&self) -> f64 {
        let spoken = self.powers.iter().filter(|p| !self.is_silent(**p)).count();
        spoken as f64 / RATE
    }

    /// What is before and after the speech.
    pub(super) fn edges(&self) -> [Duration; 2] {
        let spoken = |p: &f64| !self.is_below(*p, EDGE_DB);
        let first = self.powers.iter().position(spoken).unwrap_or(0);
        let last = self.powers.iter().rev().position(spoken).unwrap_or(0);
        [first, last].map(time)
    }

    /// The longest pause inside the speech: when it begins and how long it is.
    pub(super) fn longest_pause(&self) -> (Duration, Duration) {
        let (mut longest, mut start) = (0..0, None);
        for at in self.speech().unwrap_or(0..0) {
            match (self.is_silent(self.powers[at]), start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    start = None;
                    if at - from > longest.len() {
                        longest = from..at;
                    }
                }
                _ => {}
            }
        }
        (time(longest.start), time(longest.len()))
    }

    /// From the first to the last frame that is not silent.
    fn speech(&self) -> Option<Range<usize>> {
        let spoken = |p: &f64| !self.is_silent(*p);
        let first = self.powers.iter().position(spoken)?;
        Some(first..self.powers.iter().rposition(spoken)? + 1)
    }

    fn is_silent(&self, power: f64) -> bool {
        self.is_below(power, RANGE_DB)
    }

    fn is_below(&self, power: f64, db: f64) -> bool {
        power <= self.loud * 10_f64.powf(-db / 10.0)
    }
}

fn time(frames: usize) -> Duration {
    Duration::from_secs_f64(frames as f64 / RATE)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn decibels(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

/// The first frames of a clip.
pub(super) fn head(pcm: &Pcm, frames: usize) -> Pcm {
    let samples = frames * usize::from(pcm.channels());
    let samples = pcm.samples().iter().copied().take(samples).collect();
    Pcm::from_valid(
        samples,
        pcm.sample_width(),
        pcm.channels(),
        pcm.sample_rate(),
    )
}

/// Samples at full scale.
pub(super) fn clipped_samples(pcm: &Pcm) -> usize {
    // Positive full scale is one step lower; what became 32 bits wide, one step of 16 bits.
    let step = (pcm.sample_width().full_scale() / 32_768.0).max(1.0);
    let most = pcm.sample_width().full_scale() - step;
    let clipped = |v: &&i32| f64::from(**v).abs() >= most;
    pcm.samples().iter().filter(clipped).count()
}

/// What becomes of the channels when their mean is taken.
pub(super) struct Mix {
    pub(super) lost_db: f64,
    pub(super) loudest: usize,
}

/// `None` for one channel, and for silence.
pub(super) fn lost_in_mix(pcm: &Pcm) -> Option<Mix> {
    if pcm.channels() < 2 {
        return None;
    }
    let power = |samples: &[f32]| {
        let squares = samples.iter().map(|&v| f64::from(v).powi(2));
        squares.sum::<f64>()
    };
    let channels = pcm.to_f32_channels();
    let powers = channels.iter().map(|channel| power(channel)).enumerate();
    let (loudest, most) = powers.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let mixed = power(pcm.to_mono().samples());
    (most > 0.0).then(|| Mix {
        // Complete cancellation stands as a number that can be printed.
        lost_db: decibels(most / mixed.max(most * 1e-10)),
        loudest,
    })
}

/// Syllables of a text, roughly.
pub(super) fn syllables(text: &str) -> f64 {
    let of_char = |c: char| match c {
        // Ideographs, kana and Hangul are a syllable each; a digit is a word.
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => 1.0,
        '\u{20000}'..='\u{323af}' => 1.0,
        _ if c.is_numeric() => 1.0,
        _ if c.is_alphabetic() => 1.0 / LETTERS,
        _ => 0.0,
    };
    // An empty sum is -0.
    text.chars().map(of_char).fold(0.0, |sum, c| sum + c)
}
