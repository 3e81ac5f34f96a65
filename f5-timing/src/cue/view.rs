//! A cue as a format sees it: its words, its lines, its times in ticks.

use std::ops::Range;

use crate::{
    text::{Escape, is_blank, wants_space},
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

impl CueView<'_> {
    /// Appends the text: words joined as their scripts are, lines parted by `line_break`.
    #[inline]
    pub(crate) fn put_text<D: Decorate>(
        &self,
        buf: &mut Vec<u8>,
        escape: &Escape,
        line_break: &[u8],
        marks: &mut D,
    ) {
        if self.words.len() == 1 && self.breaks.is_empty() {
            marks.before(buf, self.words.start);
            escape.put(buf, self.track.text_of(self.words.start));
            marks.after(buf, self.words.start);
        } else {
            self.put_lines(buf, escape, line_break, marks);
        }
    }

    fn put_lines<D: Decorate>(
        &self,
        buf: &mut Vec<u8>,
        escape: &Escape,
        line_break: &[u8],
        marks: &mut D,
    ) {
        let mut breaks = self.breaks.iter().peekable();
        let mut last: Option<&str> = None;
        for word in self.words.clone() {
            let text = self.track.text_of(word);
            if is_blank(text) {
                continue;
            }
            if breaks.next_if(|at| **at == (word, 0)).is_some() {
                buf.extend_from_slice(line_break);
            } else if last.is_some_and(|last| wants_space(last, text)) {
                buf.push(b' ');
            }
            marks.before(buf, word);
            let mut from = 0;
            while let Some((_, byte)) = breaks.next_if(|at| at.0 == word) {
                escape.put(buf, &text[from..*byte]);
                buf.extend_from_slice(line_break);
                from = *byte;
            }
            escape.put(buf, &text[from..]);
            marks.after(buf, word);
            last = Some(text);
        }
    }
}
