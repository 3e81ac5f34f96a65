//! The text that the training voices speak.

use std::{collections::BTreeSet, fs, path::Path};

use super::{Random, dictionary::Dictionary};

/// Everyday sentences, for the rhythm of function words.
const EVERYDAY: &str = include_str!("sentences.txt");
/// Where Debian keeps the licences: long English texts that lie on every machine.
const LICENCES: &str = "/usr/share/common-licenses";

/// About `count` sentences: everyday ones, sentences of licences as far as they are there, and
/// random words of the dictionary, which bring the rare sounds.
pub fn sentences(dictionary: &Dictionary, count: usize, random: &mut Random) -> Vec<String> {
    let mut sentences: Vec<String> = EVERYDAY.lines().map(str::to_owned).collect();
    let mut legal: Vec<String> = licence_sentences(dictionary).into_iter().collect();
    random.shuffle(&mut legal);
    let words: Vec<&str> = dictionary
        .words()
        .filter(|w| (3..=11).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_lowercase()))
        .collect();
    legal.truncate(count.saturating_sub(sentences.len()) / 2);
    sentences.extend(legal);
    while sentences.len() < count {
        let length = 5 + random.below(4);
        let chosen: Vec<&str> = (0..length)
            .map(|_| words[random.below(words.len())])
            .collect();
        sentences.push(format!("{}.", chosen.join(" ")));
    }
    sentences
}

/// Sentences of 5 to 13 words that are all in the dictionary, from the licences.
fn licence_sentences(dictionary: &Dictionary) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in ["Apache-2.0", "Artistic", "GFDL-1.3", "GPL-3", "MPL-2.0"] {
        let Ok(text) = fs::read_to_string(Path::new(LICENCES).join(name)) else {
            continue;
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for sentence in text.split_inclusive(['.', '!', '?', ';', ':']) {
            let sentence = sentence.trim().trim_end_matches(['.', ';', ':']);
            let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | ',');
            let words: Vec<String> = sentence
                .split([' ', ','])
                .filter(|w| !w.is_empty())
                .map(str::to_lowercase)
                .collect();
            let known = |w: &String| {
                dictionary.contains(w) && (w.len() > 1 || matches!(w.as_str(), "a" | "i"))
            };
            if sentence.chars().all(plain)
                && (5..=13).contains(&words.len())
                && words.iter().all(known)
            {
                found.insert(format!("{sentence}."));
            }
        }
    }
    found
}
