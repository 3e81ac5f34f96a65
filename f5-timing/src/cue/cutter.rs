//! From words to cues in ticks, by the mode that was asked for.

use super::{Merger, Segmenter, Span};
use crate::{format::Tick, options::CueMode, text::is_blank};

/// Takes words one by one and gives cues as soon as no later word can change them.
#[derive(Debug)]
pub(crate) struct Cutter {
    segmenter: Option<Box<Segmenter>>,
    merger: Merger,
    /// Who said the last word that shows something.
    speaker: u32,
}

impl Cutter {
    pub(crate) fn new(mode: &CueMode, tick: Tick) -> Self {
        let segmenter = match mode {
            CueMode::Words => None,
            CueMode::Segmented(options) => Some(Box::new(Segmenter::new(options))),
        };
        Self {
            segmenter,
            merger: Merger::new(tick),
            speaker: 0,
        }
    }

    /// Takes a word, hands finished cues to `put`; blank words are left out.
    #[inline]
    pub(crate) fn push<E>(
        &mut self,
        index: usize,
        text: &str,
        (start, end): (u64, u64),
        speaker: u32,
        mut put: impl FnMut(Span) -> Result<(), E>,
    ) -> Result<(), E> {
        if is_blank(text) {
            return Ok(());
        }
        let other_speaker = std::mem::replace(&mut self.speaker, speaker) != speaker;
        let Some(segmenter) = &mut self.segmenter else {
            return self
                .merger
                .push(index..index + 1, start, end)
                .map_or(Ok(()), put);
        };
        segmenter.push(index, text, (start, end), other_speaker);
        while let Some(cut) = segmenter.pop() {
            if let Some(span) = self.merger.push(cut.words, cut.start, cut.end) {
                put(span)?;
            }
        }
        Ok(())
    }

    /// Hands over what is left.
    pub(crate) fn finish<E>(
        &mut self,
        mut put: impl FnMut(Span) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(segmenter) = &mut self.segmenter {
            segmenter.finish();
            while let Some(cut) = segmenter.pop() {
                if let Some(span) = self.merger.push(cut.words, cut.start, cut.end) {
                    put(span)?;
                }
            }
        }
        self.merger.finish().map_or(Ok(()), put)
    }

    /// The first word that a later cue may still show.
    pub(crate) fn first_pending(&self) -> Option<usize> {
        let held = self.merger.first_pending();
        held.or_else(|| {
            self.segmenter
                .as_ref()
                .and_then(|segmenter| segmenter.first_pending())
        })
    }
}
