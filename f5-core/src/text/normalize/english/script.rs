//! Which sentences of a text can be English.

use std::ops::Range;

/// Parts of a text, in bytes, with at least as many words in Latin letters as in others. Without
/// letters, a sentence goes with the next one.
pub(super) fn latin_parts(text: &str) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    let (mut latin, mut other) = (0_usize, 0_usize);
    let mut before = Script::None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let script = Script::of(c);
        match script {
            Script::Latin if before != script => latin += 1,
            Script::Unspaced => other += 1,
            Script::Other if before != script => other += 1,
            _ => {}
        }
        before = script;
        let end = at + c.len_utf8();
        let next = chars.peek().map(|(_, next)| *next);
        let ends = match c {
            '\n' | '。' | '！' | '？' => true,
            '.' | '!' | '?' => next.is_some_and(char::is_whitespace),
            _ => false,
        };
        if next.is_none() || (ends && latin + other > 0) {
            if latin >= other {
                match parts.last_mut() {
                    Some(last) if last.end == start => last.end = end,
                    _ => parts.push(start..end),
                }
            }
            (start, latin, other) = (end, 0, 0);
        }
    }
    parts
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    None,
    Latin,
    /// Han, kana and what else stands without spaces.
    Unspaced,
    Other,
}

impl Script {
    fn of(c: char) -> Self {
        match c {
            // Signs of units and formulas.
            'µ' | 'μ' | '\u{3a9}' | '\u{2126}' | 'π' | 'ª' | 'º' => Self::None,
            _ if !c.is_alphabetic() => Self::None,
            '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Self::Latin,
            '\u{2e80}'.. => Self::Unspaced,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_in_other_scripts_are_left_out() {
        let parts = |text: &'static str| -> Vec<&str> {
            latin_parts(text)
                .into_iter()
                .map(|part| &text[part])
                .collect()
        };
        assert_eq!(
            parts("He has 3. 我用Rust写2次。5 of us."),
            ["He has 3.", "5 of us."]
        );
        assert_eq!(parts("Она 3. It is 5."), [" It is 5."]);
        assert_eq!(parts("He said 你好 3 times."), ["He said 你好 3 times."]);
        assert_eq!(parts("3. 5"), ["3. 5"]);
        assert_eq!(parts(""), [""; 0]);
    }
}
