//! Why a recording cannot be edited as asked.

use std::{ops::Range, time::Duration};

/// Why a recording cannot be edited as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    #[error(
        "edit {index} is for words {words:?}, but the text has {count} words, counted from 0; \
         a range never ends before it starts"
    )]
    Words {
        index: usize,
        words: Range<usize>,
        count: usize,
    },
    #[error("edit {index} deletes no words; give the words that shall go")]
    Nothing { index: usize },
    #[error(
        "edit {index} is for words {words:?}, but edit {other} is for {others:?}; make one of both"
    )]
    WordsOverlap {
        index: usize,
        words: Range<usize>,
        other: usize,
        others: Range<usize>,
    },
    #[error("span {index} ends at {end:?}, before it starts at {start:?}")]
    Reversed {
        index: usize,
        start: Duration,
        end: Duration,
    },
    #[error("span {index} is {start:?} to {end:?}, but the recording lasts {duration:?}")]
    Outside {
        index: usize,
        start: Duration,
        end: Duration,
        duration: Duration,
    },
    #[error(
        "span {index} starts at {start:?}, before the one in front of it ends at {previous_end:?}; \
         give spans in order, and make one of those that overlap"
    )]
    Overlap {
        index: usize,
        start: Duration,
        previous_end: Duration,
    },
    #[error(
        "the new words {text:?} and what is heard around them last {needed:?}, but models speak at \
         most {most:?} at once; split the edit"
    )]
    TooLong {
        text: String,
        needed: Duration,
        most: Duration,
    },
}
