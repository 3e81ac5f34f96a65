//! The words of a text and what goes through them: each rule is asked at each word.

use std::ops::Range;

use super::{abbreviations, dates, mixed, money, numbers, phones, roman, times, units, web};

/// A range of bytes of the text, and what is spoken for it.
pub(super) type Edit = (Range<usize>, String);

/// What a rule made of the words from one on.
pub(super) struct Found {
    /// How many words it is about.
    pub(super) words: usize,
    pub(super) edits: Vec<Edit>,
}

impl Found {
    pub(super) fn new(words: usize, edits: Vec<Edit>) -> Option<Self> {
        Some(Self { words, edits })
    }
}

/// A word without the marks around it.
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) at: Range<usize>,
}

/// The words of a part of a text.
pub(super) struct Scan<'a> {
    text: &'a str,
    words: Vec<Word<'a>>,
    end: usize,
    pub(super) day_first: bool,
}

/// The first rule that has something to say about a word is heard.
const RULES: [fn(&Scan<'_>, usize) -> Option<Found>; 10] = [
    web::read,
    phones::read,
    dates::read,
    times::read,
    money::read,
    units::read,
    roman::read,
    numbers::read,
    abbreviations::read,
    mixed::read,
];

/// Adds what is spoken otherwise in a part of a text.
pub(super) fn read(text: &str, part: Range<usize>, day_first: bool, edits: &mut Vec<Edit>) {
    let scan = Scan {
        words: words(text, part.clone()),
        text,
        end: part.end,
        day_first,
    };
    let mut index = 0;
    // Behind this, nothing has been replaced yet.
    let mut end = part.start;
    while index < scan.words.len() {
        let Some(found) = RULES.iter().find_map(|rule| rule(&scan, index)) else {
            index += 1;
            continue;
        };
        let start = scan.words[index].at.start;
        let begins = scan.begins_sentence(index, end);
        for (range, mut spoken) in found.edits {
            let was_letter = text[range.clone()].starts_with(char::is_alphabetic);
            if begins && range.start == start && !was_letter {
                capitalise(&mut spoken);
            }
            end = end.max(range.end);
            edits.push((range, spoken));
        }
        index += found.words.max(1);
    }
}

impl<'a> Scan<'a> {
    /// The text of a word; empty beyond the last.
    pub(super) fn word(&self, index: usize) -> &'a str {
        self.words.get(index).map_or("", |word| word.text)
    }

    /// The text of the word before another; empty before the first.
    pub(super) fn before(&self, index: usize) -> &'a str {
        index.checked_sub(1).map_or("", |before| self.word(before))
    }

    pub(super) fn range(&self, index: usize) -> Range<usize> {
        self.words
            .get(index)
            .map_or(self.end..self.end, |word| word.at.clone())
    }

    /// What is spoken for a word.
    pub(super) fn say(&self, index: usize, spoken: impl Into<String>) -> Edit {
        (self.range(index), spoken.into())
    }

    /// What stands between a word and the next.
    pub(super) fn gap(&self, index: usize) -> &'a str {
        &self.text[self.range(index).end..self.range(index + 1).start]
    }

    /// Whether nothing but space stands between a word and the next.
    pub(super) fn joins_next(&self, index: usize) -> bool {
        let gap = self.gap(index);
        index + 1 < self.words.len() && !gap.is_empty() && is_space(gap)
    }

    /// As [`joins_next`](Self::joins_next), for the word before.
    pub(super) fn joins_last(&self, index: usize) -> bool {
        index
            .checked_sub(1)
            .is_some_and(|last| self.joins_next(last))
    }

    /// Whether nothing but the full stop of an abbreviation and space stands before the next word.
    pub(super) fn dot_joins_next(&self, index: usize) -> bool {
        let gap = self.gap(index);
        let gap = gap.strip_prefix('.').unwrap_or(gap);
        index + 1 < self.words.len() && !gap.is_empty() && is_space(gap)
    }

    pub(super) fn is_dotted(&self, index: usize) -> bool {
        self.gap(index).starts_with('.')
    }

    /// What is spoken for an abbreviation, its full stop included unless that ends a sentence.
    pub(super) fn say_dotted(&self, index: usize, spoken: impl Into<String>) -> Edit {
        let mut range = self.range(index);
        if self.is_dotted(index) && !self.dot_ends_sentence(index) {
            range.end += 1;
        }
        (range, spoken.into())
    }

    /// Whether the full stop behind a word ends a sentence: nothing follows, or a capital letter does.
    pub(super) fn dot_ends_sentence(&self, index: usize) -> bool {
        let next_is_capital = self.word(index + 1).starts_with(char::is_uppercase);
        self.dot_ends_text(index) || self.dot_joins_next_sentence(index) && next_is_capital
    }

    /// Whether nothing follows the full stop behind a word in its paragraph.
    pub(super) fn dot_ends_text(&self, index: usize) -> bool {
        let rest = self.gap(index).get(1..).unwrap_or("");
        let stands_last = index + 1 == self.words.len() || rest.matches('\n').count() > 1;
        stands_last && !rest.starts_with(|c: char| is_mark(c) && !matches!(c, '\'' | '’'))
    }

    fn dot_joins_next_sentence(&self, index: usize) -> bool {
        let rest = self.gap(index).get(1..).unwrap_or("");
        let rest = rest.trim_start_matches(['"', '”', '\'', '’', ')', ']']);
        rest.starts_with(char::is_whitespace)
    }

    /// Whether a word is the first of its sentence; full stops up to `end` have been replaced.
    fn begins_sentence(&self, index: usize, end: usize) -> bool {
        let Some(last) = index.checked_sub(1) else {
            return true;
        };
        let from = self.range(last).end.max(end);
        let gap = self.text.get(from..self.range(index).start).unwrap_or("");
        let ends = gap.contains(['.', '!', '?']) && gap.contains(char::is_whitespace);
        ends && !gap.contains("...") || gap.matches('\n').count() > 1
    }

    /// The character before a word.
    pub(super) fn mark_before(&self, index: usize) -> Option<char> {
        self.text[..self.range(index).start].chars().next_back()
    }
}

fn is_space(gap: &str) -> bool {
    gap.chars().all(char::is_whitespace) && gap.matches('\n').count() < 2
}

/// A capital letter at the beginning.
pub(super) fn capitalise(spoken: &mut str) {
    let at = spoken.len() - spoken.trim_start().len();
    if let Some(first) = spoken.get_mut(at..at + 1) {
        first.make_ascii_uppercase();
    }
}

/// Marks that can stand behind a word.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’' | '‘' | '-' | '–'
    )
}

/// What parts words, beside white space.
fn is_break(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '(' | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '<'
                | '>'
                | '"'
                | '“'
                | '”'
                | '„'
                | '«'
                | '»'
                | '|'
                | '*'
                | '—'
                | '…'
                | '•'
                | '^'
                | '`'
                | '\\'
        )
        || super::emoji::is_part(c)
}

fn words(text: &str, part: Range<usize>) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = part.start;
    for piece in text[part].split_inclusive(is_break) {
        let start = at;
        at += piece.len();
        let piece = piece.trim_end_matches(is_break);
        let trimmed = piece.trim_end_matches(is_mark);
        let mut core = trimmed;
        while let Some(first) = core
            .chars()
            .next()
            .filter(|c| is_mark(*c) || *c == '¿' || *c == '¡')
        {
            let rest = &core[first.len_utf8()..];
            let is_sign = matches!(first, '-' | '–' | '.')
                && rest.trim_start_matches('.').starts_with(|c: char| {
                    c.is_ascii_digit() || first != '.' && matches!(c, '$' | '€' | '£' | '¥' | '.')
                });
            if is_sign && !rest.starts_with("..") {
                break;
            }
            core = rest;
        }
        if !core.is_empty() {
            let start = start + (trimmed.len() - core.len());
            let at = start..start + core.len();
            words.push(Word { text: core, at });
        }
    }
    words
}
