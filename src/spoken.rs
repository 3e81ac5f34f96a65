//! What is spoken for a text, and the words of the text that it belongs to.

use std::{ops::Range, sync::Arc};

use f5_align::split_words;
use f5_core::{
    text::{
        UnknownChar,
        normalize::{
            EnglishNormalizer, Normalized, PronunciationOverrides, Reading, TextNormalizer,
            fold_marks,
        },
    },
    timing::{TimingSource, WordTiming},
};

use crate::{engine::Engine, params::SynthesisParams};

/// How an engine reads texts.
#[derive(Debug, Clone)]
pub(crate) struct TextFront {
    pub(crate) normalizer: Arc<dyn TextNormalizer>,
    pub(crate) pronunciations: PronunciationOverrides,
}

impl Default for TextFront {
    fn default() -> Self {
        Self {
            normalizer: Arc::new(EnglishNormalizer::new()),
            pronunciations: PronunciationOverrides::new(),
        }
    }
}

/// A text as it is spoken, with the way back to the text as it was given.
#[derive(Debug)]
pub(crate) struct Spoken {
    normalized: Normalized,
    /// The text as it was given, and its words; empty where it is spoken as it is.
    original: Vec<char>,
    words: Vec<Range<usize>>,
}

impl Engine {
    /// The text front end: normaliser, overrides, marks that the vocabulary lacks.
    pub(crate) fn normalized(&self, text: &str, params: &SynthesisParams) -> Normalized {
        if !params.normalize_text {
            return Normalized::unchanged(text);
        }
        let normalized = self.text.normalizer.normalize(text, &self.language);
        let normalized = self.text.pronunciations.apply(text, normalized);
        if !normalized.text().contains(char::is_alphanumeric) {
            // Marks alone are nothing to say, however they are written.
            return normalized;
        }
        let knows = |c: char| {
            let encoded = self.config.tokenizer.encode(&c.to_string(), &self.vocab);
            encoded.unknown.is_empty()
        };
        let folded = fold_marks(normalized.text(), knows);
        normalized.then(folded)
    }
}

impl Spoken {
    pub(crate) fn new(engine: &Engine, text: &str, params: &SynthesisParams) -> Self {
        Self::of(text, engine.normalized(text, params))
    }

    /// What is spoken for a text.
    pub(crate) fn of(text: &str, normalized: Normalized) -> Self {
        let (mut original, mut words) = (Vec::new(), Vec::new());
        if !normalized.is_unchanged() {
            original = text.chars().collect();
            words = split_words(text)
                .into_iter()
                .map(|word| word.chars)
                .collect();
        }
        Self {
            normalized,
            original,
            words,
        }
    }

    pub(crate) fn text(&self) -> &str {
        self.normalized.text()
    }

    pub(crate) fn readings(&self) -> &[Reading] {
        self.normalized.readings()
    }

    /// The text, if it is not the one that was given.
    pub(crate) fn changed(&self) -> Option<&str> {
        (!self.normalized.is_unchanged()).then(|| self.text())
    }

    /// What is spoken for single words of the text, in characters: no chunk should end inside.
    pub(crate) fn wholes(&self) -> impl Iterator<Item = Range<usize>> {
        let replacements = self.normalized.replacements().iter();
        replacements.map(|replacement| replacement.spoken.clone())
    }

    /// Characters of the text as it was given.
    pub(crate) fn to_original(&self, chars: Range<usize>) -> Range<usize> {
        self.normalized.to_original(chars)
    }

    /// The same, extended to whole words.
    pub(crate) fn to_words(&self, chars: Range<usize>) -> Range<usize> {
        let chars = self.to_original(chars);
        let first = self.words.partition_point(|word| word.end <= chars.start);
        let touched = self.words[first..]
            .iter()
            .take_while(|word| word.start < chars.end);
        touched.fold(chars.clone(), |all, word| {
            all.start.min(word.start)..all.end.max(word.end)
        })
    }

    /// A spoken word as the word of the text that it belongs to.
    pub(crate) fn written(&self, word: WordTiming) -> WordTiming {
        if self.normalized.is_unchanged() {
            return word;
        }
        let chars = self.to_words(word.chars.clone());
        WordTiming {
            word: self.slice(&chars),
            chars,
            ..word
        }
    }

    /// Two words that belong to the same word of the text as one.
    pub(crate) fn joined(&self, first: &WordTiming, second: &WordTiming) -> WordTiming {
        let chars =
            first.chars.start.min(second.chars.start)..first.chars.end.max(second.chars.end);
        let worst = [first.score, second.score].into_iter().flatten();
        WordTiming {
            word: self.slice(&chars),
            start: first.start.min(second.start),
            end: first.end.max(second.end),
            score: worst.reduce(f32::min),
            source: weaker(first, second),
            chars,
        }
    }

    fn slice(&self, chars: &Range<usize>) -> String {
        let end = chars.end.min(self.original.len());
        self.original[chars.start.min(end)..end].iter().collect()
    }

    /// Unknown characters of the spoken text by their places in the text; one inside a replacement is
    /// where that begins.
    pub(crate) fn unknown(&self, mut unknown: Vec<UnknownChar>) -> Vec<UnknownChar> {
        for one in &mut unknown {
            one.at = self.to_original(one.at..one.at + 1).start;
        }
        unknown.dedup();
        unknown
    }
}

/// Whether two words belong to the same word of the text.
pub(crate) fn are_one(first: &WordTiming, second: &WordTiming) -> bool {
    first.chars.start < second.chars.end && second.chars.start < first.chars.end
}

/// What the times of two words rest on together: the less of it.
fn weaker(first: &WordTiming, second: &WordTiming) -> TimingSource {
    match (first.source, second.source) {
        (TimingSource::Acoustic, other) | (other, TimingSource::Acoustic) => other,
        (TimingSource::Interpolated, other) => other,
        (other, _) => other,
    }
}
