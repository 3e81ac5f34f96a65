//! How texts are read: the builder's share of the text front end.

use std::sync::Arc;

use f5_core::text::normalize::{PronunciationOverrides, TextNormalizer};

use super::F5TtsBuilder;

impl F5TtsBuilder {
    /// What writes numbers, dates and abbreviations out before they are spoken; [`EnglishNormalizer`](f5_core::text::normalize::EnglishNormalizer)
    /// when not called, which leaves texts in other [languages](Self::language) as they are.
    /// [`NoNormalizer`](f5_core::text::normalize::NoNormalizer) leaves all of them;
    /// [`SynthesisParams::normalize_text`](crate::SynthesisParams::normalize_text) does for one call.
    /// Word times speak of the text as it is written.
    pub fn text_normalizer(mut self, normalizer: Arc<dyn TextNormalizer>) -> Self {
        self.text.normalizer = normalizer;
        self
    }

    /// Words that are read otherwise than they are written; none when not called. They win over the
    /// [normaliser](Self::text_normalizer), and are left out with it by
    /// [`SynthesisParams::normalize_text`](crate::SynthesisParams::normalize_text).
    pub fn pronunciations(mut self, overrides: PronunciationOverrides) -> Self {
        self.text.pronunciations = overrides;
        self
    }
}
