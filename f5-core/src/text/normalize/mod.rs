//! What is written as it is spoken: `$5.50` as "five dollars fifty", and where each word came from.
//!
//! A [`TextNormalizer`] turns a text into a [`Normalized`] one, which knows for every spoken character
//! the characters of the original that it stands for: words are timed as they are spoken and shown as
//! they are written. [`EnglishNormalizer`] is the one for English, [`PronunciationOverrides`] are the
//! words that a user wants to be read otherwise, and [`fold_marks`] replaces typographic marks that a
//! vocabulary lacks.
//!
//! ```
//! use f5_core::text::normalize::{EnglishNormalizer, TextNormalizer};
//!
//! let spoken = EnglishNormalizer::new().normalize("It costs $5.50.", "en");
//! assert_eq!(spoken.text(), "It costs five dollars fifty.");
//! // "dollars" stands for "$5.50".
//! assert_eq!(spoken.to_original(14..21), 9..14);
//! ```

mod english;
mod marks;
mod normalized;
mod overrides;

use std::{fmt, sync::Arc};

pub use self::{
    english::EnglishNormalizer,
    marks::fold_marks,
    normalized::{Normalized, Reading, Replacement},
    overrides::PronunciationOverrides,
};

/// Writes texts as they are spoken.
///
/// The same text always gives the same answer. What a normalizer does not know it leaves as it is,
/// sentence ends and blank lines included: long texts are cut there.
///
/// To write one, give the replaced ranges to [`Normalized::with_replacements`]. A range that holds
/// several words makes one word of them for those who show the text, so it is best to replace word by
/// word.
pub trait TextNormalizer: fmt::Debug + Send + Sync {
    /// Short name for reports, such as `english`.
    fn name(&self) -> &'static str;

    /// The text as it is spoken in `language` (a BCP 47 tag such as `en-GB`). A normalizer that does
    /// not know the language gives the text as it is.
    fn normalize(&self, text: &str, language: &str) -> Normalized;
}

impl<N: TextNormalizer + ?Sized> TextNormalizer for Arc<N> {
    fn name(&self) -> &'static str {
        self.as_ref().name()
    }

    fn normalize(&self, text: &str, language: &str) -> Normalized {
        self.as_ref().normalize(text, language)
    }
}

/// Leaves every text as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoNormalizer;

impl TextNormalizer for NoNormalizer {
    fn name(&self) -> &'static str {
        "none"
    }

    fn normalize(&self, text: &str, _language: &str) -> Normalized {
        Normalized::unchanged(text)
    }
}
