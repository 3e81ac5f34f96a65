//! The default aligner: phone models find the words of the text in the audio.

mod features;
mod graph;
mod model;
mod viterbi;

use std::{
    ops::Range,
    sync::{Arc, LazyLock},
};

use f5_core::{audio::Waveform, timing::TimingSource};

use crate::{
    AlignError, Aligner, Alignment, TextWord,
    alignment::Span,
    english::{SILENCE, pronounce},
    sound::Sound,
    split_words,
};
use graph::Graph;
use viterbi::Path;

pub(crate) use features::{Features, HOP};
pub(crate) use model::{ALL_STATES, Model, STATES, kind};
#[cfg(feature = "train")]
pub(crate) use {
    features::DIMENSIONS,
    model::{Gaussian, KINDS},
};

/// The model this crate comes with.
static ENGLISH: LazyLock<Option<Arc<Model>>> =
    LazyLock::new(|| Model::read(include_bytes!("../../data/english.hmm")).map(Arc::new));

/// Finds the words with hidden Markov models of the phones of English.
///
/// The text is turned into phones by a dictionary (cmudict), letter rules for words it lacks and a
/// reader of numbers and abbreviations; the most likely path of the phones through the audio, with
/// silences wherever there are some, gives the times. Words that have no sound in English, such as
/// a dash or a word in another script, stand between their neighbours and are marked
/// [`TimingSource::Interpolated`]. The model was trained on synthetic speech of four voices and is
/// part of the crate.
#[derive(Debug, Clone)]
pub struct HmmAligner {
    /// None only if the crate's own data is damaged.
    model: Option<Arc<Model>>,
}

impl Default for HmmAligner {
    fn default() -> Self {
        Self::new()
    }
}

/// What was spoken: the written word it belongs to, and its pronunciations.
pub(crate) type SpokenWord = (u32, Vec<Vec<u8>>);

impl HmmAligner {
    /// The aligner with the model that this crate comes with.
    #[must_use]
    pub fn new() -> Self {
        Self {
            model: ENGLISH.clone(),
        }
    }

    /// The aligner with another model for English, as `examples/train_aligner.rs` writes it.
    ///
    /// # Errors
    ///
    /// [`AlignError::Model`] if the bytes are not such a model.
    pub fn with_model(bytes: &[u8]) -> Result<Self, AlignError> {
        let model = Model::read(bytes).ok_or(AlignError::Model)?;
        Ok(Self {
            model: Some(Arc::new(model)),
        })
    }
}

impl Aligner for HmmAligner {
    fn name(&self) -> &'static str {
        "hmm"
    }

    fn preflight(&self, language: &str) -> Result<(), AlignError> {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("en") {
            return Ok(());
        }
        let language = language.to_owned();
        Err(AlignError::Language {
            aligner: self.name(),
            language,
            supported: "English",
        })
    }

    fn align(&self, audio: &Waveform, text: &str, language: &str) -> Result<Alignment, AlignError> {
        self.preflight(language)?;
        let words = split_words(text);
        let sound = Sound::of(audio, words.len())?;
        let model = self.model.as_ref().ok_or(AlignError::Model)?;
        align(model, sound, words)
    }
}

/// Aligns words with a sound under a model.
pub(crate) fn align(
    model: &Model,
    sound: Sound<'_>,
    words: Vec<TextWord>,
) -> Result<Alignment, AlignError> {
    let spoken: Vec<SpokenWord> = (0..)
        .zip(&words)
        .flat_map(|(index, word)| pronounce(&word.text).into_iter().map(move |v| (index, v)))
        .collect();
    if spoken.is_empty() && !words.is_empty() {
        return Err(AlignError::NothingSpoken { words: words.len() });
    }
    let features = Features::of(sound, 1.0);
    let found = find(model, &features, &spoken).ok_or_else(|| {
        let needed = Graph::new(&spoken).least_frames as f64 * HOP;
        AlignError::TooShort {
            words: words.len(),
            duration: sound.duration,
            needed: std::time::Duration::from_secs_f64(needed),
        }
    })?;
    let spans = spans(&words, &found, sound.duration.as_secs_f64());
    let mut alignment = Alignment::assemble("hmm", sound.duration, words, &spans);
    alignment.quality.log_likelihood = Some(found.log_likelihood);
    Ok(alignment)
}

/// The words that were found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Each found word with its span in seconds and its score, in order.
    pub(crate) words: Vec<(u32, Range<f64>, f32)>,
    /// Mean log-likelihood of the frames on the path, against the best state of each frame.
    pub(crate) log_likelihood: f32,
}

/// The most likely places of spoken words; `None` if there are too few frames for them.
pub(crate) fn find(model: &Model, features: &Features, spoken: &[SpokenWord]) -> Option<Found> {
    let graph = Graph::new(spoken);
    let score = |t: usize, scores: &mut [f32; ALL_STATES]| model.score(&features.frame(t), scores);
    let path = viterbi::best_path(&graph, features.frames(), score)?;
    Some(read_path(model, features, &graph, &path))
}

/// Reads the words off a path.
fn read_path(model: &Model, features: &Features, graph: &Graph, path: &Path) -> Found {
    let mut words: Vec<(u32, Range<f64>, f32)> = Vec::new();
    let mut scores = [0.0; ALL_STATES];
    let mut total = 0.0;
    // Sum of the log-likelihoods of the current word, its frames, and its last frame.
    let mut current: Option<(f32, usize, usize)> = None;
    for (t, &state) in path.states.iter().enumerate() {
        let state = &graph.states[state as usize];
        model.score(&features.frame(t), &mut scores);
        let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let behind = scores[usize::from(state.model)] - best;
        total += f64::from(behind);
        let Some(word) = state.word else { continue };
        if words.last().is_none_or(|(last, ..)| *last != word) {
            let start = boundary(model, graph, path, t);
            words.push((word, start..start, 0.0));
            current = None;
        }
        let (sum, frames, _) = current.unwrap_or_default();
        let (sum, frames) = (sum + behind, frames + 1);
        current = Some((sum, frames, t));
        if let Some((_, span, score)) = words.last_mut() {
            *score = (sum / frames as f32 * SOFTNESS).exp();
            let leaves = path
                .states
                .get(t + 1)
                .is_none_or(|&next| graph.states[next as usize].word != Some(word));
            if leaves {
                span.end = boundary(model, graph, path, t + 1);
            }
        }
    }
    Found {
        words,
        log_likelihood: (total / path.states.len() as f64) as f32,
    }
}

/// How much a frame's distance from the best phone counts in a word's score. Neighbouring phones
/// are often as likely as the right one, so the distance is taken softly.
const SOFTNESS: f32 = 0.1;

/// The time of the boundary before frame `t`: half way between the frames, less what the model is
/// known to be late by.
fn boundary(model: &Model, graph: &Graph, path: &Path, t: usize) -> f64 {
    if t == 0 {
        return 0.0;
    }
    let phone = |t: usize| {
        let state = path.states.get(t)?;
        Some(graph.states[*state as usize].model / STATES as u8)
    };
    let (left, right) = (phone(t - 1).unwrap_or(SILENCE), phone(t).unwrap_or(SILENCE));
    (t as f64 - 0.5) * HOP - f64::from(model.lateness[kind(left)][kind(right)])
}

/// The spans of all written words: found ones where they were found, the others sharing the time
/// between their neighbours.
fn spans(words: &[TextWord], found: &Found, duration: f64) -> Vec<Span> {
    let mut spans: Vec<Option<Span>> = vec![None; words.len()];
    for (word, time, score) in &found.words {
        spans[*word as usize] = Some(Span {
            time: time.clone(),
            score: Some(*score),
            source: TimingSource::Acoustic,
        });
    }
    let starts: Vec<Option<f64>> = spans.iter().map(|s| Some(s.as_ref()?.time.start)).collect();
    let mut at = None;
    (0..words.len())
        .map(|i| {
            let span = spans[i].take().unwrap_or_else(|| {
                let run = starts[i..].iter().take_while(|s| s.is_none()).count();
                let next = starts.get(i + run).copied().flatten();
                // At either end of the text there is no telling how long: no time at all.
                let (from, to) = match (at, next) {
                    (Some(from), Some(to)) => (from, to),
                    (Some(from), None) => (from, from),
                    (None, Some(to)) => (to, to),
                    (None, None) => (0.0, duration),
                };
                let end = from + (to - from).max(0.0) / run as f64;
                Span {
                    time: from..end,
                    score: None,
                    source: TimingSource::Interpolated,
                }
            });
            at = Some(span.time.end);
            span
        })
        .collect()
}
