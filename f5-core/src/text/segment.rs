//! Word segmentation as upstream's (jieba with its default dictionary and HMM).
//!
//! jieba looks at one block of Han characters, ASCII letters, digits and `+#&._%-` at a time, so
//! blocks without a Han character are cut here: Latin texts never load its dictionary.

/// Words that jieba's dictionary keeps together though they hold no Han character.
const ASCII_WORDS: [&str; 5] = ["AT&T", "C#", "C++", "c#", "c++"];

/// The segments of a text, in order and without gaps.
pub(super) fn segments(text: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inside = in_block(first);
        let end = rest.find(|c| in_block(c) != inside).unwrap_or(rest.len());
        let (block, tail) = rest.split_at(end);
        rest = tail;
        if !inside {
            singles(block, &mut segments);
        } else if block.is_ascii() {
            ascii_words(block, &mut segments);
        } else {
            han_words(block, &mut segments);
        }
    }
    segments
}

#[cfg(feature = "zh")]
fn han_words<'a>(block: &'a str, segments: &mut Vec<&'a str>) {
    use std::sync::LazyLock;

    // Immutable once loaded, and the same for everybody.
    static JIEBA: LazyLock<jieba_rs::Jieba> = LazyLock::new(jieba_rs::Jieba::new);
    segments.extend(JIEBA.cut(block, true).into_iter().map(|token| token.word));
}

/// Without a dictionary every Han character is a word.
#[cfg(not(feature = "zh"))]
fn han_words<'a>(block: &'a str, segments: &mut Vec<&'a str>) {
    let mut rest = block;
    while let Some(first) = rest.chars().next() {
        let end = rest
            .find(|c: char| c.is_ascii() != first.is_ascii())
            .unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        rest = tail;
        if first.is_ascii() {
            ascii_words(run, segments)
        } else {
            singles(run, segments)
        }
    }
}

/// Outside blocks every character stands alone, but for CR LF.
fn singles<'a>(text: &'a str, segments: &mut Vec<&'a str>) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = if rest.starts_with("\r\n") {
            2
        } else {
            c.len_utf8()
        };
        let (segment, tail) = rest.split_at(end);
        segments.push(segment);
        rest = tail;
    }
}

fn ascii_words<'a>(block: &'a str, segments: &mut Vec<&'a str>) {
    let mut start = 0;
    let mut at = 0;
    while at < block.len() {
        match ASCII_WORDS
            .iter()
            .find(|word| block[at..].starts_with(**word))
        {
            Some(word) => {
                ascii_runs(&block[start..at], segments);
                segments.push(&block[at..at + word.len()]);
                at += word.len();
                start = at;
            }
            None => at += 1,
        }
    }
    ascii_runs(&block[start..], segments);
}

/// Letters and digits, joined by single `.`, `_` and `-` and ended by at most one `%`, alternate
/// with runs of the symbols between them.
fn ascii_runs<'a>(text: &'a str, segments: &mut Vec<&'a str>) {
    let bytes = text.as_bytes();
    let alphanumeric = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        if alphanumeric(at) {
            let joint = |at: usize| matches!(bytes.get(at), Some(b'.' | b'_' | b'-'));
            while alphanumeric(at) || (joint(at) && alphanumeric(at + 1)) {
                at += 1;
            }
            if bytes.get(at) == Some(&b'%') {
                at += 1;
            }
        } else {
            while at < bytes.len() && !alphanumeric(at) {
                at += 1;
            }
        }
        segments.push(&text[start..at]);
    }
}

fn in_block(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '+' | '#' | '&' | '.' | '_' | '%' | '-')
        || matches!(c,
            '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{2a6df}'
            | '\u{2a700}'..='\u{2b73f}'
            | '\u{2b740}'..='\u{2b81f}'
            | '\u{2b820}'..='\u{2ceaf}'
            | '\u{2ceb0}'..='\u{2ebef}'
            | '\u{2f800}'..='\u{2fa1f}')
}

#[cfg(all(test, feature = "zh"))]
mod tests {
    use proptest::prelude::*;

    use super::segments;

    proptest! {
        /// Blocks without a Han character are cut as jieba itself cuts them.
        #[test]
        fn latin_blocks_are_cut_as_by_jieba(text in "([aCc1.%+#&_-]|AT&T|C\\+\\+|c#|[ ,é\r\n]){0,16}") {
            // Loaded once for all cases.
            static JIEBA: std::sync::LazyLock<jieba_rs::Jieba> =
                std::sync::LazyLock::new(jieba_rs::Jieba::new);
            let theirs: Vec<_> =
                JIEBA.cut(&text, true).into_iter().map(|token| token.word).collect();
            prop_assert_eq!(segments(&text), theirs);
        }

        /// Cutting block by block changes nothing.
        #[test]
        fn mixed_texts_are_cut_as_by_jieba(text in "([你好一卡拉行长]|OK|T恤|[a1.-]|[ ，か𠮶㐀\r\n]){0,16}") {
            static JIEBA: std::sync::LazyLock<jieba_rs::Jieba> =
                std::sync::LazyLock::new(jieba_rs::Jieba::new);
            let theirs: Vec<_> =
                JIEBA.cut(&text, true).into_iter().map(|token| token.word).collect();
            prop_assert_eq!(segments(&text), theirs);
        }
    }
}
