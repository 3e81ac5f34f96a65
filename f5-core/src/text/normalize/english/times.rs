//! Times of day.

use super::{
    dates::{month, weekday},
    numbers::is_number,
    scan::{Edit, Found, Scan},
};
use crate::text::numbers::cardinal;

/// A time as it is written: `3`, `3:30`, `10:05:30`.
struct Time<'a> {
    hours: &'a str,
    minutes: Option<&'a str>,
    seconds: Option<&'a str>,
    /// "AM" or "PM".
    half: Option<&'static str>,
}

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let word = scan.word(index);
    // `3:30 p.m.`
    if let Some(half) = half_of_day(scan.word(index + 1)).filter(|_| scan.joins_next(index))
        && let Some(spoken) = span(word, Some(half))
    {
        return Found::new(
            2,
            vec![scan.say(index, spoken), say_half(scan, index + 1, half)],
        );
    }
    if let Some(spoken) = span(word, None) {
        // The full stop of `p.m.` is not in the word.
        let mut edit = scan.say(index, spoken);
        if word.ends_with(".m") || word.ends_with(".M") {
            edit.0 = say_half(scan, index, "").0;
        }
        return Found::new(1, vec![edit]);
    }
    // `3:1`, `16:9`.
    let (first, second) = word.split_once(':')?;
    let is_ratio = is_number(first, 4) && is_number(second, 4);
    let words = |digits| cardinal(digits).join(" ");
    is_ratio
        .then(|| {
            Found::new(
                1,
                vec![scan.say(index, format!("{} to {}", words(first), words(second)))],
            )
        })
        .flatten()
}

/// The full stop of `p.m.` ends a sentence where a capital letter follows that is no date's.
fn say_half(scan: &Scan<'_>, index: usize, half: &str) -> Edit {
    let next = scan.word(index + 1);
    let goes_on = month(next).is_some() || weekday(next).is_some() || is_zone(next);
    if scan.word(index).contains('.') && goes_on && scan.is_dotted(index) {
        let range = scan.range(index);
        return (range.start..range.end + 1, half.to_owned());
    }
    match scan.word(index).contains('.') {
        true => scan.say_dotted(index, half),
        false => scan.say(index, half),
    }
}

fn is_zone(word: &str) -> bool {
    matches!(
        word,
        "UTC"
            | "GMT"
            | "EST"
            | "EDT"
            | "ET"
            | "CST"
            | "CDT"
            | "CT"
            | "MST"
            | "PST"
            | "PDT"
            | "PT"
            | "CET"
            | "BST"
    )
}

fn half_of_day(word: &str) -> Option<&'static str> {
    match word {
        "am" | "AM" | "a.m" | "A.M" => Some("AM"),
        "pm" | "PM" | "p.m" | "P.M" => Some("PM"),
        _ => None,
    }
}

/// A time, or two as in `9am-5pm`; `next` is the half of the day that the next word gives, which is
/// not said here.
fn span(word: &str, next: Option<&'static str>) -> Option<String> {
    if let Some(time) = Time::read(word) {
        let is_time = next.is_some() || time.is_certain();
        return (is_time && !(time.half.is_some() && next.is_some())).then(|| time.words(next));
    }
    let (first, last) = word.split_once(['-', '–'])?;
    let (first, last) = (Time::read(first)?, Time::read(last)?);
    let is_time = next.is_some() || first.is_certain() || last.is_certain();
    let half = next.or(last.half);
    is_time.then(|| format!("{} to {}", first.words(half), last.words(next)))
}

impl<'a> Time<'a> {
    fn read(word: &'a str) -> Option<Self> {
        let end = word.find(|c: char| c.is_alphabetic()).unwrap_or(word.len());
        let (digits, half) = word.split_at(end);
        let half = match half {
            "" => None,
            half => Some(half_of_day(half)?),
        };
        let mut parts = digits.split(':');
        let mut time = Self {
            hours: parts.next()?,
            minutes: parts.next(),
            seconds: parts.next(),
            half,
        };
        // `3.30pm`
        if let Some((hours, minutes)) = digits.split_once('.')
            && half.is_some()
        {
            (time.hours, time.minutes) = (hours, Some(minutes));
        }
        let sixty = |part: Option<&str>| {
            part.is_none_or(|part| part.len() == 2 && is_number(part, 2) && part < "60")
        };
        let hours: u32 = is_number(time.hours, 2)
            .then(|| time.hours.parse().ok())
            .flatten()?;
        let most = if half.is_some() { 12 } else { 24 };
        (hours <= most && sixty(time.minutes) && sixty(time.seconds) && parts.next().is_none())
            .then_some(time)
    }

    /// Whether it is no mere number.
    fn is_certain(&self) -> bool {
        self.minutes.is_some() || self.half.is_some()
    }

    /// The time in words; `half` is the half of the day that it is known to be in.
    fn words(&self, half: Option<&'static str>) -> String {
        let hour = self.hours.trim_start_matches('0');
        let hour = if hour.is_empty() { "0" } else { hour };
        let known = self.half.or(half);
        let noon: u32 = hour.parse().unwrap_or(0);
        let mut words = cardinal(hour).join(" ");
        match self.minutes {
            Some("00") if known.is_none() && self.seconds.is_none() => match noon {
                0 => words = "midnight".to_owned(),
                1..=12 => words.push_str(" o'clock"),
                _ => words.push_str(" hundred"),
            },
            Some("00") if known.is_some() => {}
            Some(minutes) => match minutes.strip_prefix('0') {
                Some(last) => words.push_str(&format!(" oh {}", cardinal(last).join(" "))),
                None => words.push_str(&format!(" {}", cardinal(minutes).join(" "))),
            },
            None => {}
        }
        if let Some(seconds) = self.seconds.map(|seconds| seconds.trim_start_matches('0'))
            && !seconds.is_empty()
        {
            let name = if seconds == "1" { "second" } else { "seconds" };
            words.push_str(&format!(" and {} {name}", cardinal(seconds).join(" ")));
        }
        if let Some(half) = self.half {
            words.push_str(&format!(" {half}"));
        }
        words
    }
}
