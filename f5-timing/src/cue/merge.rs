//! Cues in whole ticks: what is shorter than a tick joins a neighbour.

use std::ops::Range;

use crate::format::Tick;

/// Words that share a cue, by their index, and its times in ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) words: Range<usize>,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// Rounds cues and merges those of no length into the next one, the last into the previous.
///
/// A cue is held back until the next one of some length comes: until then it may still grow.
#[derive(Debug)]
pub(crate) struct Merger {
    tick: Tick,
    held: Option<Span>,
    /// Words of no length behind the held cue, and the tick of the first.
    short: Option<(Range<usize>, u64)>,
}

impl Merger {
    pub(crate) fn new(tick: Tick) -> Self {
        Self {
            tick,
            held: None,
            short: None,
        }
    }

    /// Takes a cue with times in nanoseconds; gives back the cue that no later one can change.
    #[inline]
    pub(crate) fn push(&mut self, words: Range<usize>, start: u64, end: u64) -> Option<Span> {
        let (start, end) = (self.tick.round(start), self.tick.round(end));
        if start == end {
            match &mut self.short {
                Some((short, _)) => short.end = words.end,
                None => self.short = Some((words, start)),
            }
            return None;
        }
        let first = match self.short.take() {
            Some((short, _)) => short.start,
            None => words.start,
        };
        self.held.replace(Span {
            words: first..words.end,
            start,
            end,
        })
    }

    /// The last cue.
    ///
    /// If nothing has any length, all words share one cue of a single tick: none is lost.
    pub(crate) fn finish(&mut self) -> Option<Span> {
        let short = self.short.take();
        match (self.held.take(), short) {
            (Some(held), Some((short, _))) => Some(Span {
                words: held.words.start..short.end,
                ..held
            }),
            (None, Some((words, tick))) => Some(Span {
                words,
                start: tick,
                end: tick + 1,
            }),
            (held, None) => held,
        }
    }

    /// The first word that is not in a cue given back yet.
    pub(crate) fn first_pending(&self) -> Option<usize> {
        let held = self.held.as_ref().map(|held| held.words.start);
        held.or_else(|| self.short.as_ref().map(|(words, _)| words.start))
    }
}
