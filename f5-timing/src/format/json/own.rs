//! `{"schema","language","title","words":[…],"segments":[…],"duration"}`, one word a line.

use super::{STYLE, TEXT, put_head, put_speaker, put_word};
use crate::{
    cue::{CueView, Plain},
    format::{FormatWriter, Head, Pass, Tick},
    options::{CueMode, WriteOptions},
    time::{self, Decimal, put_number},
    track::Track,
};

#[derive(Debug)]
pub(in crate::format) struct Writer {
    decimal: Decimal,
    segmented: bool,
    first: bool,
}

impl Writer {
    pub(in crate::format) fn new(options: &WriteOptions) -> Self {
        let segmented = matches!(options.cues, CueMode::Segmented(_));
        Self {
            decimal: Decimal::new(),
            segmented,
            first: true,
        }
    }

    fn separate(&mut self, buf: &mut Vec<u8>) {
        let first = std::mem::replace(&mut self.first, false);
        buf.extend_from_slice(if first { b"\n" } else { b",\n" });
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Words
    }

    fn second(&self) -> Option<Pass> {
        self.segmented.then_some(Pass::Cues(Tick::Milli))
    }

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        put_head(buf, head);
        buf.extend_from_slice(b",\"words\":[");
    }

    #[inline]
    fn word(&mut self, buf: &mut Vec<u8>, track: &Track, index: usize) {
        self.separate(buf);
        put_word(buf, &mut self.decimal, track, index, &STYLE);
    }

    fn between(&mut self, buf: &mut Vec<u8>) {
        buf.extend_from_slice(b"\n],\"segments\":[");
        self.first = true;
    }

    /// `words` is the half-open range of the words in the segment.
    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        self.separate(buf);
        buf.extend_from_slice(b"{\"start\":");
        self.decimal.put_millis(buf, cue.start * time::MILLI);
        buf.extend_from_slice(b",\"end\":");
        self.decimal.put_millis(buf, cue.end * time::MILLI);
        buf.extend_from_slice(b",\"words\":[");
        put_number(buf, cue.words.start as u64);
        buf.push(b',');
        put_number(buf, cue.words.end as u64);
        buf.extend_from_slice(b"],\"text\":\"");
        cue.put_text(buf, &TEXT, b"\\n", &mut Plain);
        buf.push(b'"');
        put_speaker(buf, cue.speaker());
        buf.push(b'}');
    }

    fn end(&mut self, buf: &mut Vec<u8>, duration: u64) {
        buf.extend_from_slice(b"\n],\"duration\":");
        self.decimal.put_millis(buf, duration);
        buf.extend_from_slice(b"}\n");
    }
}
