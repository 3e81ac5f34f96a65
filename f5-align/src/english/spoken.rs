//! From a word as it is written to the phones it is spoken with.

use f5_core::text::numbers::{cardinal, ordinal, spelled, year};

use super::{
    Phone,
    dictionary::{guess, look_up},
};

/// The pronunciations of one spoken word, most usual first; never empty.
pub(crate) type Variants = Vec<Vec<Phone>>;

/// More pronunciations than this are not tried.
const MOST_VARIANTS: usize = 4;

/// What is spoken for one written word, in order: several words for a number or a compound, none
/// for marks and letters of other scripts.
pub(crate) fn pronounce(written: &str) -> Vec<Variants> {
    let plain: String = written.chars().flat_map(simplify).collect();
    let spoken = expand(&plain);
    spoken
        .iter()
        .map(variants)
        .filter(|v| !v.is_empty())
        .collect()
}

/// As [`pronounce`], in lower-case letters.
#[cfg(any(feature = "ctc", feature = "google-speech"))]
pub(crate) fn read_out(written: &str) -> Vec<String> {
    let plain: String = written.chars().flat_map(simplify).collect();
    let name = |spoken| match spoken {
        Spoken::Word(word) => word,
        Spoken::Letter(letter) => letter.to_string(),
    };
    expand(&plain).into_iter().map(name).collect()
}

fn variants(word: &Spoken) -> Variants {
    let found = match word {
        Spoken::Word(word) => {
            let found = look_up(word);
            if found.is_empty() {
                derive(word).unwrap_or_else(|| vec![guess(word)])
            } else {
                found
            }
        }
        Spoken::Letter(letter) => look_up(letter_name(*letter)),
    };
    found
        .into_iter()
        .filter(|v| !v.is_empty())
        .take(MOST_VARIANTS)
        .collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Spoken {
    /// A word in lower case.
    Word(String),
    /// The name of a letter.
    Letter(char),
}

impl Spoken {
    fn words<S: Into<String>>(words: impl IntoIterator<Item = S>) -> impl Iterator<Item = Self> {
        words.into_iter().map(|w| Self::Word(w.into()))
    }
}

/// Abbreviations and symbols that are read as other words.
const READ_AS: [(&str, &str); 41] = [
    ("mr", "mister"),
    ("mrs", "misses"),
    ("ms", "miz"),
    ("dr", "doctor"),
    ("prof", "professor"),
    ("st", "saint"),
    ("mt", "mount"),
    ("jr", "junior"),
    ("sr", "senior"),
    ("vs", "versus"),
    ("etc", "et cetera"),
    ("approx", "approximately"),
    ("dept", "department"),
    ("gen", "general"),
    ("col", "colonel"),
    ("lt", "lieutenant"),
    ("sgt", "sergeant"),
    ("capt", "captain"),
    ("rev", "reverend"),
    ("gov", "governor"),
    ("inc", "incorporated"),
    ("ltd", "limited"),
    ("co", "company"),
    ("jan", "january"),
    ("feb", "february"),
    ("aug", "august"),
    ("sept", "september"),
    ("oct", "october"),
    ("nov", "november"),
    ("dec", "december"),
    ("&", "and"),
    ("@", "at"),
    ("%", "percent"),
    ("+", "plus"),
    ("=", "equals"),
    ("°", "degrees"),
    ("$", "dollars"),
    ("€", "euros"),
    ("£", "pounds"),
    ("¥", "yen"),
    ("#", "number"),
];

fn read_as(written: &str) -> Option<impl Iterator<Item = Spoken> + use<>> {
    let (_, spoken) = READ_AS.iter().find(|(w, _)| *w == written)?;
    Some(Spoken::words(spoken.split(' ')))
}

fn expand(written: &str) -> Vec<Spoken> {
    let mut spoken = Vec::new();
    let trimmed = written.trim_matches(|c: char| !c.is_ascii_alphanumeric() && !is_symbol(c));
    let lower = trimmed.to_ascii_lowercase();
    // An abbreviation shows itself by its full stop; a few are also written without.
    let dotted = written.contains(&format!("{trimmed}."));
    if let Some(words) = read_as(&lower)
        .filter(|_| dotted || matches!(lower.as_str(), "mr" | "mrs" | "ms" | "dr" | "vs" | "etc"))
    {
        spoken.extend(words);
        return spoken;
    }
    if is_initials(trimmed) {
        spoken.extend(
            lower
                .chars()
                .filter(char::is_ascii_alphabetic)
                .map(Spoken::Letter),
        );
        return spoken;
    }
    // What was a currency sign before a number is read after it.
    let mut currency = None;
    let mut rest = trimmed;
    while let Some(c) = rest.chars().next() {
        let piece = if c.is_ascii_alphabetic() || c == '\'' {
            let piece = take(rest, |c| c.is_ascii_alphabetic() || c == '\'');
            letters(piece, &mut spoken);
            piece
        } else if c.is_ascii_digit() {
            let after = take(rest, |c| c.is_ascii_digit() || matches!(c, ',' | '.' | ':'));
            let piece = after.trim_end_matches([',', '.', ':']);
            let suffix = take(&rest[piece.len()..], |c| c.is_ascii_alphabetic());
            if matches!(
                suffix.to_ascii_lowercase().as_str(),
                "st" | "nd" | "rd" | "th"
            ) {
                spoken.extend(Spoken::words(ordinal(&piece.replace(',', ""))));
                &rest[..piece.len() + suffix.len()]
            } else {
                number(piece, currency.take(), &mut spoken);
                piece
            }
        } else {
            let piece = &rest[..c.len_utf8()];
            match c {
                '$' | '€' | '£' | '¥' => currency = Some(c),
                _ => spoken.extend(read_as(piece).into_iter().flatten()),
            }
            piece
        };
        rest = &rest[piece.len()..];
    }
    spoken
}

fn take(text: &str, wanted: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !wanted(c)).unwrap_or(text.len())]
}

/// Symbols that are read as words.
pub(crate) fn is_symbol(c: char) -> bool {
    matches!(
        c,
        '&' | '@' | '%' | '+' | '=' | '°' | '$' | '€' | '£' | '¥' | '#'
    )
}

/// `U.S.`, `a.m.`, `e.g.`: single letters between full stops.
fn is_initials(word: &str) -> bool {
    word.len() >= 3
        && word
            .split('.')
            .all(|part| part.len() == 1 && part.as_bytes()[0].is_ascii_alphabetic())
}

fn letters(piece: &str, spoken: &mut Vec<Spoken>) {
    let piece = piece.trim_matches('\'');
    let lower = piece.to_ascii_lowercase();
    let capitals = piece.len() > 1 && piece.bytes().all(|b| b.is_ascii_uppercase());
    let has_vowel = lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    if lower.is_empty() {
    } else if lower.len() == 1 && piece != "a" && piece != "I"
        || look_up(&lower).is_empty() && (capitals && piece.len() < 5 || !has_vowel)
    {
        spoken.extend(
            lower
                .chars()
                .filter(char::is_ascii_alphabetic)
                .map(Spoken::Letter),
        );
    } else {
        spoken.push(Spoken::Word(lower));
    }
}

fn number(piece: &str, currency: Option<char>, spoken: &mut Vec<Spoken>) {
    let plain = piece.replace(',', "");
    let push = |words: Vec<&'static str>, spoken: &mut Vec<Spoken>| {
        spoken.extend(Spoken::words(words));
    };
    if let Some((hours, minutes)) = plain.split_once(':') {
        push(cardinal(hours), spoken);
        match minutes {
            "00" => {}
            _ if minutes.starts_with('0') => {
                spoken.extend(Spoken::words(["oh"]));
                push(cardinal(&minutes[1..]), spoken);
            }
            _ => push(cardinal(minutes), spoken),
        }
    } else if let Some((whole, part)) = plain.split_once('.') {
        push(cardinal(whole), spoken);
        if let Some(name) = currency {
            unit(name, whole, spoken);
            push(cardinal(part.trim_start_matches('0')), spoken);
        } else {
            spoken.extend(Spoken::words(["point"]));
            push(spelled(part), spoken);
        }
    } else {
        let as_year = year(piece).filter(|_| currency.is_none());
        push(as_year.unwrap_or_else(|| cardinal(&plain)), spoken);
        if let Some(name) = currency {
            unit(name, &plain, spoken);
        }
    }
}

fn unit(currency: char, amount: &str, spoken: &mut Vec<Spoken>) {
    let words = read_as(currency.encode_utf8(&mut [0; 4]))
        .into_iter()
        .flatten();
    spoken.extend(words.map(|word| match word {
        Spoken::Word(word) if amount == "1" && word.ends_with('s') => {
            Spoken::Word(word[..word.len() - 1].to_owned())
        }
        word => word,
    }));
}

/// A word that the dictionary lacks, from one that it has: a possessive, or two words in one.
fn derive(word: &str) -> Option<Variants> {
    use super::phones::phone;
    let ends = |name: &str| phone(name);
    if let Some(stem) = word.strip_suffix("'s").or_else(|| word.strip_suffix('s')) {
        let stems = look_up(stem);
        let with_ending = |mut phones: Vec<Phone>| {
            let last = phones.last().copied();
            let is = |names: &[&str]| names.iter().any(|n| last == ends(n));
            if is(&["s", "z", "sh", "zh", "ch", "jh"]) {
                phones.extend(ends("ih"));
            }
            let voiceless = is(&["p", "t", "k", "f", "th"]);
            phones.extend(ends(if voiceless { "s" } else { "z" }));
            phones
        };
        if !stems.is_empty() {
            return Some(stems.into_iter().map(with_ending).collect());
        }
    }
    if !word.is_ascii() {
        return None;
    }
    (3..word.len().saturating_sub(2)).rev().find_map(|middle| {
        let (first, second) = (look_up(&word[..middle]), look_up(&word[middle..]));
        let both = [first.first()?.as_slice(), second.first()?.as_slice()].concat();
        Some(vec![both])
    })
}

/// A word that sounds like the name of a letter.
fn letter_name(letter: char) -> &'static str {
    const NAMES: [&str; 26] = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r",
        "s", "t", "u", "v", "w", "x", "y", "z",
    ];
    let index = (letter as usize).wrapping_sub('a' as usize);
    NAMES.get(index).copied().unwrap_or("")
}

/// Typographic apostrophes and accented Latin letters as ASCII.
fn simplify(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        '’' | '‘' | 'ʼ' | '`' => ('\'', None),
        'à'..='å' => ('a', None),
        'è'..='ë' => ('e', None),
        'ì'..='ï' => ('i', None),
        'ò'..='ö' | 'ø' => ('o', None),
        'ù'..='ü' => ('u', None),
        'À'..='Å' => ('A', None),
        'È'..='Ë' => ('E', None),
        'Ò'..='Ö' | 'Ø' => ('O', None),
        'Ù'..='Ü' => ('U', None),
        'ç' => ('c', None),
        'ñ' => ('n', None),
        'ý' | 'ÿ' => ('y', None),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ß' => ('s', Some('s')),
        other => (other, None),
    };
    [Some(first), second].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> String {
        let plain: String = written.chars().flat_map(simplify).collect();
        let name = |spoken| match spoken {
            Spoken::Word(word) => word,
            Spoken::Letter(letter) => letter.to_uppercase().to_string(),
        };
        expand(&plain)
            .into_iter()
            .map(name)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn written_words_become_spoken_ones() {
        for (written, spoken) in [
            ("Hello,", "hello"),
            ("don’t", "don't"),
            ("\"rock'n'roll\"", "rock'n'roll"),
            ("well-known", "well known"),
            ("Mr.", "mister"),
            ("no.", "no"),
            ("U.S.", "U S"),
            ("e.g.,", "E G"),
            ("GPU", "G P U"),
            ("NASA", "nasa"),
            ("2025", "twenty twenty five"),
            ("1,250", "one thousand two hundred fifty"),
            ("3.14", "three point one four"),
            ("$5.50", "five dollars fifty"),
            ("$1", "one dollar"),
            ("21st", "twenty first"),
            ("10:05", "ten oh five"),
            ("50%", "fifty percent"),
            ("R&B", "R and B"),
            ("F5", "F five"),
            ("café", "cafe"),
            ("—", ""),
            ("\u{1F600}", ""),
            ("你好", ""),
        ] {
            assert_eq!(read(written), spoken, "{written}");
        }
    }

    #[test]
    fn every_word_with_latin_letters_or_digits_has_phones() {
        for written in [
            "the",
            "xqzt",
            "brillig",
            "rhythm's",
            "F5",
            "A",
            "Übermensch",
            "0",
            "x",
        ] {
            let parts = pronounce(written);
            assert!(
                !parts.is_empty() && parts.iter().flatten().all(|v| !v.is_empty()),
                "{written}"
            );
        }
        assert!(pronounce("…").is_empty());
    }
}
