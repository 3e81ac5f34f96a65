//! Reads cmudict and packs it into the file that the crate embeds.

use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

use flate2::{Compression, write::DeflateEncoder};

use super::TrainError;
use crate::english::{Phone, letter_of, phone};

/// Words with their pronunciations, most usual first.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    entries: BTreeMap<String, Vec<Vec<Phone>>>,
}

impl Dictionary {
    /// Reads a file in the format of cmudict: a word, white space, its phones; further
    /// pronunciations as `word(2)`. Stress digits and comments are ignored, and so are words with
    /// anything but letters and apostrophes.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or a line names an unknown phone.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let bytes = fs::read(path).map_err(|e| TrainError::io(path, e))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut entries: BTreeMap<String, Vec<Vec<Phone>>> = BTreeMap::new();
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, l)| !l.starts_with(";;;"))
        {
            let bad = || TrainError::Dictionary {
                line: index + 1,
                text: line.to_owned(),
            };
            let mut fields = line.split_whitespace();
            let word = fields.next().ok_or_else(bad)?.to_lowercase();
            let word = word.split('(').next().unwrap_or_default();
            let phones: Vec<Phone> = fields
                .map(|f| {
                    phone(
                        &f.trim_end_matches(|c: char| c.is_ascii_digit())
                            .to_lowercase(),
                    )
                })
                .collect::<Option<_>>()
                .ok_or_else(bad)?;
            let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'\'');
            if plain && !word.is_empty() && !phones.is_empty() {
                let variants = entries.entry(word.to_owned()).or_default();
                if !variants.contains(&phones) {
                    variants.push(phones);
                }
            }
        }
        Ok(Self { entries })
    }

    /// The words, in order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Words with their pronunciations, in order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &[Vec<Phone>])> {
        self.entries
            .iter()
            .map(|(word, phones)| (word.as_str(), phones.as_slice()))
    }

    /// Whether a word, in lower case, is in the dictionary.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.entries.contains_key(word)
    }

    /// The file that the crate embeds: deflated lines `word phones,phones`, one character a phone.
    ///
    /// # Errors
    ///
    /// Never in practice: the encoder writes to memory.
    pub fn pack(&self) -> std::io::Result<Vec<u8>> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        for (word, variants) in &self.entries {
            let variants: Vec<String> = variants
                .iter()
                .map(|v| v.iter().map(|&p| letter_of(p)).collect())
                .collect();
            writeln!(encoder, "{word} {}", variants.join(","))?;
        }
        encoder.finish()
    }
}
