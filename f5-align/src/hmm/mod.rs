//! The default aligner: phone models find the words of the text in the audio.

mod characters;
mod features;
mod find;
mod graph;
mod model;
mod viterbi;

use std::sync::{Arc, LazyLock};

use f5_core::{audio::Waveform, timing::TimingSource};

use crate::{
    AlignError, Aligner, Alignment, Span, TextWord, english::pronounce, language::primary,
    sound::Sound, span::interpolate, split_words,
};
use features::{FLOOR, Features, HOP};
use find::{SpokenWord, find};
use graph::least_frames;
use model::Model;

#[cfg(feature = "train")]
pub(crate) mod parts {
    //! What training needs of the aligner's insides.
    pub(crate) use super::{
        features::{DIMENSIONS, Features, HOP},
        find::find,
        model::{ALL_STATES, Gaussian, KINDS, Model, STATES, kind},
    };
}

/// The model this crate comes with.
static ENGLISH: LazyLock<Option<Arc<Model>>> =
    LazyLock::new(|| Model::read(include_bytes!("../../data/english.hmm")).map(Arc::new));

/// Finds the words with hidden Markov models of the phones of English.
///
/// The text is turned into phones by a dictionary (cmudict), letter rules for words it lacks and a
/// reader of numbers and abbreviations; the most likely path of the phones through the audio, with
/// silences wherever there are some, gives the times. Words that have no sound in English, such as
/// a dash or a word in another script, stand between their neighbours and are marked
/// [`TimingSource::Interpolated`]. So are all characters: the letters of a word are laid evenly over
/// its phones, which is right for no more than the rough place of a syllable. The model was trained
/// on synthetic speech of three speakers, kal, slt (as Festival and as Flite speak with her voice)
/// and rms, and is part of the crate.
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

    fn model(&self) -> Result<&Model, AlignError> {
        self.model.as_deref().ok_or(AlignError::Model)
    }
}

impl Aligner for HmmAligner {
    fn name(&self) -> &'static str {
        "hmm"
    }

    fn preflight(&self, language: &str) -> Result<(), AlignError> {
        if !primary(language).eq_ignore_ascii_case("en") {
            return Err(AlignError::Language {
                aligner: self.name(),
                language: language.to_owned(),
                supported: "English".into(),
            });
        }
        self.model().map(|_| ())
    }

    fn align(&self, audio: &Waveform, text: &str, language: &str) -> Result<Alignment, AlignError> {
        self.preflight(language)?;
        let words = split_words(text);
        let sound = Sound::of(audio, words.len())?;
        align(self.model()?, sound, words)
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
    if words.is_empty() {
        return Ok(Alignment::assemble("hmm", sound.duration, words, &[]));
    }
    if spoken.is_empty() {
        return Err(AlignError::NothingSpoken { words: words.len() });
    }
    let features = Features::of(sound, 1.0, FLOOR);
    let found = find(model, &features, &spoken).ok_or_else(|| {
        let needed = least_frames(&spoken) as f64 * HOP;
        AlignError::TooShort {
            words: words.len(),
            duration: sound.duration,
            needed: std::time::Duration::from_secs_f64(needed),
        }
    })?;
    let mut spans: Vec<Option<Span>> = vec![None; words.len()];
    for place in &found.words {
        spans[place.word as usize] = Some(Span {
            time: place.time.clone(),
            score: Some(place.score),
            source: TimingSource::Acoustic,
        });
    }
    let likelihood = found.log_likelihood();
    let chars: Vec<_> = found
        .words
        .iter()
        .flat_map(|place| characters::of(&words[place.word as usize], &place.phones))
        .collect();
    let spans = interpolate(&words, spans, None);
    let alignment = Alignment::assemble("hmm", sound.duration, words, &spans);
    Ok(alignment.with_chars(chars).with_log_likelihood(likelihood))
}
