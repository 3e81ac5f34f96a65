//! Learns letter-to-sound rules from a dictionary.
//!
//! Each letter of a word stands for no, one or two phones; which ones is found by a Viterbi
//! expectation-maximisation over the whole dictionary. Then every context of a letter votes, and a
//! context becomes a rule where its majority differs from what narrower contexts say.

use std::{
    collections::{BTreeMap, HashMap},
    io::Write as _,
};

use flate2::{Compression, write::DeflateEncoder};

use super::Dictionary;
use crate::english::{Lines, Phone, Rules, WIDTHS, context, letter_of};

/// Passes over the dictionary that align letters with phones.
const PASSES: usize = 5;
/// Words a context must have been seen in to become a rule.
const LEAST_SEEN: u32 = 2;

/// Letter-to-sound rules, learnt.
#[derive(Debug, Clone)]
pub struct Letters {
    text: String,
}

/// How good rules are on words they were not learnt from.
#[derive(Debug, Clone, Copy)]
pub struct LettersReport {
    /// Words tried.
    pub words: usize,
    /// Words with one of the dictionary's pronunciations.
    pub right: usize,
    /// Phones inserted, deleted or replaced, against the nearest pronunciation.
    pub edits: usize,
    /// Phones of the nearest pronunciations.
    pub phones: usize,
}

type Chunk = Vec<Phone>;
type Example = (Vec<u8>, Vec<Phone>);

impl Letters {
    /// Learns from every word but each tenth, if `hold_out`.
    #[must_use]
    pub fn learn(dictionary: &Dictionary, hold_out: bool) -> Self {
        let examples: Vec<Example> = dictionary
            .entries()
            .enumerate()
            .filter(|(i, _)| !(hold_out && is_held_out(*i)))
            .map(|(_, (word, variants))| {
                (
                    word.bytes().filter(u8::is_ascii_lowercase).collect(),
                    variants[0].clone(),
                )
            })
            .collect();
        let aligned = align(&examples);
        let mut rules: BTreeMap<String, Chunk> = BTreeMap::new();
        for width in 0..WIDTHS.len() {
            let mut votes: BTreeMap<String, BTreeMap<&Chunk, u32>> = BTreeMap::new();
            for (letters, chunks) in &aligned {
                for (i, chunk) in chunks.iter().enumerate() {
                    let key = context(letters, i, width);
                    *votes.entry(key).or_default().entry(chunk).or_default() += 1;
                }
            }
            for (key, votes) in votes {
                let seen: u32 = votes.values().sum();
                let Some((&best, &count)) = votes.iter().max_by_key(|(_, n)| **n) else {
                    continue;
                };
                let narrower = (0..width)
                    .rev()
                    .find_map(|w| rules.get(&narrow(&key, width, w)));
                let usual = narrower.and_then(|n| votes.get(n)).copied().unwrap_or(0);
                if narrower != Some(best) && (width == 0 || seen >= LEAST_SEEN && count > usual) {
                    rules.insert(key, best.clone());
                }
            }
        }
        let line = |(key, chunk): (&String, &Chunk)| {
            format!(
                "{key} {}\n",
                chunk.iter().map(|&p| letter_of(p)).collect::<String>()
            )
        };
        Self {
            text: rules.iter().map(line).collect(),
        }
    }

    /// Number of rules.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.text.lines().count()
    }

    /// Tries the rules on every tenth word, those that [`learn`](Self::learn) can hold out.
    #[must_use]
    pub fn judge(&self, dictionary: &Dictionary) -> LettersReport {
        let rules = Rules::new(Lines::from_text(self.text.clone()));
        let mut report = LettersReport {
            words: 0,
            right: 0,
            edits: 0,
            phones: 0,
        };
        for (_, (word, variants)) in dictionary
            .entries()
            .enumerate()
            .filter(|(i, _)| is_held_out(*i))
        {
            let guess = rules.pronounce(word);
            let distances = variants.iter().map(|v| (edits(&guess, v), v.len()));
            let (distance, length) = distances.min().unwrap_or_default();
            report.words += 1;
            report.right += usize::from(distance == 0);
            report.edits += distance;
            report.phones += length;
        }
        report
    }

    /// The file that the crate embeds.
    ///
    /// # Errors
    ///
    /// Never in practice: the encoder writes to memory.
    pub fn pack(&self) -> std::io::Result<Vec<u8>> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(self.text.as_bytes())?;
        encoder.finish()
    }
}

fn is_held_out(index: usize) -> bool {
    index % 10 == 7
}

/// The key of a narrower context of the same letter.
fn narrow(key: &str, width: usize, narrower: usize) -> String {
    let ((left, _), (new_left, new_right)) = (WIDTHS[width], WIDTHS[narrower]);
    key[left - new_left..=left + new_right].to_owned()
}

/// Deals the phones of every word out to its letters; words that cannot be dealt are left out.
fn align(examples: &[Example]) -> Vec<(Vec<u8>, Vec<Chunk>)> {
    let mut costs: HashMap<(u8, Chunk), f64> = HashMap::new();
    let mut aligned = Vec::new();
    for pass in 0..PASSES {
        aligned.clear();
        let mut counts: HashMap<(u8, Chunk), f64> = HashMap::new();
        let mut totals = [0.0; 256];
        for (letters, phones) in examples {
            let cost = |letter: u8, chunk: &[Phone]| match pass {
                // Before anything is known: one phone a letter.
                0 => [1.5, 0.0, 3.0][chunk.len()],
                _ => costs
                    .get(&(letter, chunk.to_vec()))
                    .copied()
                    .unwrap_or(12.0),
            };
            if let Some(chunks) = deal(letters, phones, cost) {
                for (&letter, chunk) in letters.iter().zip(&chunks) {
                    *counts.entry((letter, chunk.clone())).or_default() += 1.0;
                    totals[usize::from(letter)] += 1.0;
                }
                aligned.push((letters.clone(), chunks));
            }
        }
        costs = counts
            .into_iter()
            .map(|(key, n): (_, f64)| {
                let cost = -(n / totals[usize::from(key.0)]).ln();
                (key, cost)
            })
            .collect();
    }
    aligned
}

/// The cheapest way to deal phones out to letters.
fn deal(
    letters: &[u8],
    phones: &[Phone],
    cost: impl Fn(u8, &[Phone]) -> f64,
) -> Option<Vec<Chunk>> {
    let (rows, columns) = (letters.len() + 1, phones.len() + 1);
    let mut best = vec![f64::INFINITY; rows * columns];
    let mut taken = vec![0; rows * columns];
    best[0] = 0.0;
    for i in 1..rows {
        for j in 0..columns {
            for take in 0..=j.min(2) {
                let total =
                    best[(i - 1) * columns + j - take] + cost(letters[i - 1], &phones[j - take..j]);
                if total < best[i * columns + j] {
                    best[i * columns + j] = total;
                    taken[i * columns + j] = take;
                }
            }
        }
    }
    if !best[rows * columns - 1].is_finite() {
        return None;
    }
    let mut chunks = Vec::new();
    let mut j = phones.len();
    for i in (1..rows).rev() {
        let take = taken[i * columns + j];
        chunks.push(phones[j - take..j].to_vec());
        j -= take;
    }
    chunks.reverse();
    Some(chunks)
}

/// Levenshtein distance.
fn edits(a: &[Phone], b: &[Phone]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
