//! Brings recognised words and the known text together: the fewest changes that turn one into the
//! other say which recognised word is which known one.

use std::ops::Range;

use f5_core::timing::TimingSource;

use super::schema::Recognized;
use crate::{
    Span, TextWord, english::read_out, proportional::weight, split_words, words::is_spoken,
};

/// Cost of a known word that was not recognised, and of a recognised one that is not known.
const GAP: f32 = 0.5;
/// Words that differ in a larger share of their letters are other words.
const MOST_CHANGED: f32 = 0.5;

/// One spoken word: numbers are read out and compounds taken apart, because recognisers write them as
/// they please.
#[derive(Debug)]
struct Unit {
    letters: Vec<char>,
    /// Which written word it is part of.
    word: usize,
}

/// The place of each known word, none where it was not recognised.
pub(super) fn map(
    words: &[TextWord],
    recognized: &[Recognized],
    english: bool,
) -> Vec<Option<Span>> {
    let known: Vec<Unit> = (0..)
        .zip(words)
        .flat_map(|(index, word)| units(&word.text, index, english))
        .collect();
    let mut heard = Vec::new();
    let mut times = Vec::new();
    for (index, word) in recognized.iter().enumerate() {
        // Recognisers write words of several characters where we have one for each.
        let pieces = split_words(&word.word);
        let units = pieces
            .iter()
            .flat_map(|piece| units(&piece.text, index, english));
        let units: Vec<Unit> = units.collect();
        times.extend(shares(&units, word));
        heard.extend(units);
    }
    let mut spans: Vec<Option<Span>> = vec![None; words.len()];
    for (known_unit, heard_unit) in pairs(&known, &heard) {
        let time = times[heard_unit].clone();
        let score = recognized[heard[heard_unit].word].confidence;
        let span = spans[known[known_unit].word].get_or_insert_with(|| Span {
            time: time.clone(),
            score,
            source: TimingSource::Acoustic,
        });
        span.time.end = time.end;
        span.score = match (span.score, score) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    spans
}

fn units(written: &str, word: usize, english: bool) -> Vec<Unit> {
    let parts: Vec<String> = if english {
        read_out(written)
    } else {
        let parts = written.split(|c: char| !is_spoken(c) && c != '\'' && c != '’');
        parts.map(str::to_lowercase).collect()
    };
    let letters = |part: String| {
        part.chars()
            .filter(|c| is_spoken(*c))
            .collect::<Vec<char>>()
    };
    let units = parts
        .into_iter()
        .map(letters)
        .filter(|letters| !letters.is_empty());
    units.map(|letters| Unit { letters, word }).collect()
}

/// The time of each unit of a recognised word, by how long it takes to say.
fn shares(units: &[Unit], word: &Recognized) -> Vec<Range<f64>> {
    let weights = units
        .iter()
        .map(|unit| weight(&unit.letters.iter().collect::<String>()));
    let weights: Vec<f64> = weights.collect();
    let total: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let (start, length) = (
        word.start.as_secs_f64(),
        (word.end - word.start).as_secs_f64(),
    );
    let mut before = 0.0;
    weights
        .into_iter()
        .map(|weight| {
            let from = start + length * before / total;
            before += weight;
            from..start + length * before / total
        })
        .collect()
}

/// Which known unit is which heard one, in order: the cheapest alignment.
fn pairs(known: &[Unit], heard: &[Unit]) -> Vec<(usize, usize)> {
    let width = heard.len() + 1;
    let mut row: Vec<f32> = (0..width).map(|j| j as f32 * GAP).collect();
    // 0: both, 1: the known one is left out, 2: the heard one is.
    let mut steps = vec![2_u8; width * (known.len() + 1)];
    for (i, unit) in known.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] += GAP;
        let steps = &mut steps[(i + 1) * width..][..width];
        steps[0] = 1;
        for (j, other) in heard.iter().enumerate() {
            let (without_known, without_heard) = (row[j + 1] + GAP, row[j] + GAP);
            let both = changed(&unit.letters, &other.letters).map(|changed| diagonal + changed);
            diagonal = row[j + 1];
            (row[j + 1], steps[j + 1]) = match both {
                Some(both) if both <= without_known && both <= without_heard => (both, 0),
                _ if without_known <= without_heard => (without_known, 1),
                _ => (without_heard, 2),
            };
        }
    }
    let (mut i, mut j) = (known.len(), heard.len());
    let mut found = Vec::new();
    while i > 0 || j > 0 {
        match steps[i * width + j] {
            0 => {
                (i, j) = (i - 1, j - 1);
                found.push((i, j));
            }
            1 => i -= 1,
            _ => j -= 1,
        }
    }
    found.reverse();
    found
}

/// Share of letters that have to be changed to make one word of the other (Levenshtein); none if it
/// is too large for them to be the same word.
fn changed(a: &[char], b: &[char]) -> Option<f32> {
    let longest = a.len().max(b.len()) as f32;
    if a.len().abs_diff(b.len()) as f32 > MOST_CHANGED * longest {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let both = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = both.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    let changed = row[b.len()] as f32 / longest;
    (changed <= MOST_CHANGED).then_some(changed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use proptest::prelude::*;

    /// Words that take a tenth of a second each.
    fn recognized(text: &str) -> Vec<Recognized> {
        let words = (0..).zip(text.split_whitespace());
        let word = |(index, word): (u64, &str)| Recognized {
            word: word.to_owned(),
            start: Duration::from_millis(100 * index),
            end: Duration::from_millis(100 * index + 100),
            confidence: Some(0.5),
        };
        words.map(word).collect()
    }

    /// Start and end of each known word in milliseconds.
    fn mapped(text: &str, heard: &str, english: bool) -> Vec<Option<(u32, u32)>> {
        let spans = map(&split_words(text), &recognized(heard), english);
        let milliseconds = |seconds: f64| (seconds * 1000.0).round() as u32;
        let of = |span: Span| (milliseconds(span.time.start), milliseconds(span.time.end));
        spans.into_iter().map(|span| span.map(of)).collect()
    }

    #[test]
    fn words_are_found_by_the_fewest_changes() {
        for (text, heard, expected) in [
            (
                "Hello, world!",
                "hello world",
                vec![Some((0, 100)), Some((100, 200))],
            ),
            (
                "one two three",
                "one three",
                vec![Some((0, 100)), None, Some((100, 200))],
            ),
            (
                "one three",
                "one two three",
                vec![Some((0, 100)), Some((200, 300))],
            ),
            (
                "the colour red",
                "the color read",
                vec![Some((0, 100)), Some((100, 200)), Some((200, 300))],
            ),
            (
                "in 25 years",
                "in twenty five years",
                vec![Some((0, 100)), Some((100, 300)), Some((300, 400))],
            ),
            (
                "twenty five years",
                "25 years",
                vec![Some((0, 67)), Some((67, 100)), Some((100, 200))],
            ),
            (
                "well-known fact",
                "well known fact",
                vec![Some((0, 200)), Some((200, 300))],
            ),
            (
                "a — b \u{1F600}",
                "a b",
                vec![Some((0, 100)), None, Some((100, 200)), None],
            ),
            ("alpha beta", "", vec![None, None]),
            ("", "alpha", vec![]),
            ("elephants walk", "zebras run", vec![None, None]),
        ] {
            assert_eq!(mapped(text, heard, true), expected, "{text:?} {heard:?}");
        }
        let chinese = mapped("你好，世界", "你好 世界", false);
        assert_eq!(
            chinese,
            [
                Some((0, 50)),
                Some((50, 100)),
                Some((100, 150)),
                Some((150, 200))
            ]
        );
        let german = mapped("Die Straße führt", "die strasse führt", false);
        assert_eq!(german, [Some((0, 100)), Some((100, 200)), Some((200, 300))]);
    }

    proptest! {
        #[test]
        fn the_same_words_are_all_found_whatever_is_between(
            words in prop::collection::vec("[a-z]{3,9}", 0..12),
            noise in prop::collection::vec(0_usize..12, 0..5),
        ) {
            let mut heard = words.clone();
            for place in noise {
                heard.insert(place.min(heard.len()), "#".to_owned());
            }
            let found = map(&split_words(&words.join(" ")), &recognized(&heard.join(" ")), false);
            prop_assert_eq!(found.len(), words.len());
            let places = heard.iter().enumerate().filter(|(_, word)| *word != "#");
            for (span, (place, _)) in found.into_iter().zip(places) {
                let span = span.expect("found");
                prop_assert!((span.time.start - place as f64 * 0.1).abs() < 1e-9);
            }
        }

        #[test]
        fn times_are_in_order(text in "[a-e ]{0,30}", heard in "[a-e ]{0,30}") {
            let mut latest = 0.0;
            for span in map(&split_words(&text), &recognized(&heard), false).into_iter().flatten() {
                prop_assert!(span.time.start >= latest - 1e-9 && span.time.end >= span.time.start);
                latest = span.time.end;
            }
        }
    }
}
