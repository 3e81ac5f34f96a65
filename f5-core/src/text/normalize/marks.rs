//! Typographic marks for vocabularies that lack them.

use super::Normalized;

/// Replaces dashes, quotes and ellipses that a vocabulary lacks by plain ones that it has: what is
/// unknown is read as a space. `knows` tells of each character whether the vocabulary has it.
///
/// ```
/// use f5_core::text::normalize::fold_marks;
///
/// let folded = fold_marks("Wait… what—now?", |c| c.is_ascii());
/// assert_eq!(folded.text(), "Wait... what-now?");
/// ```
#[must_use]
pub fn fold_marks(text: &str, knows: impl Fn(char) -> bool) -> Normalized {
    let folded = text.char_indices().filter_map(|(at, c)| {
        let plain = plain(c).filter(|plain| !knows(c) && plain.chars().all(&knows))?;
        Some((at..at + c.len_utf8(), plain.to_owned()))
    });
    Normalized::with_replacements(text, folded)
}

fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2010}'..='\u{2015}' | '−' => "-",
        '…' => "...",
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' => "\"",
        '‘' | '’' | '‚' | '‛' | '‹' | '›' | '′' | '`' | '´' => "'",
        _ => return None,
    })
}
