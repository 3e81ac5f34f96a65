//! YouTube's SBV: `H:MM:SS.mmm,H:MM:SS.mmm`, text, blank line.

use super::{FormatWriter, Pass, Tick};
use crate::{
    cue::{CueView, Plain},
    text::{Escape, put_char},
    time::Clock,
};

static TEXT: Escape = Escape::new(b"", put_char);

#[derive(Debug)]
pub(super) struct Writer {
    clock: Clock,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self {
            clock: Clock::new(b'.'),
        }
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Milli)
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        self.clock.put_short_millis(buf, cue.start);
        buf.push(b',');
        self.clock.put_short_millis(buf, cue.end);
        buf.push(b'\n');
        cue.put_text(buf, &TEXT, b"\n", &mut Plain);
        buf.extend_from_slice(b"\n\n");
    }
}
