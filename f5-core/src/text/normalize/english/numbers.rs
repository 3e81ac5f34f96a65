//! Numbers, ranges, fractions, ordinals and decades.

use super::{
    mixed,
    scan::{Found, Scan},
};
use crate::text::numbers::{cardinal, ordinal, spelled, year};

/// A number as it is written: `-1,250.5`.
#[derive(Clone)]
pub(super) struct Number<'a> {
    sign: &'static str,
    /// Digits without separators.
    pub(super) whole: String,
    /// Digits behind the point.
    pub(super) part: &'a str,
    grouped: bool,
}

impl<'a> Number<'a> {
    /// The number at the beginning of a text, and what follows it.
    pub(super) fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let (sign, rest) = match text.chars().next()? {
            '-' | '−' | '–' => ("minus ", without_first(text)),
            '+' => ("plus ", without_first(text)),
            '±' => ("plus or minus ", without_first(text)),
            _ => ("", text),
        };
        let first = digits(rest);
        let mut rest = &rest[first.len()..];
        let mut whole = first.to_owned();
        let mut grouped = false;
        while (1..=3).contains(&first.len())
            && let Some(group) = rest.strip_prefix(',').map(digits)
            && group.len() == 3
        {
            whole.push_str(group);
            rest = &rest[4..];
            grouped = true;
        }
        let part = rest.strip_prefix('.').map_or("", digits);
        if whole.is_empty() && part.is_empty() {
            return None;
        }
        if !part.is_empty() {
            rest = &rest[1 + part.len()..];
        }
        let number = Self {
            sign,
            whole,
            part,
            grouped,
        };
        Some((number, rest))
    }

    pub(super) fn is_one(&self) -> bool {
        self.whole == "1" && self.part.is_empty()
    }

    /// The number in words.
    pub(super) fn words(&self) -> String {
        let mut words = cardinal(&self.whole);
        if !self.part.is_empty() {
            words.push("point");
            words.extend(spelled(self.part));
        }
        format!("{}{}", self.sign, words.join(" "))
    }

    /// The same, a year where it looks like one.
    pub(super) fn words_or_year(&self) -> String {
        let plain = self.sign.is_empty() && self.part.is_empty() && !self.grouped;
        match year(&self.whole).filter(|_| plain) {
            Some(words) => words.join(" "),
            None => self.words(),
        }
    }

    /// The number without its point: `None` if it has one or a sign.
    pub(super) fn as_whole(&self) -> Option<&str> {
        (self.part.is_empty() && self.sign.is_empty() && !self.whole.is_empty())
            .then_some(self.whole.as_str())
    }
}

/// A number, or a range of them such as `10-20`.
pub(super) struct Amount<'a> {
    pub(super) first: Number<'a>,
    pub(super) last: Option<Number<'a>>,
}

impl<'a> Amount<'a> {
    pub(super) fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let (first, rest) = Number::read(text)?;
        let last = rest
            .strip_prefix(['-', '–'])
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            .and_then(Number::read);
        Some(match last {
            Some((last, rest)) => {
                let last = Some(last);
                (Self { first, last }, rest)
            }
            None => (Self { first, last: None }, rest),
        })
    }

    pub(super) fn is_one(&self) -> bool {
        self.first.is_one() && self.last.is_none()
    }

    pub(super) fn words(&self) -> String {
        self.join(Number::words)
    }

    fn join(&self, words: impl Fn(&Number<'a>) -> String) -> String {
        match &self.last {
            Some(last) => format!("{} to {}", words(&self.first), words(last)),
            None => words(&self.first),
        }
    }
}

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let word = scan.word(index);
    if let Some(spoken) = fraction(word) {
        // One and a half.
        let follows =
            scan.joins_last(index) && scan.before(index).bytes().all(|b| b.is_ascii_digit());
        let spoken = match spoken.strip_prefix("one ") {
            Some(part) if follows => format!("and a {part}"),
            _ if follows => format!("and {spoken}"),
            _ => spoken,
        };
        return Found::new(1, vec![scan.say(index, spoken)]);
    }
    let (amount, rest) = Amount::read(word)?;
    let alone = amount.last.is_none().then_some(&amount.first);
    let whole = alone.and_then(Number::as_whole);
    let spoken = match (rest, whole) {
        ("", Some(_)) | ("", None) => amount.join(Number::words_or_year),
        ("k", _) => format!("{} thousand", amount.words()),
        ("x", _) => {
            let next = scan.word(index + 1);
            let compares = next.len() > 3 && next.ends_with("er")
                || ["as", "more", "less", "the", "a"].contains(&next);
            let times = if compares { "times" } else { "x" };
            format!("{} {times}", amount.words())
        }
        ("s" | "'s" | "’s", Some(_)) => plural(&amount.first.words_or_year()),
        (_, Some(whole)) => {
            let (suffix, tail) = rest.split_at_checked(2)?;
            let is_suffix =
                ["st", "nd", "rd", "th"].contains(&suffix.to_ascii_lowercase().as_str());
            if !is_suffix || tail.starts_with(char::is_alphanumeric) {
                return None;
            }
            let tail = mixed::words(tail).unwrap_or_else(|| tail.to_owned());
            format!("{}{tail}", ordinal(whole).join(" "))
        }
        _ => return None,
    };
    Found::new(1, vec![scan.say(index, spoken)])
}

/// `3/4`, `½`, `1½`; also what only looks like one, such as `24/7`.
fn fraction(word: &str) -> Option<String> {
    if let Some((at, c)) = word.char_indices().next_back()
        && let Some((above, below)) = vulgar(c)
    {
        let whole = &word[..at];
        if whole.is_empty() {
            return Some(part_words(above, below));
        }
        let (number, "") = Number::read(whole)? else {
            return None;
        };
        let part = part_words(above, below);
        let part = part
            .strip_prefix("one ")
            .map_or(part.clone(), |part| format!("a {part}"));
        return Some(format!("{} and {part}", number.words()));
    }
    let (above, below) = word.split_once(['/', '⁄'])?;
    if !is_number(above, 4) || !is_number(below, 4) {
        return None;
    }
    let words = |digits: &str| cardinal(digits).join(" ");
    let (a, b): (u32, u32) = (above.parse().ok()?, below.parse().ok()?);
    Some(match (a, b) {
        (24, 7) | (9, 11) | (50, 50) | (20, 20) => format!("{} {}", words(above), words(below)),
        _ if above.len() == 4 => format!("{} {}", year(above)?.join(" "), words(below)),
        _ if (b == 10 || b == 100 || b == 5) && a >= b.min(5) && a <= b => {
            format!("{} out of {}", words(above), words(below))
        }
        _ if a > 0 && a < b && b <= 100 => part_words(a, b),
        _ => format!("{} over {}", words(above), words(below)),
    })
}

/// `3` and `4` as three quarters.
fn part_words(above: u32, below: u32) -> String {
    let name = match below {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        _ => ordinal(&below.to_string()).join(" "),
    };
    let many = match (above, below) {
        (1, _) => name,
        (_, 2) => "halves".to_owned(),
        _ => format!("{name}s"),
    };
    format!("{} {many}", cardinal(&above.to_string()).join(" "))
}

fn vulgar(c: char) -> Option<(u32, u32)> {
    Some(match c {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅖' => (2, 5),
        '⅗' => (3, 5),
        '⅘' => (4, 5),
        '⅙' => (1, 6),
        '⅚' => (5, 6),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        _ => return None,
    })
}

/// Nineties, twenties, sixes.
pub(super) fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if words.ends_with('x') => format!("{words}es"),
        None => format!("{words}s"),
    }
}

/// The digits at the beginning of a text.
pub(super) fn digits(text: &str) -> &str {
    &text[..text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len())]
}

/// Whether a text is a number of at most `most` digits.
pub(super) fn is_number(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn without_first(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}
