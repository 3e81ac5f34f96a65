//! Cuts a text into the words that get times of their own.

use std::ops::Range;

/// A word of a text and where it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextWord {
    /// The word as it stands in the text, punctuation included.
    pub text: String,
    /// Its characters in the text, counted in `char`s.
    pub chars: Range<usize>,
}

/// Cuts a text into words.
///
/// A word is what stands between white space. Scripts written without spaces are cut further:
/// every Han character and every kana is a word, together with the marks that belong to it
/// (punctuation after it, opening brackets and quotes before it), and so is a run of other letters
/// between them.
///
/// Together the words hold every character of the text that is not white space:
///
/// ```
/// let words: Vec<_> =
///     f5_align::split_words("Say 你好, world!").into_iter().map(|w| w.text).collect();
/// assert_eq!(words, ["Say", "你", "好,", "world!"]);
/// ```
#[must_use]
pub fn split_words(text: &str) -> Vec<TextWord> {
    let mut words = Vec::new();
    let mut current: Option<Open> = None;
    for (index, c) in text.chars().enumerate() {
        if c.is_whitespace() {
            words.extend(current.take().map(Open::close));
            continue;
        }
        let kind = Kind::of(c);
        let starts_new = current.as_ref().is_none_or(|open| open.ends_before(kind));
        if starts_new {
            words.extend(current.take().map(Open::close));
        }
        current.get_or_insert_with(|| Open::at(index)).push(c, kind);
    }
    words.extend(current.map(Open::close));
    words
}

/// Whether a character is spoken without the help of others: a letter, a digit or an ideograph.
pub(crate) fn is_spoken(c: char) -> bool {
    c.is_alphanumeric()
}

/// Whether a character is a word of its own: Han, hiragana and katakana.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{31F0}'..='\u{31FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

/// A word still being read.
struct Open {
    word: TextWord,
    kind: Kind,
}

impl Open {
    fn at(index: usize) -> Self {
        Self {
            word: TextWord {
                text: String::new(),
                chars: index..index,
            },
            kind: Kind::Opening,
        }
    }

    /// Whether a character of this kind begins the next word. Inside scripts with spaces nothing
    /// does: only white space ends their words.
    fn ends_before(&self, next: Kind) -> bool {
        match self.kind {
            Kind::Unspaced => next != Kind::Mark,
            Kind::Letter => next == Kind::Unspaced,
            Kind::Opening | Kind::Mark => false,
        }
    }

    fn push(&mut self, c: char, kind: Kind) {
        self.word.text.push(c);
        self.word.chars.end += 1;
        if matches!(kind, Kind::Unspaced | Kind::Letter) {
            self.kind = kind;
        }
    }

    fn close(self) -> TextWord {
        self.word
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Han and kana.
    Unspaced,
    /// Letters and digits of other scripts.
    Letter,
    /// Brackets and quotes that belong to what follows.
    Opening,
    /// Everything else belongs to what came before.
    Mark,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            'ゃ' | 'ゅ' | 'ょ' | 'ャ' | 'ュ' | 'ョ' | 'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ー' => {
                Self::Mark
            }
            c if is_unspaced(c) => Self::Unspaced,
            '(' | '[' | '{' | '（' | '「' | '『' | '【' | '《' | '〈' | '“' | '‘' | '«' => {
                Self::Opening
            }
            c if is_spoken(c) => Self::Letter,
            _ => Self::Mark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<String> {
        split_words(text).into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn words_of_spaced_scripts_keep_their_marks() {
        assert_eq!(
            texts(" It's  (really)\t$5 — \"ok\". "),
            ["It's", "(really)", "$5", "—", "\"ok\"."]
        );
        assert_eq!(texts(""), [""; 0]);
        assert_eq!(texts(" \n"), [""; 0]);
    }

    #[test]
    fn unspaced_scripts_are_cut_per_character() {
        assert_eq!(texts("你好，“世界”。"), ["你", "好，", "“世", "界”。"]);
        assert_eq!(texts("用Rust写2次"), ["用", "Rust", "写", "2", "次"]);
        assert_eq!(
            texts("きょう(ラーメン)"),
            ["きょ", "う", "(ラー", "メ", "ン)"]
        );
    }

    proptest! {
        #[test]
        fn words_are_the_text_without_white_space(text in "[a-z你好（） ,.\u{1F600}“”0-9]{0,40}") {
            let chars: Vec<char> = text.chars().collect();
            let mut end = 0;
            for word in split_words(&text) {
                prop_assert!(word.chars.start >= end && !word.chars.is_empty());
                prop_assert!(chars[end..word.chars.start].iter().all(|c| c.is_whitespace()));
                prop_assert_eq!(chars[word.chars.clone()].iter().collect::<String>(), word.text);
                end = word.chars.end;
            }
            prop_assert!(chars[end..].iter().all(|c| c.is_whitespace()));
        }
    }
}
