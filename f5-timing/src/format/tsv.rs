//! Whisper's TSV: `start`, `end` in whole milliseconds and the text.

use super::{FormatWriter, Head, Pass, Tick};
use crate::{
    cue::{CueView, Plain},
    text::{Escape, put_char},
    time::put_number,
};

/// Tabs are controls: cleaning has made them spaces.
static TEXT: Escape = Escape::new(b"", put_char);

#[derive(Debug)]
pub(super) struct Writer;

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Milli)
    }

    fn is_single_line(&self) -> bool {
        true
    }

    fn begin(&mut self, buf: &mut Vec<u8>, _head: &Head<'_>) {
        buf.extend_from_slice(b"start\tend\ttext\n");
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        put_number(buf, cue.start);
        buf.push(b'\t');
        put_number(buf, cue.end);
        buf.push(b'\t');
        cue.put_text(buf, &TEXT, b" ", &mut Plain);
        buf.push(b'\n');
    }
}
