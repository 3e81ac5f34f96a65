//! A text as it is spoken, and where each of its characters came from.

use std::ops::Range;

/// A text as it is spoken, with a map to the text as it was written.
///
/// Outside the [`replacements`](Self::replacements) both are the same, character by character.
/// Positions are counted in `char`s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    text: String,
    /// In order; neither their originals nor what is spoken for them overlap.
    replacements: Vec<Replacement>,
    readings: Vec<Reading>,
}

/// Characters that are spoken otherwise than they are written. It has no inner structure: each spoken
/// character stands for all of the original ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The characters as they are written; never empty.
    pub original: Range<usize>,
    /// The characters spoken for them; empty where nothing is.
    pub spoken: Range<usize>,
}

/// A token that is read in place of a character's own, such as `hang2` for 行.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The character in the spoken text.
    pub at: usize,
    /// The token as the vocabulary writes it.
    pub token: String,
}

impl Normalized {
    /// A text that is spoken as it is written.
    #[must_use]
    pub fn unchanged(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            replacements: Vec::new(),
            readings: Vec::new(),
        }
    }

    /// A text with parts, given in bytes as [`str::char_indices`] does, replaced by others. They may
    /// come in any order. One that is empty, that is no range of characters of the text or overlaps one
    /// before it is left out, and so is one that changes nothing.
    #[must_use]
    pub fn with_replacements(
        text: &str,
        replacements: impl IntoIterator<Item = (Range<usize>, String)>,
    ) -> Self {
        let mut wanted: Vec<_> = replacements.into_iter().collect();
        wanted.sort_by_key(|(range, _)| range.start);
        let mut normalized = Self::unchanged("");
        // Bytes of the original, and characters of original and spoken text.
        let (mut at, mut original, mut spoken) = (0, 0, 0);
        for (range, words) in wanted {
            let Some(replaced) = text.get(range.clone()) else {
                continue;
            };
            if range.start < at || range.is_empty() || replaced == words {
                continue;
            }
            let kept = text[at..range.start].chars().count();
            (original, spoken) = (original + kept, spoken + kept);
            let replacement = Replacement {
                original: original..original + replaced.chars().count(),
                spoken: spoken..spoken + words.chars().count(),
            };
            (original, spoken) = (replacement.original.end, replacement.spoken.end);
            normalized.text.push_str(&text[at..range.start]);
            normalized.text.push_str(&words);
            normalized.replacements.push(replacement);
            at = range.end;
        }
        normalized.text.push_str(&text[at..]);
        normalized
    }

    /// The same with [`Reading`]s for characters of the spoken text.
    #[must_use]
    pub fn with_readings(mut self, readings: impl IntoIterator<Item = Reading>) -> Self {
        self.readings.extend(readings);
        self.readings.sort_by_key(|reading| reading.at);
        self.readings.dedup_by_key(|reading| reading.at);
        self
    }

    /// The text as it is spoken.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text is spoken as it is written; there may be [`readings`](Self::readings).
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.replacements.is_empty()
    }

    /// What was replaced, in order.
    #[must_use]
    pub fn replacements(&self) -> &[Replacement] {
        &self.replacements
    }

    /// Tokens that are read in place of characters' own, in order.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// The characters of the original that a range of the spoken text stands for: all of a replacement
    /// that it touches.
    #[must_use]
    pub fn to_original(&self, spoken: Range<usize>) -> Range<usize> {
        if spoken.is_empty() {
            let start = self.original_of(spoken.start).start;
            return start..start;
        }
        self.original_of(spoken.start).start..self.original_of(spoken.end - 1).end
    }

    fn original_of(&self, spoken: usize) -> Range<usize> {
        let next = self
            .replacements
            .partition_point(|replacement| replacement.spoken.end <= spoken);
        if let Some(replacement) = self.replacements.get(next)
            && replacement.spoken.contains(&spoken)
        {
            return replacement.original.clone();
        }
        let before = next.checked_sub(1).map(|last| &self.replacements[last]);
        let (from, to) = before.map_or((0, 0), |last| (last.spoken.end, last.original.end));
        let at = spoken - from + to;
        at..at + 1
    }

    /// Where an original character is in the spoken text; `None` inside a replacement.
    pub(super) fn spoken_at(&self, original: usize) -> Option<usize> {
        let next = self
            .replacements
            .partition_point(|replacement| replacement.original.end <= original);
        if self
            .replacements
            .get(next)
            .is_some_and(|replacement| replacement.original.contains(&original))
        {
            return None;
        }
        let before = next.checked_sub(1).map(|last| &self.replacements[last]);
        let (from, to) = before.map_or((0, 0), |last| (last.original.end, last.spoken.end));
        Some(original - from + to)
    }

    /// What is spoken for the replacements, in order.
    pub(super) fn spoken_parts(&self) -> Vec<&str> {
        let mut chars = self.text.char_indices().map(|(at, _)| at).enumerate();
        let mut byte_of = |char: usize| {
            let found = chars.find(|(index, _)| *index == char);
            found.map_or(self.text.len(), |(_, at)| at)
        };
        // Neighbours may end and begin at the same character, which the iterator has passed by then.
        let mut last = (0, 0);
        let mut at = |char: usize| {
            if char != last.0 {
                last = (char, byte_of(char));
            }
            last.1
        };
        self.replacements
            .iter()
            .map(|replacement| &self.text[at(replacement.spoken.start)..at(replacement.spoken.end)])
            .collect()
    }

    /// The text that `next` makes of this one's [`text`](Self::text), with one map for both.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let (mut first, mut second) = (
            self.replacements.iter().peekable(),
            next.replacements.iter().peekable(),
        );
        let mut replacements = Vec::new();
        // Characters by which original and result are longer than the text between, so far.
        let (mut before, mut behind) = (0_isize, 0_isize);
        loop {
            let starts = (
                first.peek().map(|replacement| replacement.spoken.start),
                second.peek().map(|replacement| replacement.original.start),
            );
            let Some(start) = [starts.0, starts.1].into_iter().flatten().min() else {
                break;
            };
            // All that overlaps becomes one.
            let mut end = start;
            let shifts = (before, behind);
            loop {
                // The first one begins at `start`, where nothing has an end yet.
                let touches = |at: usize| at < end || (at == start && end == start);
                if let Some(one) = first.next_if(|one| touches(one.spoken.start)) {
                    end = end.max(one.spoken.end);
                    before += one.original.len() as isize - one.spoken.len() as isize;
                    if end == start {
                        break;
                    }
                } else if let Some(one) = second.next_if(|one| touches(one.original.start)) {
                    end = end.max(one.original.end);
                    behind += one.spoken.len() as isize - one.original.len() as isize;
                } else {
                    break;
                }
            }
            let moved = |at: usize, shift: isize| at.saturating_add_signed(shift);
            replacements.push(Replacement {
                original: moved(start, shifts.0)..moved(end, before),
                spoken: moved(start, shifts.1)..moved(end, behind),
            });
        }
        let kept = self.readings.into_iter().filter_map(|reading| {
            let at = next.spoken_at(reading.at)?;
            Some(Reading { at, ..reading })
        });
        let kept: Vec<_> = kept.collect();
        Self {
            text: next.text,
            replacements,
            readings: next.readings,
        }
        .with_readings(kept)
    }
}
