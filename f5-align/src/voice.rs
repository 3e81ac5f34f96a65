//! Finds where somebody speaks, by loudness alone.

use std::ops::Range;

use crate::sound::Sound;

/// Frames per second of the loudness curve.
const FRAMES_PER_SECOND: usize = 100;
/// Sound this far (dB) below the loudest frame is not speech.
const RANGE_DB: f32 = 32.0;
/// Where the background is audible, speech is at least this far (dB) above it.
const ABOVE_BACKGROUND_DB: f32 = 4.0;
/// The background never pushes the threshold closer to the loudest frame than this (dB).
const LEAST_RANGE_DB: f32 = 18.0;
/// Frames further below the loudest one than this (dB) are digital silence, not background.
const DIGITAL_SILENCE_DB: f32 = 75.0;

/// The stretches of speech, in seconds: in order, apart by at least `pause`, none shorter than
/// 40 ms; the whole sound if nothing stands out.
pub(crate) fn runs(sound: Sound<'_>, pause: f64) -> Vec<Range<f64>> {
    let length = sound.samples.len() as f64 / f64::from(sound.rate);
    let loudness = loudness(sound);
    let threshold = threshold(&loudness);
    let mut runs: Vec<Range<f64>> = Vec::new();
    let mut start = None;
    for (i, &db) in loudness.iter().chain([&f32::NEG_INFINITY]).enumerate() {
        match start {
            None if db > threshold => start = Some(i),
            Some(from) if db <= threshold => {
                start = None;
                let at = |frame: usize| (frame as f64 / FRAMES_PER_SECOND as f64).min(length);
                let run = at(from)..at(i);
                match runs.last_mut() {
                    Some(last) if run.start - last.end < pause => last.end = run.end,
                    _ => runs.push(run),
                }
            }
            _ => {}
        }
    }
    runs.retain(|run| run.end - run.start >= 0.04);
    if runs.is_empty() {
        runs.push(0.0..length);
    }
    runs
}

/// Energy of every 10 ms in dB below the loudest, each frame 25 ms wide and starting 7.5 ms before
/// its 10 ms; minus infinity for digital silence.
fn loudness(sound: Sound<'_>) -> Vec<f32> {
    let rate = sound.rate as usize;
    let samples = sound.samples;
    let frames = (samples.len() * FRAMES_PER_SECOND).div_ceil(rate);
    let reach = rate * 3 / 400;
    let energies: Vec<f64> = (0..frames)
        .map(|i| {
            let from = (i * rate / FRAMES_PER_SECOND).saturating_sub(reach);
            let to = ((i + 1) * rate / FRAMES_PER_SECOND + reach).min(samples.len());
            // The first and last frames are narrower; dividing by the full width keeps them quiet.
            samples[from.min(to)..to]
                .iter()
                .map(|&s| f64::from(s) * f64::from(s))
                .sum()
        })
        .collect();
    let loudest = energies.iter().copied().fold(0.0, f64::max);
    energies
        .iter()
        .map(|&e| (10.0 * (e / loudest).log10()) as f32)
        .collect()
}

/// Loudness above which a frame counts as speech.
fn threshold(loudness: &[f32]) -> f32 {
    let mut heard: Vec<f32> = loudness
        .iter()
        .copied()
        .filter(|&db| db > -DIGITAL_SILENCE_DB)
        .collect();
    heard.sort_by(f32::total_cmp);
    // All silence: the loudness is not a number anywhere.
    let Some(&background) = heard.get(heard.len() / 20) else {
        return f32::INFINITY;
    };
    (background + ABOVE_BACKGROUND_DB).clamp(-RANGE_DB, -LEAST_RANGE_DB)
}
