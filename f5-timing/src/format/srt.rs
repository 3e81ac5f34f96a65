//! SubRip: number, `HH:MM:SS,mmm --> HH:MM:SS,mmm`, text, blank line.

use super::{FormatWriter, Pass, Tick};
use crate::{
    cue::{CueView, Marked, Plain},
    options::WriteOptions,
    text::{Escape, put_char},
    time::{Clock, Counter},
};

/// Keeps `-->` out of the text; SRT cannot escape it.
const JOINER: char = '\u{2060}';

static RAW: Escape = Escape::new(b">", put_raw);
static NEUTRAL: Escape = Escape::new(b"<{\\>", put_neutral);

#[derive(Debug)]
pub(super) struct Writer {
    number: Counter,
    clock: Clock,
    escape: &'static Escape,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        let escape = if options.neutralise_markup {
            &NEUTRAL
        } else {
            &RAW
        };
        Self {
            number: Counter::from(1),
            clock: Clock::new(b','),
            escape,
        }
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Milli)
    }

    fn highlights(&self) -> bool {
        true
    }

    #[inline]
    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        self.number.put(buf);
        buf.push(b'\n');
        self.clock.put_millis(buf, cue.start);
        buf.extend_from_slice(b" --> ");
        self.clock.put_millis(buf, cue.end);
        buf.push(b'\n');
        if cue.mark.is_empty() {
            cue.put_text(buf, self.escape, b"\n", &mut Plain);
        } else {
            let mark = cue.mark.clone();
            cue.put_text(
                buf,
                self.escape,
                b"\n",
                &mut Marked {
                    mark,
                    on: b"<u>",
                    off: b"</u>",
                },
            );
        }
        buf.extend_from_slice(b"\n\n");
    }
}

fn put_raw(buf: &mut Vec<u8>, c: char) {
    if c == '>' && buf.ends_with(b"--") {
        put_char(buf, JOINER);
    }
    put_char(buf, c);
}

fn put_neutral(buf: &mut Vec<u8>, c: char) {
    put_raw(buf, c);
    if matches!(c, '<' | '{' | '\\') {
        put_char(buf, JOINER);
    }
}
