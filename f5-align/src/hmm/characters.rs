//! Lays the letters of a word over its phones.

use std::ops::Range;

use f5_core::timing::TimingSource;

use crate::{Span, TextWord, words::is_spoken};

/// Positions in the text and spans of the characters of a word with these phones. Every letter has
/// the same number of phones, which need not be whole; marks have no time of their own.
pub(super) fn of(word: &TextWord, phones: &[Range<f64>]) -> Vec<(usize, Span)> {
    let letters = word.text.chars().filter(|&c| is_spoken(c)).count();
    let (Some(first), Some(last)) = (phones.first(), phones.last()) else {
        return Vec::new();
    };
    // The time after `n` letters; between two phones that do not touch, the end of the first.
    let after = |n: usize| {
        let place = n as f64 / letters.max(1) as f64 * phones.len() as f64;
        let index = (place.ceil() as usize).saturating_sub(1);
        let phone = phones.get(index).unwrap_or(last);
        phone.start + (phone.end - phone.start) * (place - index as f64)
    };
    let mut said = 0;
    word.text
        .chars()
        .enumerate()
        .map(|(i, c)| {
            let start = if said == 0 { first.start } else { after(said) };
            said += usize::from(is_spoken(c));
            let end = if said == 0 { first.start } else { after(said) };
            let span = Span {
                time: start..end,
                score: None,
                source: TimingSource::Interpolated,
            };
            (word.chars.start + i, span)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str, phones: &[Range<f64>]) -> Vec<Range<f64>> {
        let word = TextWord {
            text: text.to_owned(),
            chars: 5..5 + text.chars().count(),
        };
        let found = of(&word, phones);
        assert!(
            found
                .iter()
                .map(|(p, _)| *p)
                .eq(word.chars.take(found.len()))
        );
        found.into_iter().map(|(_, span)| span.time).collect()
    }

    #[test]
    fn letters_share_the_phones() {
        let phones = [1.0..2.0, 2.0..4.0];
        assert_eq!(times("ab", &phones), phones);
        assert_eq!(
            times("\"ab.", &phones),
            [1.0..1.0, 1.0..2.0, 2.0..4.0, 4.0..4.0]
        );
        assert_eq!(
            times("abcd", &phones),
            [1.0..1.5, 1.5..2.0, 2.0..3.0, 3.0..4.0]
        );
        assert_eq!(times("a", &phones), std::slice::from_ref(&(1.0..4.0)));
        assert_eq!(times("ab", &[]), []);
    }
}
