//! From text to text: which words stay, which go, which come.

use std::{ops::Range, time::Duration};

use f5_align::{TextWord, split_words};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::error::{Repr, Result};

use super::{
    Edit,
    error::EditError,
    target::{Target, separator},
};

/// Old text, new text, and what lies between them.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) original: String,
    pub(super) old_words: Vec<TextWord>,
    pub(super) target: String,
    pub(super) new_words: Vec<TextWord>,
    /// Where each new word comes from.
    pub(super) origins: Vec<Origin>,
    /// In order; words lie between any two of them.
    pub(super) changes: Vec<Change>,
}

/// Where a word of the target text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is this word of the original text.
    Kept(usize),
    /// This change brings it.
    New(usize),
}

/// Words that make place for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
    pub(super) fix_duration: Option<Duration>,
}

/// An edit that was checked, as one with those it touches.
struct Piece {
    old: Range<usize>,
    text: String,
    /// `None` once the length of a part is open.
    fix_duration: Option<Duration>,
}

impl Script {
    /// The script of edits by word.
    pub(super) fn from_edits(original: &str, edits: &[Edit]) -> Result<Self> {
        let old_words = words_of("original_text", original)?;
        let chars: Vec<char> = original.chars().collect();
        let slice = |range: Range<usize>| chars[range].iter().collect::<String>();
        // What stands between a word and the one before it.
        let gap = |word: usize| match word.checked_sub(1) {
            Some(before) if word < old_words.len() => {
                slice(old_words[before].chars.end..old_words[word].chars.start)
            }
            _ => String::new(),
        };
        let pieces = merged(edits, old_words.len())?;
        let mut target = Target::default();
        let mut next = 0;
        for (index, piece) in pieces.iter().enumerate() {
            target.keep(&chars, &old_words, next..piece.old.start);
            let has_left = piece.old.start > 0 && !target.text.is_empty();
            let (left, right) = (gap(piece.old.start), gap(piece.old.end));
            if !piece.text.is_empty() {
                if has_left {
                    target.separate(&left, &piece.text);
                }
                target.add(&piece.text, Origin::New(index));
            }
            if let Some(word) = old_words.get(piece.old.end)
                && !target.text.is_empty()
            {
                let gap = match (piece.text.is_empty(), piece.old.is_empty()) {
                    (true, _) => &left,
                    // The gap went in front of what was inserted.
                    (false, true) => "",
                    (false, false) => &right,
                };
                target.separate(gap, &word.text);
            }
            next = piece.old.end;
        }
        target.keep(&chars, &old_words, next..old_words.len());
        let new_words = words_of("the edited text", &target.text)?;
        let origins: Vec<Origin> = new_words.iter().map(|word| target.origin(word)).collect();
        let changes = pieces.iter().enumerate().map(|(index, piece)| {
            let own = |origin: &Origin| *origin == Origin::New(index);
            let before = |origin: &Origin| match *origin {
                Origin::Kept(word) => word < piece.old.start,
                Origin::New(change) => change < index,
            };
            let first = origins.iter().filter(|origin| before(origin)).count();
            Change {
                old: piece.old.clone(),
                new: first..first + origins.iter().filter(|origin| own(origin)).count(),
                fix_duration: piece.fix_duration,
            }
        });
        Ok(Self {
            changes: changes.collect(),
            original: original.to_owned(),
            old_words,
            target: target.text,
            new_words,
            origins,
        })
    }

    /// The script that turns one text into the other: words that differ in more than case and
    /// punctuation are spoken anew.
    pub(super) fn from_texts(original: &str, target: &str) -> Result<Self> {
        let old_words = words_of("original_text", original)?;
        let new_words = words_of("target_text", target)?;
        let keys =
            |words: &[TextWord]| words.iter().map(|word| key(&word.text)).collect::<Vec<_>>();
        let ops = capture_diff_slices(Algorithm::Myers, &keys(&old_words), &keys(&new_words));
        let mut changes: Vec<Change> = Vec::new();
        let mut origins = Vec::with_capacity(new_words.len());
        for op in ops {
            let (old, new) = (op.old_range(), op.new_range());
            if matches!(op, DiffOp::Equal { .. }) {
                origins.extend(old.map(Origin::Kept));
                continue;
            }
            match changes.last_mut() {
                Some(last) if last.old.end == old.start && last.new.end == new.start => {
                    (last.old.end, last.new.end) = (old.end, new.end);
                }
                _ => changes.push(Change {
                    old,
                    new: new.clone(),
                    fix_duration: None,
                }),
            }
            origins.extend(new.map(|_| Origin::New(changes.len() - 1)));
        }
        Ok(Self {
            original: original.to_owned(),
            old_words,
            target: target.to_owned(),
            new_words,
            origins,
            changes,
        })
    }

    /// The words that a change brings.
    pub(super) fn new_text(&self, change: &Change) -> String {
        slice_of(&self.target, &self.new_words, change.new.clone())
    }

    /// What is said in these old words once some of the changes are made.
    pub(super) fn text_of(&self, words: Range<usize>, changes: Range<usize>) -> String {
        let mut target = Target::default();
        let mut next = words.start;
        let chars: Vec<char> = self.original.chars().collect();
        for change in &self.changes[changes] {
            let kept = next..change.old.start;
            for text in [slice(&chars, &self.old_words, kept), self.new_text(change)] {
                target.append(&text);
            }
            next = change.old.end;
        }
        target.append(&slice(&chars, &self.old_words, next..words.end));
        target.text
    }
}

/// The words of a text that has some.
fn words_of(name: &'static str, text: &str) -> Result<Vec<TextWord>> {
    let words = split_words(text);
    if words.is_empty() {
        let remedy = "a recording is edited by the words that are said in it";
        return Err(Repr::EmptyText { name, remedy }.into());
    }
    Ok(words)
}

/// What two words are compared by: their letters, or their marks where there are none.
fn key(word: &str) -> String {
    let letters = word.chars().filter(|c| c.is_alphanumeric());
    let key: String = letters.flat_map(char::to_lowercase).collect();
    if key.is_empty() { word.to_owned() } else { key }
}

fn slice_of(text: &str, words: &[TextWord], range: Range<usize>) -> String {
    slice(&text.chars().collect::<Vec<_>>(), words, range)
}

fn slice(chars: &[char], words: &[TextWord], range: Range<usize>) -> String {
    match &words[range] {
        [] => String::new(),
        [first, .., last] => chars[first.chars.start..last.chars.end].iter().collect(),
        [only] => only.text.clone(),
    }
}

/// Checks edits and makes one of those that touch.
fn merged(edits: &[Edit], count: usize) -> Result<Vec<Piece>> {
    let mut order: Vec<usize> = (0..edits.len()).collect();
    for (index, edit) in edits.iter().enumerate() {
        let words = edit.words.clone();
        if words.start > words.end || words.end > count {
            return Err(EditError::Words {
                index,
                words,
                count,
            }
            .into());
        }
        match &edit.text {
            None if words.is_empty() => return Err(EditError::Nothing { index }.into()),
            Some(text) if text.trim().is_empty() => {
                let (name, remedy) = ("the text of an edit", "use Edit::delete to cut words out");
                return Err(Repr::EmptyText { name, remedy }.into());
            }
            _ => {}
        }
    }
    order.sort_by_key(|&index| (edits[index].words.start, edits[index].words.end));
    let mut pieces: Vec<Piece> = Vec::new();
    let mut before: Option<usize> = None;
    for index in order {
        let edit = &edits[index];
        let text = edit.text.as_deref().unwrap_or("").trim();
        let fix_duration = match edit.text {
            Some(_) => edit.fix_duration,
            None => Some(edit.fix_duration.unwrap_or_default()),
        };
        if let (Some(other), Some(last)) = (before, pieces.last())
            && edit.words.start < last.old.end
        {
            return Err(EditError::WordsOverlap {
                index,
                words: edit.words.clone(),
                other,
                others: edits[other].words.clone(),
            }
            .into());
        }
        before = Some(index);
        match pieces
            .last_mut()
            .filter(|last| last.old.end == edit.words.start)
        {
            Some(last) => {
                last.old.end = edit.words.end;
                if !last.text.is_empty() && !text.is_empty() {
                    last.text.push_str(separator(&last.text, text));
                }
                last.text.push_str(text);
                last.fix_duration = last.fix_duration.zip(fix_duration).map(|(a, b)| a + b);
            }
            None => pieces.push(Piece {
                old: edit.words.clone(),
                text: text.to_owned(),
                fix_duration,
            }),
        }
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "We  walk home,\nin the morning.";

    fn edited(edits: &[Edit]) -> Script {
        Script::from_edits(TEXT, edits).unwrap()
    }

    #[test]
    fn edits_make_the_target_and_keep_the_rest_as_it_stands() {
        for (edits, target) in [
            (vec![], TEXT),
            (
                vec![Edit::replace(1..2, "run")],
                "We  run home,\nin the morning.",
            ),
            (
                vec![Edit::insert(0, "So")],
                "So We  walk home,\nin the morning.",
            ),
            (
                vec![Edit::insert(3, "early")],
                "We  walk home,\nearly in the morning.",
            ),
            (
                vec![Edit::insert(6, "Yes.")],
                "We  walk home,\nin the morning. Yes.",
            ),
            (vec![Edit::delete(0..1)], "walk home,\nin the morning."),
            (vec![Edit::delete(1..3)], "We  in the morning."),
            (vec![Edit::delete(5..6)], "We  walk home,\nin the"),
            (
                vec![
                    Edit::delete(2..3),
                    Edit::replace(1..2, "run"),
                    Edit::insert(3, "back"),
                ],
                "We  run back\nin the morning.",
            ),
            (vec![Edit::replace(0..6, "All new.")], "All new."),
        ] {
            let script = edited(&edits);
            assert_eq!(script.target, target, "{edits:?}");
            for (word, origin) in script.new_words.iter().zip(&script.origins) {
                match *origin {
                    Origin::Kept(old) => assert_eq!(word.text, script.old_words[old].text),
                    Origin::New(change) => {
                        assert!(
                            script
                                .new_text(&script.changes[change])
                                .contains(&word.text)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn edits_that_touch_are_one() {
        let fixed = |edit: Edit, seconds| edit.lasting(Duration::from_secs(seconds));
        let edits = [
            fixed(Edit::insert(3, "all"), 2),
            Edit::delete(3..4),
            fixed(Edit::replace(4..5, "a"), 3),
        ];
        let script = edited(&edits);
        let [change] = script.changes.as_slice() else {
            panic!("{:?}", script.changes)
        };
        assert_eq!((change.old.clone(), change.new.clone()), (3..5, 3..5));
        assert_eq!(change.fix_duration, Some(Duration::from_secs(5)));
    }

    #[test]
    fn texts_are_compared_by_their_letters() {
        let script = Script::from_texts(TEXT, "we run Home in the, uh, evening").unwrap();
        let changes: Vec<_> = script
            .changes
            .iter()
            .map(|change| (change.old.clone(), change.new.clone()))
            .collect();
        assert_eq!(changes, [(1..2, 1..2), (5..6, 5..7)]);
        assert_eq!(script.text_of(0..5, 0..1), "We run home,\nin the");
        assert_eq!(script.text_of(2..6, 1..2), "home,\nin the uh, evening");
    }

    #[test]
    fn scripts_without_spaces_get_none() {
        let script = Script::from_edits("你好，世界", &[Edit::insert(2, "大")]).unwrap();
        assert_eq!(
            (script.target.as_str(), script.new_words.len()),
            ("你好，大世界", 5)
        );
        assert_eq!(script.origins[2], Origin::New(0));
        assert_eq!(script.text_of(0..4, 0..1), "你好，大世界");
    }
}
