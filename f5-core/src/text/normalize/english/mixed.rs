//! What no other rule knows: words of letters, digits and symbols.

use super::{
    numbers::{Number, digits, plural},
    scan::{Found, Scan},
};
use crate::text::numbers::{cardinal, spelled, year};

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let word = scan.word(index);
    Found::new(1, vec![scan.say(index, words(word)?)])
}

/// A word with its numbers and symbols in words; `None` where it has none.
pub(super) fn words(word: &str) -> Option<String> {
    let whole = match word {
        "and/or" => "and or",
        "w/o" => "without",
        "w/" => "with",
        "&c" => "et cetera",
        _ => "",
    };
    if !whole.is_empty() {
        return Some(whole.to_owned());
    }
    let mut spoken = Spoken::default();
    let mut rest = word;
    let mut before = None;
    // `1.2.3` and `192.168.0.1` are no decimals.
    let dots = word.matches('.').count();
    while let Some(c) = rest.chars().next() {
        let taken = if c.is_ascii_digit() {
            let taken = number(rest, before, dots, &mut spoken);
            before = rest[..taken].chars().next_back();
            taken
        } else {
            let behind = rest[c.len_utf8()..].chars().next();
            let name = symbol(c, before, behind, dots);
            match name {
                Some(name) => spoken.word(name),
                None => spoken.letter(c),
            }
            // What has been said is no letter: the x of `1920x1080`.
            before = Some(if name.is_some() { ' ' } else { c });
            c.len_utf8()
        };
        rest = &rest[taken..];
    }
    let spoken = spoken.text.trim_end().to_owned();
    (spoken != word).then_some(spoken)
}

/// Words put together: names of symbols and numbers stand apart, letters stay together.
#[derive(Default)]
struct Spoken {
    text: String,
    /// Whether what is there is a word that has to stand apart from letters.
    apart: bool,
}

impl Spoken {
    fn word(&mut self, word: &str) {
        if !word.is_empty() {
            self.space();
            self.text.push_str(word);
        }
        self.apart = true;
    }

    fn letter(&mut self, c: char) {
        if self.apart && c.is_alphanumeric() {
            self.space();
        }
        self.apart = false;
        self.text.push(c);
    }

    /// A hyphen joins: COVID-nineteen.
    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '-', '–', '\'', '’']) {
            self.text.push(' ');
        }
    }
}

/// Adds the number that a text begins with; gives its bytes.
fn number(rest: &str, before: Option<char>, dots: usize, spoken: &mut Spoken) -> usize {
    let plain = digits(rest);
    let is_code = before.is_some_and(char::is_alphabetic) && plain.len() > 2;
    if dots == 3 || is_code && plain.len() != 4 || is_code && year(plain).is_none() {
        spoken.word(&spelled(plain).join(" "));
        return plain.len();
    }
    let (words, len) = match Number::read(rest).filter(|_| dots < 2) {
        Some((number, tail)) => (number.words_or_year(), rest.len() - tail.len()),
        None => (cardinal(plain).join(" "), plain.len()),
    };
    let tail = &rest[len..];
    // The mid-1990s.
    if tail == "s" || tail.starts_with("s-") {
        spoken.word(&plural(&words));
        return len + 1;
    }
    spoken.word(&words);
    len
}

/// What is said for a symbol between these characters; `None` for what is no symbol, and nothing where
/// it is silent.
fn symbol(
    c: char,
    before: Option<char>,
    behind: Option<char>,
    dots: usize,
) -> Option<&'static str> {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    Some(match c {
        '&' => "and",
        '@' => "at",
        '%' => "percent",
        '+' => "plus",
        '=' => "equals",
        '×' => "times",
        'x' if is_digit(before) && is_digit(behind) => "by",
        '÷' => "divided by",
        '±' => "plus or minus",
        '−' => "minus",
        '≈' => "approximately",
        '≠' => "is not equal to",
        '≤' => "at most",
        '≥' => "at least",
        '→' => "to",
        '~' if is_digit(behind) => "about",
        '°' => "degrees",
        '$' => "dollars",
        '€' => "euros",
        '£' => "pounds",
        '¥' => "yen",
        '¢' => "cents",
        '©' => "copyright",
        '™' | '®' => "",
        '§' => "section",
        '№' => "number",
        '²' => "squared",
        '³' => "cubed",
        '½' => "one half",
        '¼' => "one quarter",
        '¾' => "three quarters",
        '#' if is_letter(before) => "sharp",
        '#' if is_letter(behind) => "hashtag",
        '#' => "number",
        '/' => "slash",
        '_' if before.is_some() && behind.is_some() => "",
        '.' if dots == 3 && is_digit(before) && is_digit(behind) => "dot",
        '.' if is_digit(before) && is_digit(behind) => "point",
        '-' | '–' if is_digit(before) && is_digit(behind) => "to",
        _ => return None,
    })
}
