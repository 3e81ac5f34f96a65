//! Telephone numbers, digit by digit.

use super::{
    numbers::is_number,
    scan::{Found, Scan},
};
use crate::text::numbers::spelled;

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let word = scan.word(index);
    if let Some(spoken) = joined(word) {
        return Found::new(1, vec![scan.say(index, spoken)]);
    }
    // `(555) 123-4567`
    if is_number(word, 3) && word.len() == 3 && scan.mark_before(index) == Some('(') {
        let next = joined(scan.word(index + 1)).filter(|_| {
            matches!(scan.gap(index), ") " | ")" | ")-") && groups(scan.word(index + 1)) == [3, 4]
        })?;
        let edits = vec![
            scan.say(index, spelled(word).join(" ")),
            scan.say(index + 1, next),
        ];
        return Found::new(2, edits);
    }
    // `+44 20 7946 0958`
    let country = word.strip_prefix('+').filter(|code| is_number(code, 4))?;
    let mut count = 1;
    let mut digits = country.len();
    while scan.joins_next(index + count - 1) && is_number(scan.word(index + count), 11) {
        digits += scan.word(index + count).len();
        count += 1;
    }
    if count < 2 || digits < 9 {
        return None;
    }
    let edits = (index..index + count).map(|at| {
        let plus = if at == index { "plus " } else { "" };
        scan.say(at, format!("{plus}{}", spelled(scan.word(at)).join(" ")))
    });
    Found::new(count, edits.collect())
}

/// Lengths of the groups of digits between hyphens or full stops.
fn groups(word: &str) -> Vec<usize> {
    word.split(['-', '.', '–']).map(str::len).collect()
}

/// `555-123-4567`, `1-800-555-1234`, `555-1234`, `+15551234567`.
fn joined(word: &str) -> Option<String> {
    let number = word.strip_prefix('+').unwrap_or(word);
    let plus = if number.len() < word.len() {
        "plus "
    } else {
        ""
    };
    if !number
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'))
    {
        return None;
    }
    let is_phone = match groups(number).as_slice() {
        [3, 3, 4] | [1..=3, 3, 3, 4] | [1..=2, 2, 4, 4] => true,
        // `100-2000` is a range.
        [3, 4] => number.contains('-') && !(number[..3].ends_with('0') && number.ends_with('0')),
        [9..=15] => !plus.is_empty(),
        _ => false,
    };
    let spoken = number
        .split(['-', '.'])
        .map(|group| spelled(group).join(" "));
    is_phone.then(|| format!("{plus}{}", spoken.collect::<Vec<_>>().join(", ")))
}
