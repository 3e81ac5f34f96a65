//! A text being put together from old words and new ones.

use std::ops::Range;

use f5_align::{TextWord, split_words};

use super::script::Origin;

/// What stands between two words where no text says so: nothing beside Han and kana.
pub(super) fn separator(left: &str, right: &str) -> &'static str {
    let unspaced =
        |c: Option<char>| c.is_some_and(|c| split_words(&String::from_iter([c, c])).len() == 2);
    match unspaced(left.chars().next_back()) || unspaced(right.chars().next()) {
        true => "",
        false => " ",
    }
}

/// A text being put together, which knows where each of its characters is from.
#[derive(Debug, Default)]
pub(super) struct Target {
    pub(super) text: String,
    origins: Vec<Option<Origin>>,
}

impl Target {
    pub(super) fn add(&mut self, text: &str, origin: Origin) {
        self.text.push_str(text);
        self.origins.extend(text.chars().map(|_| Some(origin)));
    }

    /// Old words with what stands between them.
    pub(super) fn keep(&mut self, chars: &[char], words: &[TextWord], range: Range<usize>) {
        for index in range.clone() {
            let word = &words[index];
            if index > range.start {
                let gap = &chars[words[index - 1].chars.end..word.chars.start];
                self.text.extend(gap);
                self.origins.extend(gap.iter().map(|_| None));
            }
            self.add(&word.text, Origin::Kept(index));
        }
    }

    /// The gap of the original text, or a new one.
    pub(super) fn separate(&mut self, gap: &str, next: &str) {
        let gap = match gap.is_empty() {
            true => separator(&self.text, next),
            false => gap,
        };
        self.text.push_str(gap);
        self.origins.extend(gap.chars().map(|_| None));
    }

    pub(super) fn append(&mut self, text: &str) {
        if !self.text.is_empty() && !text.is_empty() {
            self.text.push_str(separator(&self.text, text));
        }
        self.text.push_str(text);
    }

    /// Where a word is from: its first letter decides, because marks join the word before them.
    pub(super) fn origin(&self, word: &TextWord) -> Origin {
        let of = |at: usize| self.origins.get(at).copied().flatten();
        let letter = word.text.chars().position(char::is_alphanumeric);
        of(word.chars.start + letter.unwrap_or(0)).unwrap_or(Origin::Kept(0))
    }
}
