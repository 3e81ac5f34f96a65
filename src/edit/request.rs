//! What is to be changed in a recording, and how.

use std::{ops::Range, time::Duration};

use crate::{error::Result, params::SynthesisParams};

use super::error::EditError;

/// One change of a recording, by the words of its text as
/// [`split_words`](crate::align::split_words) counts them from 0. Punctuation belongs to its word.
///
/// ```
/// use f5_tts::Edit;
///
/// // "We walk home in the morning." -> "We run back home in the evening."
/// let edits = [
///     Edit::replace(1..2, "run"),
///     Edit::insert(2, "back"),
///     Edit::replace(5..6, "evening."),
/// ];
/// # assert!(edits[1].words.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The words that go; for an insertion the empty range before the word that follows.
    pub words: Range<usize>,
    /// The words that come; `None` for a deletion.
    pub text: Option<String>,
    /// How long the new span lasts; estimated from its text and the pace of the recording when
    /// `None`.
    pub fix_duration: Option<Duration>,
}

impl Edit {
    /// Speaks `text` in place of these words.
    pub fn replace(words: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            words,
            text: Some(text.into()),
            fix_duration: None,
        }
    }

    /// Speaks `text` before a word; with the number of words, behind the last one.
    pub fn insert(before: usize, text: impl Into<String>) -> Self {
        Self::replace(before..before, text)
    }

    /// Cuts these words out.
    #[must_use]
    pub fn delete(words: Range<usize>) -> Self {
        Self {
            words,
            text: None,
            fix_duration: None,
        }
    }

    /// The edit with a new span of this length.
    #[must_use]
    pub fn lasting(mut self, fix_duration: Duration) -> Self {
        self.fix_duration = Some(fix_duration);
        self
    }
}

/// A span of a recording that is spoken anew (an entry of `parts_to_edit` in upstream's
/// `speech_edit.py`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EditSpan {
    /// Start from the beginning of the recording.
    pub start: Duration,
    /// End from the beginning of the recording; the same as `start` inserts.
    pub end: Duration,
    /// How long the new span lasts; as long as the old one when `None`.
    pub fix_duration: Option<Duration>,
}

/// How a recording is edited.
#[derive(Debug, Clone, PartialEq)]
pub struct EditParams {
    /// How the new spans are spoken. Sampling, `speed`, `target_rms`, `seed` and `noise` count; chunks, pauses
    /// and `fix_duration` do not.
    pub synthesis: SynthesisParams,
    /// What the audio around the new spans is.
    pub output: EditOutput,
    /// How much of the recording the model hears on each side of an edit, in whole words. The work
    /// does not grow with the rest of the recording.
    pub context: Duration,
    /// How long recording and new span fade into each other, outside the new span.
    pub seam: Duration,
}

/// What the audio around the new spans is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EditOutput {
    /// The recording itself, at its own rate, sample for sample but for the seams.
    #[default]
    Spliced,
    /// As upstream: the whole recording goes through model and vocoder in one piece and comes out at the
    /// model's rate. Models are trained on half a minute.
    Vocoded,
}

impl Default for EditParams {
    /// Spliced, 5 seconds of context, seams of 25 ms.
    fn default() -> Self {
        Self {
            synthesis: SynthesisParams::default(),
            output: EditOutput::Spliced,
            context: Duration::from_secs(5),
            seam: Duration::from_millis(25),
        }
    }
}

/// The frames of the model that spans mean: upstream's `round(seconds * rate / hop_length)`, which
/// rounds halves to even.
pub(super) fn frames(time: Duration, frames_per_second: f64) -> usize {
    (time.as_secs_f64() * frames_per_second).round_ties_even() as usize
}

/// Refuses spans that are reversed, overlap, or lie outside a recording of this length.
pub(super) fn check_spans(spans: &[EditSpan], duration: Duration) -> Result<()> {
    let mut before = Duration::ZERO;
    for (index, &EditSpan { start, end, .. }) in spans.iter().enumerate() {
        if end < start {
            return Err(EditError::Reversed { index, start, end }.into());
        }
        if end > duration {
            return Err(EditError::Outside {
                index,
                start,
                end,
                duration,
            }
            .into());
        }
        if start < before {
            let previous_end = before;
            return Err(EditError::Overlap {
                index,
                start,
                previous_end,
            }
            .into());
        }
        before = end;
    }
    Ok(())
}
