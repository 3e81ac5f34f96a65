//! Emoji by their names.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::scan::Edit;

/// Whether a character is an emoji or a part of one.
pub(super) fn is_part(c: char) -> bool {
    matches!(c,
        '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b05}'..='\u{2b55}'
        | '\u{231a}'..='\u{231b}' | '\u{23e9}'..='\u{23fa}' | '\u{25aa}'..='\u{25fe}'
        | '\u{fe0f}' | '\u{200d}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}')
}

/// Adds the names of the emoji in a part of a text; where they are not `named`, nothing is said for
/// them. Of several equal ones in a row one is said.
pub(super) fn read(text: &str, part: Range<usize>, named: bool, edits: &mut Vec<Edit>) {
    let mut last: Option<(&str, Edit)> = None;
    for (at, cluster) in text[part.clone()].grapheme_indices(true) {
        // `5` with a keycap is read as a number.
        let Some(skipped) = cluster.find(is_part) else {
            continue;
        };
        let (start, end) = (part.start + at + skipped, part.start + at + cluster.len());
        let emoji = &cluster[skipped..];
        match &mut last {
            Some((same, (range, _))) if range.end == start && *same == emoji => range.end = end,
            _ => {
                edits.extend(last.take().map(|(_, edit)| edit));
                let name = name(emoji).filter(|_| named);
                let spoken = name.map_or_else(String::new, |name| {
                    let joins_last =
                        text[..start].ends_with(|c: char| !c.is_whitespace() && c != '(');
                    format!("{}{name}", if joins_last { " " } else { "" })
                });
                last = Some((emoji, (start..end, spoken)));
            }
        }
    }
    edits.extend(last.map(|(_, edit)| edit));
    // A name is a word of its own.
    for (range, spoken) in edits.iter_mut() {
        let is_emoji = text[range.clone()].starts_with(is_part);
        let joins_next = text[range.end..].starts_with(|c: char| c.is_alphanumeric());
        if is_emoji && joins_next && !spoken.ends_with(' ') && !spoken.is_empty() {
            spoken.push(' ');
        }
    }
}

#[cfg(feature = "emoji")]
fn name(emoji: &str) -> Option<String> {
    let found = emojis::get(emoji).or_else(|| emojis::get(&format!("{emoji}\u{fe0f}")))?;
    // Behind a colon stand the colour of skin and hair, and the country of a flag.
    let name = match found.name().split_once(": ") {
        Some(("flag", country)) => format!("flag of {country}"),
        Some((name, _)) => name.to_owned(),
        None => found.name().to_owned(),
    };
    Some(name.replace(['“', '”', '(', ')', ':'], ""))
}

#[cfg(not(feature = "emoji"))]
fn name(_emoji: &str) -> Option<String> {
    None
}
