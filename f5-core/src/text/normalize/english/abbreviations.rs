//! Abbreviations.

use super::scan::{Found, Scan, capitalise};

/// Titles before a name: their full stop ends no sentence.
const TITLES: [(&str, &str); 19] = [
    ("mr", "mister"),
    ("mrs", "missus"),
    ("ms", "miz"),
    ("dr", "doctor"),
    ("prof", "professor"),
    ("rev", "reverend"),
    ("hon", "honorable"),
    ("gen", "general"),
    ("col", "colonel"),
    ("maj", "major"),
    ("lt", "lieutenant"),
    ("sgt", "sergeant"),
    ("capt", "captain"),
    ("cmdr", "commander"),
    ("gov", "governor"),
    ("sen", "senator"),
    ("st", "saint"),
    ("mt", "mount"),
    ("ft", "fort"),
];

/// Titles that are written without a full stop too.
const BARE_TITLES: [&str; 6] = ["Mr", "Mrs", "Ms", "Dr", "Prof", "St"];

/// Kinds of streets, behind a name.
const STREETS: [(&str, &str); 8] = [
    ("St", "street"),
    ("Dr", "drive"),
    ("Ave", "avenue"),
    ("Blvd", "boulevard"),
    ("Rd", "road"),
    ("Ln", "lane"),
    ("Hwy", "highway"),
    ("Sq", "square"),
];

/// Words that begin a sentence more often than they are names.
const STARTERS: [&str; 24] = [
    "A", "An", "And", "At", "But", "He", "Her", "His", "I", "In", "It", "My", "On", "Our", "She",
    "So", "That", "The", "Their", "Then", "There", "They", "This", "We",
];

/// Words before a number.
const BEFORE_NUMBERS: [(&str, &str); 14] = [
    ("no", "number"),
    ("nos", "numbers"),
    ("fig", "figure"),
    ("figs", "figures"),
    ("vol", "volume"),
    ("ch", "chapter"),
    ("sec", "section"),
    ("eq", "equation"),
    ("art", "article"),
    ("p", "page"),
    ("pp", "pages"),
    ("ca", "circa"),
    ("c", "circa"),
    ("est", "established"),
];

/// Words that may end a sentence.
const WORDS: [(&str, &str); 38] = [
    ("etc", "et cetera"),
    ("vs", "versus"),
    ("e.g", "for example"),
    ("i.e", "that is"),
    ("cf", "compare"),
    ("viz", "namely"),
    ("approx", "approximately"),
    ("dept", "department"),
    ("govt", "government"),
    ("univ", "university"),
    ("assn", "association"),
    ("inc", "incorporated"),
    ("ltd", "limited"),
    ("co", "company"),
    ("corp", "corporation"),
    ("bros", "brothers"),
    ("jr", "junior"),
    ("sr", "senior"),
    ("ext", "extension"),
    ("misc", "miscellaneous"),
    ("incl", "including"),
    ("excl", "excluding"),
    ("max", "maximum"),
    ("min", "minimum"),
    ("avg", "average"),
    ("temp", "temperature"),
    ("tel", "telephone"),
    ("ave", "avenue"),
    ("blvd", "boulevard"),
    ("jan", "january"),
    ("feb", "february"),
    ("apr", "april"),
    ("aug", "august"),
    ("sept", "september"),
    ("sep", "september"),
    ("oct", "october"),
    ("nov", "november"),
    ("dec", "december"),
];

/// Of [`WORDS`], names: they have a capital letter.
const NAMES: [&str; 14] = [
    "inc", "ltd", "co", "corp", "bros", "jr", "sr", "ave", "blvd", "jan", "feb", "apr", "aug",
    "max",
];

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let word = scan.word(index);
    // All are ASCII, and none is written in capitals.
    if !word.is_ascii() || word.len() > 6 {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let is_capital = word.starts_with(|c: char| c.is_ascii_uppercase());
    if word.len() > 1 && is_capital && word[1..] != lower[1..] && word != "I.e" {
        return None;
    }
    let dotted = scan.is_dotted(index);
    let said = |name: &str| {
        let mut name = name.to_owned();
        if is_capital {
            capitalise(&mut name);
        }
        name
    };
    let next = scan.word(index + 1);
    let next_is_name = scan.dot_joins_next(index) && next.starts_with(char::is_uppercase);
    if is_capital
        && let Some(street) = find(&STREETS, word)
        && is_behind_street_name(scan, index)
        && (dotted || word != "Dr" && word != "St")
        && (!next_is_name || STARTERS.contains(&next) || is_behind_house_number(scan, index))
    {
        return Found::new(1, vec![scan.say_dotted(index, said(street))]);
    }
    if let Some(name) = find(&BEFORE_NUMBERS, &lower)
        && dotted
        && scan.dot_joins_next(index)
        && next.starts_with(|c: char| c.is_ascii_digit())
    {
        let range = scan.range(index);
        return Found::new(1, vec![(range.start..range.end + 1, said(name))]);
    }
    if let Some(title) = find(&TITLES, &lower)
        && (next_is_name && is_capital
            || dotted && lower.len() != 2 && is_capital
            || is_doctor(&lower, dotted))
        && (dotted || BARE_TITLES.contains(&word))
    {
        let range = scan.range(index);
        let stays = !dotted || scan.dot_ends_text(index);
        let end = range.end + usize::from(!stays);
        return Found::new(1, vec![(range.start..end, said(title))]);
    }
    let bare = matches!(lower.as_str(), "vs" | "etc" | "e.g" | "i.e");
    let name = find(&WORDS, &lower).filter(|_| dotted || bare)?;
    let is_name = NAMES.contains(&lower.as_str()) || name.starts_with(char::is_uppercase);
    // "Go to the max." and "He is called Max." are no abbreviations.
    let is_word = matches!(
        lower.as_str(),
        "co" | "max" | "min" | "temp" | "art" | "dec" | "ext" | "nov"
    ) && (scan.dot_ends_sentence(index) || !scan.dot_joins_next(index));
    if is_word || is_name && !is_capital {
        return None;
    }
    // What they stand before may have a capital letter.
    let goes_on = matches!(
        lower.as_str(),
        "vs" | "e.g" | "i.e" | "cf" | "viz" | "approx" | "incl"
    );
    let mut edit = scan.say_dotted(index, said(name));
    if goes_on && dotted && !scan.dot_ends_text(index) {
        edit.0.end = scan.range(index).end + 1;
    }
    Found::new(1, vec![edit])
}

fn find(table: &[(&'static str, &'static str)], word: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(short, _)| *short == word)
        .map(|(_, long)| *long)
}

/// "The dr. said".
fn is_doctor(lower: &str, dotted: bool) -> bool {
    dotted && matches!(lower, "dr" | "mr" | "ms")
}

/// Behind a word with a capital letter that does not begin the sentence, or is behind a number.
fn is_behind_street_name(scan: &Scan<'_>, index: usize) -> bool {
    let before = scan.before(index);
    let is_street = before.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let is_titled = || find(&TITLES, &scan.word(index - 2).to_ascii_lowercase()).is_some();
    let follows = index > 1
        && (scan.joins_last(index - 1) || is_titled() || is_behind_house_number(scan, index));
    scan.joins_last(index) && is_street && (follows || !scan.is_dotted(index)) && before != "The"
}

/// `12 Elm St.`, `1600 North Hill Dr.`
fn is_behind_house_number(scan: &Scan<'_>, index: usize) -> bool {
    let is_number = |at: usize| scan.word(at).starts_with(|c: char| c.is_ascii_digit());
    let joined = |from: usize| (from..index).all(|at| scan.dot_joins_next(at));
    (2..=4).any(|back| {
        index
            .checked_sub(back)
            .is_some_and(|at| is_number(at) && joined(at))
    })
}
