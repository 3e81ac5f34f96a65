//! LRC: `[mm:ss.xx]text`; enhanced, `<mm:ss.xx>` in front of every word and behind the last.

use super::{FormatWriter, Head, Pass, Tick};
use crate::{
    cue::{CueView, Decorate, Plain},
    options::WriteOptions,
    text::{Escape, put_char},
    time::{pair, put_number},
};

/// The format has no escape: U+2060 keeps brackets from being read as tags.
const JOINER: char = '\u{2060}';

static TEXT: Escape = Escape::new(b"[<", put_escaped);

#[derive(Debug)]
pub(super) struct Writer {
    enhanced: bool,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        Self {
            enhanced: options.karaoke.is_some(),
        }
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Centi)
    }

    fn is_single_line(&self) -> bool {
        true
    }

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        for (tag, value) in [("ti", head.title), ("la", head.language)] {
            if let Some(value) = value {
                buf.push(b'[');
                buf.extend_from_slice(tag.as_bytes());
                buf.push(b':');
                TEXT.put(buf, value);
                buf.extend_from_slice(b"]\n");
            }
        }
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        put_stamp(buf, b'[', cue.start, b']');
        if self.enhanced {
            let mut stamps = Stamps { cue, at: cue.start };
            cue.put_text(buf, &TEXT, b" ", &mut stamps);
            put_stamp(buf, b'<', stamps.at, b'>');
        } else {
            cue.put_text(buf, &TEXT, b" ", &mut Plain);
        }
        buf.push(b'\n');
    }
}

#[derive(Debug)]
struct Stamps<'a> {
    cue: &'a CueView<'a>,
    at: u64,
}

impl Decorate for Stamps<'_> {
    fn before(&mut self, buf: &mut Vec<u8>, word: usize) {
        let (start, end) = self.cue.word_ticks(word, Tick::Centi, self.at);
        put_stamp(buf, b'<', start, b'>');
        self.at = end;
    }
}

fn put_stamp(buf: &mut Vec<u8>, open: u8, centis: u64, close: u8) {
    buf.push(open);
    let minutes = centis / 6000;
    if minutes < 100 {
        buf.extend_from_slice(&pair(minutes));
    } else {
        put_number(buf, minutes);
    }
    let (seconds, rest) = (pair(centis / 100 % 60), pair(centis % 100));
    buf.extend_from_slice(&[b':', seconds[0], seconds[1], b'.', rest[0], rest[1], close]);
}

fn put_escaped(buf: &mut Vec<u8>, c: char) {
    put_char(buf, c);
    if matches!(c, '[' | '<') {
        put_char(buf, JOINER);
    }
}
