//! Where sentences, clauses and phrases end, and how wide words are.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What lies between two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    Sentence,
    Clause,
    BeforeConjunction,
    None,
    /// Behind a word that leans on the next one.
    AfterArticle,
}

/// Words that begin a phrase: conjunctions, relative pronouns and prepositions.
const OPENERS: &[&str] = &[
    "and", "or", "but", "nor", "so", "yet", "because", "although", "though", "while", "when",
    "where", "which", "who", "whose", "that", "if", "unless", "until", "since", "as", "than",
    "with", "without", "from", "into", "for", "to", "of", "in", "on", "at", "by", "about", "after",
    "before", "between", "through", "under", "over", "und", "oder", "aber", "weil", "dass", "wenn",
    "et", "ou", "mais", "que", "qui", "pour", "y", "o", "pero", "porque", "para",
];

/// Words that belong to what follows them.
const LEANERS: &[&str] = &[
    "a", "an", "the", "my", "your", "his", "her", "its", "our", "their", "this", "these", "those",
    "of", "to", "in", "on", "at", "by", "for", "with", "from", "and", "or", "but", "der", "die",
    "das", "ein", "eine", "le", "la", "les", "un", "une", "el", "los", "las", "una",
];

/// Abbreviations whose full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "no", "vol", "fig", "e.g",
    "i.e", "u.s", "p.m", "a.m", "approx", "dept", "inc", "ltd", "co",
];

/// Longest word the lists hold, in bytes.
const LONGEST: usize = 8;

/// Classifies the place between two cleaned words.
pub(crate) fn classify(left: &str, right: &str) -> Break {
    let bare = left.trim_end_matches(is_closing);
    match bare.chars().next_back() {
        Some('!' | '?' | '…' | '。' | '！' | '？' | '؟' | '।' | '۔') => {
            return Break::Sentence;
        }
        Some('.') if !is_abbreviation(bare) => return Break::Sentence,
        Some(',' | ';' | ':' | '—' | '–' | '，' | '、' | '；' | '：' | '،' | '؛') => {
            return Break::Clause;
        }
        _ => {}
    }
    if is_listed(left, LEANERS) {
        Break::AfterArticle
    } else if is_listed(
        right.trim_end_matches(|c: char| !c.is_alphanumeric()),
        OPENERS,
    ) {
        Break::BeforeConjunction
    } else {
        Break::None
    }
}

/// Columns and grapheme clusters of a cleaned word.
pub(crate) fn measure(text: &str) -> (usize, u32) {
    if text.is_ascii() {
        return (
            text.len(),
            u32::try_from(text.len()).unwrap_or(u32::MAX / 2),
        );
    }
    let (mut width, mut count) = (0, 0);
    for cluster in text.graphemes(true) {
        width += cluster_width(cluster);
        count += 1;
    }
    (width, count)
}

/// Columns of one grapheme cluster: what is joined to an emoji adds none.
pub(crate) fn cluster_width(cluster: &str) -> usize {
    cluster.width().min(2)
}

/// Closing punctuation that does not begin a line.
pub(crate) fn is_closer(cluster: &str) -> bool {
    let first = cluster.chars().next();
    first.is_some_and(|c| {
        is_closing(c)
            || matches!(c, '.' | ',' | '!' | '?' | ':' | ';' | '…')
            || "。，、！？：；・ー々〜％".contains(c)
    })
}

/// Whether the first letter with a direction is written right to left.
pub(crate) fn is_rtl(text: &str) -> bool {
    let strong = text.chars().find(|c| c.is_alphabetic());
    strong.is_some_and(|c| {
        matches!(c, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
            | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
    })
}

fn is_closing(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | ')' | ']' | '}' | '’' | '”' | '»' | '」' | '』' | '）' | '】' | '》'
    )
}

fn is_abbreviation(word: &str) -> bool {
    let stem = word
        .trim_end_matches('.')
        .trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut chars = stem.chars();
    let initial = chars.next().is_some_and(char::is_uppercase) && chars.next().is_none();
    initial && word.ends_with('.') || is_listed(stem, ABBREVIATIONS)
}

fn is_listed(word: &str, list: &[&str]) -> bool {
    word.len() <= LONGEST && list.iter().any(|entry| entry.eq_ignore_ascii_case(word))
}
