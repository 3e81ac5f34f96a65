//! Guesses how a word that is in no dictionary is pronounced, letter by letter.
//!
//! A rule says which phones a letter stands for between certain other letters. The rule with the
//! widest context that is known wins. The rules are learnt from the dictionary.

use super::{Phone, lines::Lines, phones::phone_of};

/// Letters of context to the left and right, from none to wide.
pub(crate) const WIDTHS: [(usize, usize); 8] = [
    (0, 0),
    (0, 1),
    (1, 1),
    (1, 2),
    (2, 2),
    (2, 3),
    (3, 3),
    (3, 4),
];

/// Letter-to-sound rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    lines: Lines,
}

impl Rules {
    /// Rules as lines `context phones`; a letter that is silent has no phones.
    pub(crate) fn new(lines: Lines) -> Self {
        Self { lines }
    }

    /// Phones of a word in lower-case ASCII letters and apostrophes.
    pub(crate) fn pronounce(&self, word: &str) -> Vec<Phone> {
        let letters: Vec<u8> = word.bytes().filter(u8::is_ascii_lowercase).collect();
        let mut phones = Vec::new();
        for i in 0..letters.len() {
            let rule = (0..WIDTHS.len())
                .rev()
                .find_map(|width| self.lines.get(&context(&letters, i, width)));
            phones.extend(rule.unwrap_or_default().bytes().filter_map(phone_of));
        }
        phones
    }
}

/// The key of the letter at `index` with the neighbours of a width: left neighbours, the letter in
/// upper case, right neighbours, `#` beyond the ends.
pub(crate) fn context(letters: &[u8], index: usize, width: usize) -> String {
    let (left, right) = WIDTHS[width];
    let at = |i: isize| match usize::try_from(i).ok().and_then(|i| letters.get(i)) {
        Some(&letter) => char::from(letter),
        None => '#',
    };
    let index = index as isize;
    (-(left as isize)..=right as isize)
        .map(|offset| {
            let letter = at(index + offset);
            if offset == 0 {
                letter.to_ascii_uppercase()
            } else {
                letter
            }
        })
        .collect()
}
