//! The characters that a CTC network writes, and texts turned into them.

use std::collections::BTreeMap;

use crate::{
    TextWord,
    english::{is_symbol, read_out},
    words::is_spoken,
};

/// Characters of a network's classes.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    classes: BTreeMap<char, usize>,
    chars: Vec<Option<char>>,
    pub(super) blank: usize,
    /// The class between words, if the network writes one.
    pub(super) delimiter: Option<usize>,
}

/// One token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    /// Its class; the star, [`Vocabulary::star`], for what the network cannot write.
    pub(super) class: usize,
    /// The word it belongs to; none between words.
    pub(super) word: Option<usize>,
    /// Its character in the text, where it stands for one.
    pub(super) position: Option<usize>,
}

impl Vocabulary {
    /// The vocabulary of a Hugging Face `vocab.json`: a class for each token. Tokens of several
    /// characters, such as `<pad>`, are not written.
    pub(super) fn new(tokens: &BTreeMap<String, usize>, size: usize, blank: usize) -> Self {
        let mut chars = vec![None; size];
        let mut classes = BTreeMap::new();
        let mut delimiter = None;
        for (token, &class) in tokens {
            let mut letters = token.chars();
            let (Some(c), None) = (letters.next(), letters.next()) else {
                continue;
            };
            if class >= size || class == blank {
                continue;
            }
            chars[class] = Some(if c == '|' { ' ' } else { c });
            match c {
                '|' | ' ' => delimiter = Some(class),
                _ => _ = classes.insert(c, class),
            }
        }
        Self {
            classes,
            chars,
            blank,
            delimiter,
        }
    }

    /// Whether there is anything to write with.
    pub(super) fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The class that [`Emissions::with_star`](super::Emissions::with_star) adds.
    pub(super) fn star(&self) -> usize {
        self.chars.len()
    }

    /// The class of a character, in whatever case the network writes.
    fn class(&self, c: char) -> Option<usize> {
        let cases = [Some(c), only(c.to_lowercase()), only(c.to_uppercase())];
        let mut cases = cases.into_iter().flatten();
        cases.find_map(|c| self.classes.get(&c).copied())
    }

    /// The tokens of a text. Characters that are not spoken have none, others that the network
    /// cannot write are stars, a run of them one star. Where `english`, what has to be read out (a
    /// number, `&`, an accent) is written in letters first.
    pub(super) fn tokens(&self, words: &[TextWord], english: bool) -> Vec<Token> {
        let mut tokens: Vec<Token> = Vec::new();
        let mut end_before = None;
        for (index, word) in words.iter().enumerate() {
            let of_word = self.of_word(word, english);
            let apart = end_before.is_some_and(|end| end < word.chars.start);
            if of_word.is_empty() {
                continue;
            }
            let between = self.delimiter.filter(|_| apart && !tokens.is_empty());
            tokens.extend(between.map(|class| Token {
                class,
                word: None,
                position: None,
            }));
            tokens.extend(of_word.into_iter().map(|(class, position)| Token {
                class,
                word: Some(index),
                position,
            }));
            end_before = Some(word.chars.end);
        }
        tokens
    }

    fn of_word(&self, word: &TextWord, english: bool) -> Vec<(usize, Option<usize>)> {
        let is_read_out = |c: char| self.class(c).is_none() && (is_spoken(c) || is_symbol(c));
        if english && word.text.chars().any(is_read_out) {
            let spoken = read_out(&word.text).join(" ");
            let class = |c: char| match c {
                ' ' => self.delimiter,
                c => self.class(c),
            };
            let tokens: Vec<_> = spoken
                .chars()
                .filter_map(class)
                .map(|c| (c, None))
                .collect();
            if !tokens.is_empty() {
                return tokens;
            }
        }
        let mut tokens: Vec<(usize, Option<usize>)> = Vec::new();
        for (i, c) in word.text.chars().enumerate() {
            let position = Some(word.chars.start + i);
            match self.class(c) {
                Some(class) => tokens.push((class, position)),
                None if is_spoken(c) && tokens.last().is_none_or(|last| last.0 != self.star()) => {
                    tokens.push((self.star(), position));
                }
                None => {}
            }
        }
        tokens
    }

    /// The text of classes that were heard, in lower case where the network has only one case.
    pub(super) fn text(&self, classes: &[usize]) -> String {
        let heard = classes.iter().filter_map(|class| *self.chars.get(*class)?);
        let text: String = heard.collect();
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ");
        let has_lower = self.classes.keys().any(|c| c.is_lowercase());
        if has_lower { text } else { text.to_lowercase() }
    }
}

/// The item of an iterator that has one and no more.
fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next();
    first.filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split_words;

    /// `<pad>` 0, `|` 1, then the letters given.
    fn vocabulary(letters: &str, delimiter: bool) -> Vocabulary {
        let mut tokens = BTreeMap::from([("<pad>".to_owned(), 0)]);
        if delimiter {
            tokens.insert("|".to_owned(), 1);
        }
        tokens.extend((2..).zip(letters.chars()).map(|(i, c)| (c.to_string(), i)));
        Vocabulary::new(&tokens, letters.chars().count() + 2, 0)
    }

    /// The tokens as text: `|` between words, `*` for stars.
    fn written(vocabulary: &Vocabulary, text: &str, english: bool) -> String {
        let tokens = vocabulary.tokens(&split_words(text), english);
        let name = |token: &Token| match token.class {
            class if class == vocabulary.star() => '*',
            class if Some(class) == vocabulary.delimiter => '|',
            class => vocabulary.chars[class].unwrap_or('?'),
        };
        tokens.iter().map(name).collect()
    }

    #[test]
    fn texts_become_tokens() {
        let english = vocabulary("ABCDEFGHIJKLMNOPQRSTUVWXYZ'", true);
        for (text, expected) in [
            ("Hello, world!", "HELLO|WORLD"),
            ("It's — ok \u{1F600}", "IT'S|OK"),
            ("12 & café", "TWELVE|AND|CAFE"),
            ("用 it", "*|IT"),
            ("你好", "**"),
            ("…", ""),
        ] {
            assert_eq!(written(&english, text, true), expected, "{text}");
        }
        let other = vocabulary("abcdefghijklmnopqrstuvwxyzé'-", true);
        assert_eq!(written(&other, "Café 12,50 ÀB", false), "café|*|*b");
        let unspaced = vocabulary("abc你好", false);
        assert_eq!(written(&unspaced, "你好 abc a", false), "你好abca");
    }

    #[test]
    fn tokens_know_their_word_and_character() {
        let vocabulary = vocabulary("ABC", true);
        let tokens = vocabulary.tokens(&split_words("a, — «b»c"), false);
        let places: Vec<_> = tokens.iter().map(|t| (t.word, t.position)).collect();
        assert_eq!(
            places,
            [
                (Some(0), Some(0)),
                (None, None),
                (Some(2), Some(6)),
                (Some(2), Some(8))
            ]
        );
    }

    #[test]
    fn what_was_heard_is_written_in_lower_case_if_there_is_only_one() {
        let upper = vocabulary("ABC", true);
        assert_eq!(upper.text(&[1, 2, 3, 1, 1, 4, 1]), "ab c");
        let both = vocabulary("Aab", true);
        assert_eq!(both.text(&[2, 3, 1, 4]), "Aa b");
    }
}
