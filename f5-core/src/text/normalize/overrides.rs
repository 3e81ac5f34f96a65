//! Words that are to be read otherwise than they are written.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use serde::Deserialize;

use super::{Normalized, Reading};
use crate::text::TextError;

/// How words are to be read: another spelling for words, pinyin for Han characters.
///
/// Overrides win over a [`TextNormalizer`](super::TextNormalizer), and where several fit, the longest
/// does. They can be read from a text of lines such as `Nguyen = win` or `银行 = yin2 hang2`
/// ([`parse`](Self::parse)) and deserialised from a map of strings.
///
/// ```
/// use f5_core::text::normalize::{EnglishNormalizer, PronunciationOverrides, TextNormalizer};
///
/// let overrides = PronunciationOverrides::parse("# names\nNguyen = win\n行 = hang2")?;
/// let text = "Dr. Nguyen's 行";
/// let spoken = overrides.apply(text, EnglishNormalizer::new().normalize(text, "en"));
/// assert_eq!(spoken.text(), "Doctor win's 行");
/// assert_eq!(spoken.readings()[0].token, "hang2");
/// # Ok::<(), f5_core::text::TextError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct PronunciationOverrides {
    /// By their first character in lower case, the longest first.
    entries: HashMap<char, Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// In lower case, unless `exact`.
    written: String,
    exact: bool,
    spoken: Spoken,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Spoken {
    Respelled(String),
    /// A syllable for each character.
    Pinyin(Vec<String>),
}

impl PronunciationOverrides {
    /// No overrides.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reads `written`, a whole word or several, in upper or lower case, as if it were spelled
    /// `spoken`. Empty words are never found.
    #[must_use]
    pub fn respell(self, written: &str, spoken: &str) -> Self {
        self.with(written, false, Spoken::Respelled(spoken.to_owned()))
    }

    /// As [`respell`](Self::respell), in upper and lower case as given: `US` and not `us`.
    #[must_use]
    pub fn respell_exact(self, written: &str, spoken: &str) -> Self {
        self.with(written, true, Spoken::Respelled(spoken.to_owned()))
    }

    /// Reads Han characters by pinyin syllables with tone digits, one for each, such as `hang2`; `v`
    /// stands for ü, and a neutral tone has no digit. They are the tokens of the vocabulary and are
    /// taken as they are, without tone sandhi.
    ///
    /// # Errors
    ///
    /// If there are not as many syllables as characters, or one is no syllable.
    pub fn pinyin(self, written: &str, syllables: &str) -> Result<Self, TextError> {
        let syllables: Vec<String> = syllables.split_whitespace().map(str::to_owned).collect();
        if written.is_empty()
            || syllables.len() != written.chars().count()
            || !syllables.iter().all(|syllable| is_syllable(syllable))
        {
            return Err(TextError::Override {
                entry: format!("{written} = {}", syllables.join(" ")),
                expected: "a pinyin syllable such as hang2 for each Han character",
            });
        }
        Ok(self.with(written, true, Spoken::Pinyin(syllables)))
    }

    /// Reads lines of the form `written = spoken`; blank lines and lines that begin with `#` are
    /// skipped. A word of Han characters alone takes pinyin, any other another spelling.
    ///
    /// # Errors
    ///
    /// For a line without `=` or with nothing before it, and as [`pinyin`](Self::pinyin).
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        entries
            .into_iter()
            .try_fold(Self::new(), |overrides, line| {
                let malformed = || TextError::Override {
                    entry: line.to_owned(),
                    expected: "a line such as `Nguyen = win`",
                };
                let (written, spoken) = line.split_once('=').ok_or_else(malformed)?;
                overrides.add(written.trim(), spoken.trim())
            })
    }

    fn add(self, written: &str, spoken: &str) -> Result<Self, TextError> {
        if written.is_empty() {
            return Err(TextError::Override {
                entry: format!("{written} = {spoken}"),
                expected: "a word before `=`",
            });
        }
        if written.chars().all(is_han) {
            self.pinyin(written, spoken)
        } else {
            Ok(self.respell(written, spoken))
        }
    }

    /// A later entry for the same word replaces an earlier one.
    fn with(mut self, written: &str, exact: bool, spoken: Spoken) -> Self {
        let written = if exact {
            written.to_owned()
        } else {
            lower(written).collect()
        };
        let first = lower(&written).next();
        if let Some(first) = first {
            let entries = self.entries.entry(first).or_default();
            entries.retain(|entry| entry.written != written || entry.exact != exact);
            entries.push(Entry {
                written,
                exact,
                spoken,
            });
            entries.sort_by_key(|entry| std::cmp::Reverse((entry.written.len(), entry.exact)));
        }
        self
    }

    /// Puts the overrides into `normalized`, which a normalizer made of `text`. An override of all that
    /// a replacement is about takes its place; inside one, the words of the replacement are overridden.
    #[must_use]
    pub fn apply(&self, text: &str, normalized: Normalized) -> Normalized {
        if self.is_empty() {
            return normalized;
        }
        let bytes: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        // Beyond the end, a normaliser has made it of another text.
        let byte = |char: usize| bytes.get(char).copied().unwrap_or(text.len());
        let parts = normalized.spoken_parts();
        let replaced: Vec<(Range<usize>, &str)> = normalized
            .replacements()
            .iter()
            .zip(parts)
            .map(|(one, spoken)| (byte(one.original.start)..byte(one.original.end), spoken))
            .collect();
        let within = |a: &Range<usize>, b: &Range<usize>| b.start <= a.start && a.end <= b.end;
        let overlap = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
        // What reaches over the end of a replacement without holding all of it gives way.
        let found: Vec<_> = self
            .find(text)
            .into_iter()
            .filter(|(range, _)| {
                let mut touched = replaced.iter().filter(|(one, _)| overlap(one, range));
                touched.all(|(one, _)| within(one, range))
            })
            .collect();
        let mut wanted: Vec<(Range<usize>, String)> = replaced
            .iter()
            .filter(|(one, _)| !found.iter().any(|(range, _)| overlap(one, range)))
            .map(|(one, spoken)| (one.clone(), self.respelled(spoken)))
            .collect();
        let mut read: Vec<(usize, &str)> = normalized
            .readings()
            .iter()
            .map(|reading| {
                let original = normalized.to_original(reading.at..reading.at + 1).start;
                (original, reading.token.as_str())
            })
            .collect();
        for (range, spoken) in &found {
            match spoken {
                Spoken::Respelled(spoken) => wanted.push((range.clone(), spoken.clone())),
                Spoken::Pinyin(syllables) => {
                    let first = bytes.partition_point(|at| *at < range.start);
                    let syllables = syllables.iter().map(String::as_str);
                    read.splice(0..0, (first..).zip(syllables));
                }
            }
        }
        let spoken = Normalized::with_replacements(text, wanted);
        let readings: Vec<Reading> = read
            .into_iter()
            .filter_map(|(original, token)| {
                Some(Reading {
                    at: spoken.spoken_at(original)?,
                    token: token.to_owned(),
                })
            })
            .collect();
        spoken.with_readings(readings)
    }

    /// A spoken text with its words respelled.
    fn respelled(&self, spoken: &str) -> String {
        let found = self.find(spoken).into_iter();
        let words = found.filter_map(|(range, spoken)| match spoken {
            Spoken::Respelled(word) => Some((range, word.clone())),
            Spoken::Pinyin(_) => None,
        });
        Normalized::with_replacements(spoken, words)
            .text()
            .to_owned()
    }

    /// Where words stand that have an override, in bytes.
    fn find(&self, text: &str) -> Vec<(Range<usize>, &Spoken)> {
        let mut found = Vec::new();
        let (mut end, mut before) = (0, None);
        for (at, c) in text.char_indices() {
            let behind = before.replace(c);
            if at < end {
                continue;
            }
            let first = c.to_lowercase().next().unwrap_or(c);
            let entries = self.entries.get(&first).into_iter().flatten();
            let fits =
                entries.filter_map(|entry| Some((entry.len_at(&text[at..], behind)?, entry)));
            if let Some((len, entry)) = fits.into_iter().next() {
                end = at + len;
                found.push((at..end, &entry.spoken));
            }
        }
        found
    }
}

impl Entry {
    /// Bytes of the word at the beginning of a text, if it stands there as a whole word.
    fn len_at(&self, text: &str, before: Option<char>) -> Option<usize> {
        let len = if self.exact {
            text.starts_with(&self.written)
                .then_some(self.written.len())?
        } else {
            let mut wanted = self.written.chars().peekable();
            let mut len = 0;
            for c in text.chars() {
                if wanted.peek().is_none() {
                    break;
                }
                if !c.to_lowercase().all(|c| wanted.next() == Some(c)) {
                    return None;
                }
                len += c.len_utf8();
            }
            wanted.peek().is_none().then_some(len)?
        };
        // Han characters are words of their own.
        let joins = |a: Option<char>, b: Option<char>| {
            let both = [a, b].into_iter().flatten();
            both.filter(|c| c.is_alphanumeric() && !is_han(*c)).count() == 2
        };
        let (first, last) = (text[..len].chars().next(), text[..len].chars().next_back());
        (!joins(before, first) && !joins(last, text[len..].chars().next())).then_some(len)
    }
}

impl TryFrom<BTreeMap<String, String>> for PronunciationOverrides {
    type Error = TextError;

    fn try_from(map: BTreeMap<String, String>) -> Result<Self, TextError> {
        map.iter()
            .try_fold(Self::new(), |overrides, (written, spoken)| {
                overrides.add(written.trim(), spoken.trim())
            })
    }
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn is_syllable(syllable: &str) -> bool {
    let letters = syllable.strip_suffix(|c: char| matches!(c, '1'..='5'));
    let letters = letters.unwrap_or(syllable);
    !letters.is_empty()
        && letters
            .chars()
            .all(|c| c.is_lowercase() && c.is_alphabetic())
}
