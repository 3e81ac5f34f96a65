//! English texts as they are spoken.

mod abbreviations;
mod dates;
mod emoji;
mod mixed;
mod money;
mod numbers;
mod phones;
mod roman;
mod scan;
mod script;
mod times;
mod units;
mod web;

use super::{Normalized, TextNormalizer};

/// Writes English texts as they are spoken.
///
/// | written | spoken |
/// |---|---|
/// | `1,250`, `-3.5`, `3/4`, `10-20`, `21st`, `1990s` | numbers, fractions, ranges, ordinals, decades |
/// | `1984`, `2025-03-14`, `March 3rd`, `14 March` | years and dates; `3/14/2025` month first, day first for tags such as `en-GB` |
/// | `10:05`, `3:30 p.m.`, `14:00` | "ten oh five", "three thirty PM", "fourteen hundred" |
/// | `$5.50`, `£3 million`, `50¢` | "five dollars fifty", "three million pounds", "fifty cents" |
/// | `5 kg`, `10 km/h`, `20°C`, `50%` | units |
/// | `Dr. Hill`, `Elm Dr.`, `e.g.`, `No. 5` | "Doctor Hill", "Elm Drive", "for example", "Number five" |
/// | `Chapter IV`, `Henry VIII` | Roman numerals behind a part of a book or the name of a king or pope |
/// | `(555) 123-4567` | digit by digit |
/// | `example.com/a` | "example dot com slash a" |
/// | `R&B`, `C++`, `#5` | symbols |
/// | `👍` | "thumbs up" (feature `emoji`, else nothing); [`without_emoji`](Self::without_emoji) drops them |
///
/// Initials and acronyms are left to the model, and so are quotes and dashes. No replacement reaches
/// over white space. Sentence ends stay: the full stop of an abbreviation goes, unless it ends the
/// sentence too.
///
/// Only tags of English (`en`, `en-GB`) are spoken; and in a text of several languages only sentences
/// whose words are mostly in Latin letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnglishNormalizer {
    emoji: bool,
}

impl Default for EnglishNormalizer {
    fn default() -> Self {
        Self { emoji: true }
    }
}

impl EnglishNormalizer {
    /// One that says the names of emoji.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Drops emoji instead of saying their names.
    #[must_use]
    pub fn without_emoji(self) -> Self {
        Self { emoji: false }
    }
}

impl TextNormalizer for EnglishNormalizer {
    fn name(&self) -> &'static str {
        "english"
    }

    fn normalize(&self, text: &str, language: &str) -> Normalized {
        let mut subtags = language.split(['-', '_']);
        if !subtags
            .next()
            .is_some_and(|primary| primary.eq_ignore_ascii_case("en"))
        {
            return Normalized::unchanged(text);
        }
        // Of the countries that speak English, these few write the month first.
        let day_first = subtags.next().is_some_and(|region| {
            !["us", "ph", "ca"].contains(&region.to_ascii_lowercase().as_str())
        });
        let mut edits = Vec::new();
        for part in script::latin_parts(text) {
            scan::read(text, part.clone(), day_first, &mut edits);
            emoji::read(text, part, self.emoji, &mut edits);
        }
        Normalized::with_replacements(text, edits)
    }
}
