//! Roman numerals, where what stands before them says that they are.

use super::scan::{Found, Scan};
use crate::text::numbers::{cardinal, ordinal};

/// What is counted.
const COUNTED: [&str; 13] = [
    "Chapter", "Part", "Volume", "Act", "Scene", "Section", "Book", "Phase", "Type", "Title",
    "Article", "Appendix", "Bowl",
];

/// Who was called so several times.
const NAMES: [&str; 34] = [
    "Henry",
    "Louis",
    "George",
    "Edward",
    "Charles",
    "James",
    "William",
    "Richard",
    "Elizabeth",
    "Mary",
    "Pius",
    "Benedict",
    "Gregory",
    "Leo",
    "Philip",
    "Napoleon",
    "Frederick",
    "Alexander",
    "Nicholas",
    "Peter",
    "Catherine",
    "Ivan",
    "Innocent",
    "Clement",
    "Urban",
    "Paul",
    "John",
    "Francis",
    "Wilhelm",
    "Carl",
    "Gustav",
    "Ramses",
    "Ptolemy",
    "Leopold",
];

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    if !scan.joins_last(index) {
        return None;
    }
    let word = scan.word(index);
    let (numeral, tail) = match word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")) {
        Some(numeral) => (numeral, &word[numeral.len()..]),
        None => (word, ""),
    };
    let n = value(numeral)?.to_string();
    let before = scan.before(index);
    let is_war = before == "War" && index > 1 && scan.word(index - 2) == "World";
    // "Part I liked" and "Elizabeth I think" are none.
    let is_pronoun = numeral == "I" && tail.is_empty() && scan.joins_next(index);
    let spoken = if is_war || COUNTED.contains(&before) && !is_pronoun {
        cardinal(&n).join(" ")
    } else if NAMES.contains(&before) && !is_pronoun && n.len() < 3 {
        format!("the {}", ordinal(&n).join(" "))
    } else {
        return None;
    };
    Found::new(1, vec![scan.say(index, format!("{spoken}{tail}"))])
}

/// The value of a numeral in capital letters, if it is written as it should be.
fn value(numeral: &str) -> Option<u32> {
    const SIGNS: [(&str, u32); 13] = [
        ("M", 1000),
        ("CM", 900),
        ("D", 500),
        ("CD", 400),
        ("C", 100),
        ("XC", 90),
        ("L", 50),
        ("XL", 40),
        ("X", 10),
        ("IX", 9),
        ("V", 5),
        ("IV", 4),
        ("I", 1),
    ];
    let (mut rest, mut value) = (numeral, 0);
    let mut again = String::new();
    for (sign, worth) in SIGNS {
        let most = if sign.len() == 1 { 3 } else { 1 };
        for _ in 0..most {
            let Some(tail) = rest.strip_prefix(sign) else {
                break;
            };
            rest = tail;
            value += worth;
            again.push_str(sign);
        }
    }
    // `VX` leaves a rest, `IXI` is longer than it needs to be.
    let is_proper = rest.is_empty() && !numeral.is_empty() && value < 4000;
    let five_twice = ["VV", "LL", "DD", "IXI", "IVI", "XCX", "XLX", "CMC", "CDC"];
    (is_proper && !five_twice.iter().any(|wrong| again.contains(wrong))).then_some(value)
}
