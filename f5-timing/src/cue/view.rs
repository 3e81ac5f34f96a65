//! A cue as a format sees it: its words, its lines, its times in ticks.

use std::ops::Range;

use super::is_rtl;
use crate::{
    format::Tick,
    text::{Escape, is_blank, put_char, wants_space},
    track::Track,
};

/// A cue to be written.
#[derive(Debug)]
pub(crate) struct CueView<'a> {
    pub(crate) track: &'a Track,
    /// Words by their index in `track`; blank ones among them are not shown.
    pub(crate) words: Range<usize>,
    /// Times in ticks of the format.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Where lines after the first begin: a word and a byte of it.
    pub(crate) breaks: &'a [(usize, usize)],
    /// Words to be highlighted.
    pub(crate) mark: Range<usize>,
    /// Whether the lines of a cue that begins right-to-left are isolated.
    pub(crate) isolate: bool,
}

/// Marks that a format puts around the words of a cue.
pub(crate) trait Decorate {
    fn before(&mut self, _buf: &mut Vec<u8>, _word: usize) {}
    fn after(&mut self, _buf: &mut Vec<u8>, _word: usize) {}
}

/// No marks.
#[derive(Debug)]
pub(crate) struct Plain;

impl Decorate for Plain {}

/// The highlighted words between two pieces of markup.
#[derive(Debug)]
pub(crate) struct Marked {
    pub(crate) mark: Range<usize>,
    pub(crate) on: &'static [u8],
    pub(crate) off: &'static [u8],
}

impl Decorate for Marked {
    fn before(&mut self, buf: &mut Vec<u8>, word: usize) {
        if self.mark.contains(&word) {
            buf.extend_from_slice(self.on);
        }
    }

    fn after(&mut self, buf: &mut Vec<u8>, word: usize) {
        if self.mark.contains(&word) {
            buf.extend_from_slice(self.off);
        }
    }
}

impl CueView<'_> {
    /// Who says it: the speaker of its first word that shows something.
    pub(crate) fn speaker(&self) -> Option<&str> {
        let first = self.visible().next()?;
        self.track.speaker_of(first)
    }

    /// Appends the text: words joined as their scripts are, lines parted by `line_break`.
    #[inline]
    pub(crate) fn put_text<D: Decorate>(
        &self,
        buf: &mut Vec<u8>,
        escape: &Escape,
        line_break: &[u8],
        marks: &mut D,
    ) {
        if self.words.len() == 1 && self.breaks.is_empty() && !self.isolate {
            marks.before(buf, self.words.start);
            escape.put_word(buf, self.track, self.words.start);
            marks.after(buf, self.words.start);
        } else {
            self.put_lines(buf, escape, line_break, marks);
        }
    }

    /// Times of a word in ticks, kept inside the cue and behind `from`.
    pub(crate) fn word_ticks(&self, word: usize, tick: Tick, from: u64) -> (u64, u64) {
        let (start, end) = self.track.nanos_of(word);
        let start = tick.round(start).max(from).min(self.end.max(from));
        (start, tick.round(end).min(self.end).max(start))
    }

    /// Words of the cue that show something.
    pub(crate) fn visible(&self) -> impl Iterator<Item = usize> + '_ {
        self.words
            .clone()
            .filter(|word| !is_blank(self.track.text_of(*word)))
    }

    fn put_lines<D: Decorate>(
        &self,
        buf: &mut Vec<u8>,
        escape: &Escape,
        line_break: &[u8],
        marks: &mut D,
    ) {
        let mut visible = self.visible();
        let isolate = self.isolate
            && visible
                .next()
                .is_some_and(|word| is_rtl(self.track.text_of(word)));
        let turn = |buf: &mut Vec<u8>| {
            if isolate {
                put_char(buf, '\u{2069}');
            }
            buf.extend_from_slice(line_break);
            if isolate {
                put_char(buf, '\u{2067}');
            }
        };
        let mut breaks = self.breaks.iter().peekable();
        let mut last: Option<&str> = None;
        if isolate {
            put_char(buf, '\u{2067}');
        }
        for word in self.visible() {
            let text = self.track.text_of(word);
            if breaks.next_if(|at| **at == (word, 0)).is_some() {
                turn(buf);
            } else if last.is_some_and(|last| wants_space(last, text)) {
                buf.push(b' ');
            }
            marks.before(buf, word);
            let mut from = 0;
            while let Some((_, byte)) = breaks.next_if(|at| at.0 == word) {
                escape.put(buf, &text[from..*byte]);
                turn(buf);
                from = *byte;
            }
            escape.put(buf, &text[from..]);
            marks.after(buf, word);
            last = Some(text);
        }
        if isolate {
            put_char(buf, '\u{2069}');
        }
    }
}
