//! Praat's TextGrid, long form: one interval tier that covers the audio without holes.

use super::{FormatWriter, Head, Pass, Tick};
use crate::{
    cue::{CueView, Plain},
    text::{Escape, put_char},
    time::{put_micros, put_number},
};

static TEXT: Escape = Escape::new(b"\"", put_escaped);

/// The format names the number of intervals first, so cues are counted before they are written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    intervals: u64,
    /// End of the last interval, while counting and while writing.
    at: u64,
    number: u64,
    end: u64,
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Micro)
    }

    fn is_counted(&self) -> bool {
        true
    }

    fn is_single_line(&self) -> bool {
        true
    }

    fn count(&mut self, cue: &CueView<'_>) {
        self.intervals += 1 + u64::from(cue.start > self.at);
        self.at = cue.end;
    }

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        // A tier holds at least one interval, and an interval has a length.
        self.end = Tick::Micro.round(head.duration).max(self.at).max(1);
        self.intervals += u64::from(self.end > self.at);
        self.at = 0;
        buf.extend_from_slice(
            b"File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = ",
        );
        put_micros(buf, self.end);
        buf.extend_from_slice(
            b"\ntiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n        \
              class = \"IntervalTier\"\n        name = \"words\"\n        xmin = 0\n        xmax = ",
        );
        put_micros(buf, self.end);
        buf.extend_from_slice(b"\n        intervals: size = ");
        put_number(buf, self.intervals);
        buf.push(b'\n');
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        if cue.start > self.at {
            self.open(buf, self.at, cue.start);
            buf.extend_from_slice(b"\"\n");
        }
        self.open(buf, cue.start, cue.end);
        cue.put_text(buf, &TEXT, b" ", &mut Plain);
        buf.extend_from_slice(b"\"\n");
        self.at = cue.end;
    }

    fn end(&mut self, buf: &mut Vec<u8>, _duration: u64) {
        if self.end > self.at {
            self.open(buf, self.at, self.end);
            buf.extend_from_slice(b"\"\n");
        }
    }
}

impl Writer {
    fn open(&mut self, buf: &mut Vec<u8>, from: u64, to: u64) {
        self.number += 1;
        buf.extend_from_slice(b"        intervals [");
        put_number(buf, self.number);
        buf.extend_from_slice(b"]:\n            xmin = ");
        put_micros(buf, from);
        buf.extend_from_slice(b"\n            xmax = ");
        put_micros(buf, to);
        buf.extend_from_slice(b"\n            text = \"");
    }
}

fn put_escaped(buf: &mut Vec<u8>, c: char) {
    if c == '"' {
        buf.push(b'"');
    }
    put_char(buf, c);
}
