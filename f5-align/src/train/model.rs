//! Trains the acoustic model on speech whose phone times are known.

use super::{Random, TrainError, Utterance, gaussians};
use crate::{
    english::{PHONES, Phone, phone},
    hmm::parts::{
        ALL_STATES, DIMENSIONS, Features, Gaussian, HOP, KINDS, Model, STATES, find, kind,
    },
    sound::Sound,
};

/// Least energy of a band in training, where noise is added anyway; see the aligner's own floor.
const FLOOR: f32 = 1e-6;

/// How the acoustic model is trained.
#[derive(Debug, Clone)]
pub struct ModelOptions {
    /// Gaussians per state at most.
    pub gaussians: usize,
    /// Rounds that divide each phone anew into its states.
    pub rounds: usize,
    /// How far the frequency axis is stretched at most, to imitate other speakers.
    pub warp: f64,
    /// Background noise, in dB below the speech, from and to.
    pub noise: (f64, f64),
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            gaussians: 8,
            rounds: 2,
            warp: 0.2,
            noise: (20.0, 45.0),
            seed: 1,
        }
    }
}

/// An utterance as the model hears it.
struct Example {
    features: Features,
    /// Phones and their spans in frames.
    phones: Vec<(Phone, f64, f64)>,
    voice: usize,
}

/// Trains the model on the voices' utterances and gives its file.
///
/// # Errors
///
/// If a state of a phone never occurs.
pub fn train_model(
    voices: &[Vec<Utterance>],
    options: &ModelOptions,
) -> Result<Vec<u8>, TrainError> {
    let mut random = Random(options.seed);
    let mut examples = Vec::new();
    for (voice, utterances) in voices.iter().enumerate() {
        for utterance in utterances {
            examples.push(hear(utterance, voice, options, &mut random));
        }
    }
    let mut mixtures = fit(&examples, None, options, &mut random)?;
    for _ in 0..options.rounds {
        let model = Model::new(&mixtures, Default::default());
        mixtures = fit(&examples, Some(&model), options, &mut random)?;
    }
    let lateness = lateness(
        &Model::new(&mixtures, Default::default()),
        &examples,
        voices.len(),
    );
    Ok(Model::write(&mixtures, &lateness))
}

/// Adds noise and stretches the frequency axis at random, so that the model learns more than the
/// few voices there are.
fn hear(
    utterance: &Utterance,
    voice: usize,
    options: &ModelOptions,
    random: &mut Random,
) -> Example {
    let audio = &utterance.audio;
    let power: f64 = audio.samples().iter().map(|&s| f64::from(s).powi(2)).sum();
    let (low, high) = options.noise;
    let loudness = (power / audio.samples().len() as f64).sqrt()
        * 10_f64.powf(-random.between(low, high) / 20.0);
    let noisy: Vec<f32> = audio
        .samples()
        .iter()
        .map(|s| s + (random.normal() * loudness) as f32)
        .collect();
    let sound = Sound {
        samples: &noisy,
        rate: audio.sample_rate(),
        duration: audio.duration(),
    };
    let warp = 1.0 + random.between(-options.warp, options.warp);
    let features = Features::of(sound, warp, FLOOR);
    let mut start = 0.0;
    let mut phones: Vec<(Phone, f64, f64)> = Vec::new();
    for (name, end) in &utterance.phones {
        let end = end / HOP;
        match (phone(name), phones.last_mut()) {
            (Some(0), Some((0, _, last))) => *last = end,
            (Some(phone), _) => phones.push((phone, start, end)),
            (None, _) => {}
        }
        start = end;
    }
    Example {
        features,
        phones,
        voice,
    }
}

/// Fits every state's mixture to its frames: thirds of each phone, or what `model` divides the
/// phone into.
fn fit(
    examples: &[Example],
    model: Option<&Model>,
    options: &ModelOptions,
    random: &mut Random,
) -> Result<Vec<Vec<Gaussian>>, TrainError> {
    let mut frames: Vec<Vec<[f32; DIMENSIONS]>> = vec![Vec::new(); ALL_STATES];
    for example in examples {
        let last = example.features.frames() - 1;
        for &(phone, start, end) in &example.phones {
            // Frame t is the 10 ms around t.
            let first = (start.round() as usize).min(last);
            let after = (end.round() as usize).clamp(first + 1, last + 1);
            let cuts = model.map_or_else(
                || thirds(first, after),
                |model| divide(model, &example.features, phone, first, after),
            );
            for state in 0..STATES {
                let index = usize::from(phone) * STATES + state;
                let range = cuts[state]..cuts[state + 1];
                frames[index].extend(range.map(|t| example.features.frame(t)));
            }
        }
    }
    frames
        .iter()
        .enumerate()
        .map(|(index, frames)| {
            if frames.len() < DIMENSIONS {
                let (phone, state) = (PHONES[index / STATES], index % STATES);
                return Err(TrainError::Unheard {
                    phone,
                    state,
                    frames: frames.len(),
                });
            }
            Ok(gaussians::fit(frames, options.gaussians, random))
        })
        .collect()
}

/// Three equal parts; phones of one or two frames share frames between their states.
fn thirds(first: usize, after: usize) -> [usize; STATES + 1] {
    let at = |k: usize| first + ((after - first) * k + 1) / STATES;
    [first, at(1), at(2), after]
}

/// The most likely division of a phone's frames into its states.
fn divide(
    model: &Model,
    features: &Features,
    phone: Phone,
    first: usize,
    after: usize,
) -> [usize; STATES + 1] {
    if after - first <= STATES {
        return thirds(first, after);
    }
    let mut scores = [0.0; ALL_STATES];
    let rows: Vec<[f32; STATES]> = (first..after)
        .map(|t| {
            model.score(&features.frame(t), &mut scores);
            std::array::from_fn(|k| scores[usize::from(phone) * STATES + k])
        })
        .collect();
    let count = rows.len();
    let mut sums = vec![[0.0; STATES]; count + 1];
    for (i, row) in rows.iter().enumerate() {
        sums[i + 1] = std::array::from_fn(|k| sums[i][k] + row[k]);
    }
    let total =
        |a: usize, b: usize| sums[a][0] + (sums[b][1] - sums[a][1]) + (sums[count][2] - sums[b][2]);
    let mut best = (1, 2);
    for a in 1..count - 1 {
        for b in a + 1..count {
            if total(a, b) > total(best.0, best.1) {
                best = (a, b);
            }
        }
    }
    [first, first + best.0, first + best.1, after]
}

/// How late the model finds boundaries between kinds of phones: per voice the mean, then the mean
/// of the voices. Kinds that seldom meet are left alone.
fn lateness(model: &Model, examples: &[Example], voices: usize) -> [[f32; KINDS]; KINDS] {
    let mut sums = vec![[[(0.0_f64, 0.0_f64); KINDS]; KINDS]; voices];
    for example in examples {
        let inner: Vec<_> = example
            .phones
            .iter()
            .copied()
            .filter(|(p, ..)| *p != 0)
            .collect();
        let spoken: Vec<_> = (0..)
            .zip(&inner)
            .map(|(i, &(phone, ..))| (i, vec![vec![phone]]))
            .collect();
        let Some(found) = find(model, &example.features, &spoken) else {
            continue;
        };
        let mut note = |left: Phone, right: Phone, error: f64| {
            // A gross error says nothing about the bias.
            if error.abs() < 0.05 {
                let cell = &mut sums[example.voice][kind(left)][kind(right)];
                *cell = (cell.0 + error, cell.1 + 1.0);
            }
        };
        for (i, ((phone, start, end), place)) in inner.iter().copied().zip(&found.words).enumerate()
        {
            let (start, end) = (start * HOP, end * HOP);
            let touches = i > 0 && inner[i - 1].2 * HOP == start;
            let left = if touches { inner[i - 1].0 } else { 0 };
            note(left, phone, place.time.start - start);
            if inner.get(i + 1).is_none_or(|next| next.1 * HOP != end) {
                note(phone, 0, place.time.end - end);
            }
        }
    }
    let mut lateness = [[0.0; KINDS]; KINDS];
    for (left, row) in lateness.iter_mut().enumerate() {
        for (right, cell) in row.iter_mut().enumerate() {
            let means: Vec<f64> = sums
                .iter()
                .map(|voice| voice[left][right])
                .filter(|(_, count)| *count >= 30.0)
                .map(|(sum, count)| sum / count)
                .collect();
            if !means.is_empty() {
                *cell = (means.iter().sum::<f64>() / means.len() as f64) as f32;
            }
        }
    }
    lateness
}
