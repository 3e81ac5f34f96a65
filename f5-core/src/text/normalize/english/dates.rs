//! Dates.

use super::{
    numbers::{digits, is_number},
    scan::{Edit, Found, Scan},
};
use crate::text::numbers::{cardinal, ordinal, year};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let word = scan.word(index);
    if let Some(spoken) = in_digits(word, scan.day_first) {
        return Found::new(1, vec![scan.say(index, spoken)]);
    }
    if let Some(month) = month(word) {
        return behind_month(scan, index, month);
    }
    if let Some(day) = weekday(word) {
        // "Sat." and "Sun." are words too.
        let next = scan.word(index + 1);
        let gap = scan.gap(index);
        let is_day = word.len() < day.len()
            && (gap.starts_with(".,")
                || gap == ". "
                    && (month(next).is_some() || next.starts_with(|c: char| c.is_ascii_digit())));
        return is_day
            .then(|| Found::new(1, vec![scan.say_dotted(index, day)]))
            .flatten();
    }
    before_month(scan, index)
}

/// `2025-03-14`, `3/14/2025`, `14.3.2025`.
fn in_digits(word: &str, day_first: bool) -> Option<String> {
    let separator = word.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let parts: Vec<&str> = word.split(separator).collect();
    let &[first, second, third] = parts.as_slice() else {
        return None;
    };
    let (year_digits, month, day) = match (first.len(), third.len()) {
        (4, 1..=2) => (first, second, third),
        (1..=2, 4) | (1..=2, 2) if separator == '.' => (third, second, first),
        (1..=2, 4) | (1..=2, 2) if separator == '/' || third.len() == 4 => {
            let day_first = (day_first || is_above_twelve(first)) && !is_above_twelve(second);
            match day_first {
                true => (third, second, first),
                false => (third, first, second),
            }
        }
        _ => return None,
    };
    let day = self::day(day)?;
    let month: usize = is_number(month, 2).then(|| month.parse().ok()).flatten()?;
    let name = MONTHS.get(month.checked_sub(1)?)?;
    Some(format!("{name} {day} {}", year_words(year_digits)?))
}

fn is_above_twelve(digits: &str) -> bool {
    digits.parse::<u32>().is_ok_and(|n| n > 12)
}

fn year_words(digits: &str) -> Option<String> {
    if digits.len() == 2 {
        let words = match digits.strip_prefix('0') {
            Some(last) => vec!["oh", cardinal(last).first().copied()?],
            None => cardinal(digits),
        };
        return is_number(digits, 2).then(|| words.join(" "));
    }
    let words = year(digits).unwrap_or_else(|| cardinal(digits));
    is_number(digits, 4).then(|| words.join(" "))
}

/// `14` as fourteenth; `None` where no month has such a day.
fn day(digits: &str) -> Option<String> {
    let digits = if digits.len() == 2 {
        digits.trim_start_matches('0')
    } else {
        digits
    };
    let is_day = is_number(digits, 2) && (1..=31).contains(&digits.parse::<u32>().ok()?);
    is_day.then(|| ordinal(digits).join(" "))
}

/// `3`, `3rd`, and what follows.
fn day_at(word: &str) -> Option<(String, &str)> {
    let number = digits(word);
    let spoken = day(number)?;
    let rest = &word[number.len()..];
    let suffix = ["st", "nd", "rd", "th"]
        .into_iter()
        .find(|suffix| rest.starts_with(suffix));
    Some((spoken, &rest[suffix.map_or(0, str::len)..]))
}

/// `March 3`, `Mar. 3-5`, `Sept 2024`.
fn behind_month(scan: &Scan<'_>, index: usize, month: &'static str) -> Option<Found> {
    let mut edits = Vec::new();
    let is_short = scan.word(index).len() < month.len();
    let next = scan.word(index + 1);
    let mut words = 1;
    let joins = scan.joins_next(index) || is_short && scan.dot_joins_next(index);
    let days = days(next).filter(|_| joins);
    let has_year = joins && next.len() == 4 && year(next).is_some();
    if is_short && (days.is_some() || has_year) {
        edits.extend(short_month(scan, index, month));
    }
    if let Some(days) = days {
        edits.push(scan.say(index + 1, days));
        words = 2;
    }
    (!edits.is_empty())
        .then(|| Found::new(words, edits))
        .flatten()
}

/// `3`, `3rd`, `3-5`.
fn days(word: &str) -> Option<String> {
    let (first, rest) = day_at(word)?;
    if rest.is_empty() {
        return Some(first);
    }
    let (last, rest) = day_at(rest.strip_prefix(['-', '–'])?)?;
    rest.is_empty().then(|| format!("{first} to {last}"))
}

/// An abbreviated month with its full stop, which ends nothing where a day or year follows.
fn short_month(scan: &Scan<'_>, index: usize, month: &'static str) -> Option<Edit> {
    let mut range = scan.range(index);
    if scan.is_dotted(index) {
        range.end += 1;
    }
    (scan.word(index).len() < month.len()).then(|| (range, month.to_owned()))
}

/// `14 March`, `14th Mar.`, `3-5 May`.
fn before_month(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let days = days(scan.word(index))?;
    let month = month(scan.word(index + 1)).filter(|_| scan.joins_next(index))?;
    // "Chapter 3 May" is none, but nor is it English.
    let the = if scan.before(index).eq_ignore_ascii_case("the") {
        ""
    } else {
        "the "
    };
    let mut edits = vec![scan.say(index, format!("{the}{days} of"))];
    if scan.word(index + 1).len() < month.len() {
        let is_before_year = scan
            .word(index + 2)
            .starts_with(|c: char| c.is_ascii_digit());
        edits.push(match is_before_year {
            true => short_month(scan, index + 1, month)?,
            false => scan.say_dotted(index + 1, month),
        });
    }
    Found::new(2, edits)
}

/// The month of a name or its abbreviation, with a capital letter.
pub(super) fn month(word: &str) -> Option<&'static str> {
    MONTHS.into_iter().find(|month| {
        *month == word
            || word == "Sept" && *month == "September"
            || word.len() == 3 && month.starts_with(word)
    })
}

/// The day of a name or its abbreviation, with a capital letter.
pub(super) fn weekday(word: &str) -> Option<&'static str> {
    let short = |day: &str| word.len() == 3 && day.starts_with(word);
    let others = [("Tues", 1), ("Thur", 3), ("Thurs", 3)];
    let other = others.into_iter().find(|(other, _)| *other == word);
    WEEKDAYS
        .into_iter()
        .find(|day| *day == word || short(day))
        .or(other.map(|(_, day)| WEEKDAYS[day]))
}
