//! This engine's cut of a long text into chunks: whole sentences, evenly filled.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Words behind whose full stop a sentence goes on.
const ABBREVIATIONS: [&str; 14] = [
    "Mr", "Mrs", "Ms", "Dr", "Prof", "Rev", "Gen", "Col", "Lt", "Sgt", "Capt", "St", "vs", "approx",
];

/// A piece of a text that is synthesised at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The characters in `chars`, with a plain space for each whitespace character: a line break
    /// inside a sentence is no token of any vocabulary.
    pub text: String,
    /// Where the chunk stands in the text, in `char`s.
    pub chars: Range<usize>,
}

/// Cuts a text into chunks of at most `budget` bytes of UTF-8.
///
/// Chunks are whole sentences (Unicode's rules, UAX 29; not behind initials and titles such as
/// `Dr.`), as few chunks as possible and filled as evenly as possible, because very short texts are
/// spoken badly. A sentence over the budget is cut near its middle: behind a clause mark, else
/// between words, else between grapheme clusters. One cluster larger than the budget stays whole.
///
/// Characters between chunks, before the first and after the last are whitespace; every other
/// character is in exactly one chunk. A blank text has no chunk.
///
/// ```
/// use f5_core::text::chunk_sentences;
///
/// let chunks = chunk_sentences("It rains. Dr. Hill stays in.\nWe go out.", 30);
/// let texts: Vec<_> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
/// assert_eq!(texts, ["It rains. Dr. Hill stays in.", "We go out."]);
/// assert_eq!(chunks[1].chars, 29..39);
/// ```
#[must_use]
pub fn chunk_sentences(text: &str, budget: usize) -> Vec<Chunk> {
    chunk_sentences_around(text, budget, &[])
}

/// As [`chunk_sentences`], without cutting a long sentence inside one of `wholes`, such as the words
/// that are spoken for a number, unless one is over the budget itself.
///
/// `wholes` are ranges of bytes in the order of the text.
#[must_use]
pub fn chunk_sentences_around(text: &str, budget: usize, wholes: &[Range<usize>]) -> Vec<Chunk> {
    let mut units = Vec::new();
    for sentence in sentences(text) {
        split(text, trim(text, sentence), budget, wholes, &mut units);
    }
    let mut chars = 0;
    let mut at = 0;
    pack(&units, budget)
        .into_iter()
        .map(|span| {
            let start = chars + text[at..span.start].chars().count();
            chars = start + text[span.clone()].chars().count();
            at = span.end;
            let text = text[span]
                .chars()
                .map(|c| if c.is_whitespace() { ' ' } else { c });
            Chunk {
                text: text.collect(),
                chars: start..chars,
            }
        })
        .collect()
}

/// Byte ranges of sentences; together they are the text.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences: Vec<Range<usize>> = Vec::new();
    for (start, sentence) in text.split_sentence_bound_indices() {
        let end = start + sentence.len();
        match sentences.last_mut() {
            Some(last) if goes_on(&text[last.clone()]) => last.end = end,
            _ => sentences.push(start..end),
        }
    }
    sentences
}

/// Whether the next sentence belongs to this one: an initial or a title ends it, or a single line
/// break in a wrapped text does.
fn goes_on(sentence: &str) -> bool {
    let trimmed = sentence.trim_end();
    let Some(last) = trimmed.chars().next_back() else {
        return true;
    };
    if sentence[trimmed.len()..].matches('\n').count() > 1 {
        return false;
    }
    let Some(before) = trimmed.strip_suffix('.') else {
        return last.is_alphanumeric() || matches!(last, ',' | '-' | '–' | '—' | '、' | '，');
    };
    let word = before
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or("");
    let mut letters = word.chars();
    let initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
    // "I." ends a sentence more often than it is somebody's name.
    (initial && word != "I") || ABBREVIATIONS.contains(&word)
}

fn trim(text: &str, span: Range<usize>) -> Range<usize> {
    let start = span.end - text[span.clone()].trim_start().len();
    let end = start + text[start..span.end].trim_end().len();
    start..end
}

/// Halves a span until its parts fit.
fn split(
    text: &str,
    span: Range<usize>,
    budget: usize,
    wholes: &[Range<usize>],
    units: &mut Vec<Range<usize>>,
) {
    let inside = |at: usize| {
        let whole = wholes.get(wholes.partition_point(|whole| whole.end <= at));
        whole.is_some_and(|whole| whole.start < at)
    };
    let mut waiting = vec![span];
    while let Some(span) = waiting.pop() {
        if span.is_empty() {
            continue;
        }
        let part = &text[span.clone()];
        let place = || cut(part, &|at| !inside(span.start + at)).or_else(|| cut(part, &|_| true));
        match (span.len() > budget).then(place).flatten() {
            Some(at) => {
                let middle = span.start + at;
                waiting.push(trim(text, middle..span.end));
                waiting.push(trim(text, span.start..middle));
            }
            None => units.push(span),
        }
    }
}

/// The best place to cut, in bytes: nearest the middle among the best kind of boundary that is allowed.
fn cut(text: &str, allowed: &dyn Fn(usize) -> bool) -> Option<usize> {
    let middle = text.len() / 2;
    let nearest = |places: &mut dyn Iterator<Item = usize>| {
        places
            .filter(|&at| at > 0 && at < text.len() && allowed(at))
            .min_by_key(|at| at.abs_diff(middle))
    };
    // A cut that leaves a shred on one side is worse than a cut between words.
    let fair = |at: &usize| (text.len() / 8..=text.len() - text.len() / 8).contains(at);
    let words = || text.split_word_bound_indices().map(|(at, _)| at);
    let behind = |mark: fn(char) -> bool, at: usize| text[..at].ends_with(mark);
    nearest(&mut words().filter(|&at| clause_ends(text, at)).filter(fair))
        .or_else(|| nearest(&mut words().filter(|&at| behind(char::is_whitespace, at))))
        .or_else(|| nearest(&mut words()))
        .or_else(|| nearest(&mut text.grapheme_indices(true).map(|(at, _)| at)))
}

/// Whether a clause ends before this place: a wide mark, or a narrow one and whitespace.
fn clause_ends(text: &str, at: usize) -> bool {
    let before = &text[..at];
    let wide = |c| {
        matches!(
            c,
            '，' | '、' | '；' | '：' | '。' | '！' | '？' | '…' | '—'
        )
    };
    let narrow = |c| {
        matches!(
            c,
            ',' | ';' | ':' | '.' | '!' | '?' | ')' | '"' | '”' | '–' | '،'
        )
    };
    before.ends_with(wide) && !text[at..].starts_with(wide)
        || before.ends_with(char::is_whitespace) && before.trim_end().ends_with(narrow)
}

/// Joins neighbours into as few spans as the budget allows; among those, the ones that leave the
/// smallest sum of squared free bytes.
fn pack(units: &[Range<usize>], budget: usize) -> Vec<Range<usize>> {
    // best[i]: the cost of the units from i on, and where the first span of them ends.
    let mut best: Vec<((usize, u128), usize)> = vec![((0, 0), units.len()); units.len() + 1];
    for first in (0..units.len()).rev() {
        let joined = (first + 1..=units.len()).map(|next| {
            let len = units[next - 1].end - units[first].start;
            let free = budget.saturating_sub(len) as u128;
            let ((count, cost), _) = best[next];
            (len, ((count + 1, cost + free * free), next))
        });
        // A unit that is too large stands alone.
        let fits = joined.take_while(|&(len, (_, next))| len <= budget || next == first + 1);
        if let Some(choice) = fits.map(|(_, choice)| choice).min() {
            best[first] = choice;
        }
    }
    let mut spans = Vec::new();
    let mut first = 0;
    while first < units.len() {
        let next = best[first].1;
        spans.push(units[first].start..units[next - 1].end);
        first = next;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wholes_are_cut_only_where_nothing_else_can_be() {
        let text = "it costs five dollars fifty";
        let whole = 9..27;
        let cut = |budget| -> Vec<String> {
            let chunks = chunk_sentences_around(text, budget, std::slice::from_ref(&whole));
            chunks.into_iter().map(|chunk| chunk.text).collect()
        };
        assert_eq!(cut(20), ["it costs", "five dollars fifty"]);
        assert_eq!(cut(14), ["it costs five", "dollars fifty"]);
        let plain: Vec<_> = chunk_sentences(text, 20)
            .into_iter()
            .map(|c| c.text)
            .collect();
        assert_eq!(plain, ["it costs five", "dollars fifty"]);
    }
}
