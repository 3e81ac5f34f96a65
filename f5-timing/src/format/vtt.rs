//! WebVTT: `WEBVTT`, then cues with `&`, `<` and `>` escaped.

use super::{FormatWriter, Head, Pass, Tick};
use crate::{
    cue::{CueView, Decorate, Marked, Plain},
    options::WriteOptions,
    text::{Escape, put_char},
    time::Clock,
};

static TEXT: Escape = Escape::new(b"&<>", put_escaped);

#[derive(Debug)]
pub(super) struct Writer {
    clock: Clock,
    karaoke: bool,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        let karaoke = options.karaoke.is_some() && !options.highlight;
        Self {
            clock: Clock::new(b'.'),
            karaoke,
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

    fn begin(&mut self, buf: &mut Vec<u8>, _head: &Head<'_>) {
        buf.extend_from_slice(b"WEBVTT\n\n");
    }

    #[inline]
    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        self.clock.put_millis(buf, cue.start);
        buf.extend_from_slice(b" --> ");
        self.clock.put_millis(buf, cue.end);
        buf.push(b'\n');
        if self.karaoke {
            let mut stamps = Stamps {
                cue,
                last: cue.start,
                clock: &mut self.clock,
            };
            cue.put_text(buf, &TEXT, b"\n", &mut stamps);
        } else if cue.mark.is_empty() {
            cue.put_text(buf, &TEXT, b"\n", &mut Plain);
        } else {
            let mark = cue.mark.clone();
            cue.put_text(
                buf,
                &TEXT,
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

/// Time stamps inside a cue: behind its start, increasing, before its end.
#[derive(Debug)]
struct Stamps<'a> {
    cue: &'a CueView<'a>,
    last: u64,
    clock: &'a mut Clock,
}

impl Decorate for Stamps<'_> {
    fn before(&mut self, buf: &mut Vec<u8>, word: usize) {
        let start = Tick::Milli.round(self.cue.track.nanos_of(word).0);
        if start > self.last && start < self.cue.end {
            self.last = start;
            buf.push(b'<');
            self.clock.put_millis(buf, start);
            buf.push(b'>');
        }
    }
}

fn put_escaped(buf: &mut Vec<u8>, c: char) {
    match c {
        '&' => buf.extend_from_slice(b"&amp;"),
        '<' => buf.extend_from_slice(b"&lt;"),
        '>' => buf.extend_from_slice(b"&gt;"),
        _ => put_char(buf, c),
    }
}
