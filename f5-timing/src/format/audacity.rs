//! Audacity labels: start, end and text of every word between tabs, blank ones too.

use super::{FormatWriter, Pass, Tick};
use crate::{
    cue::{CueView, Plain},
    options::{CueMode, WriteOptions},
    text::{Escape, put_char},
    time::put_micros,
    track::Track,
};

static TEXT: Escape = Escape::new(b"", put_char);

#[derive(Debug)]
pub(super) struct Writer {
    segmented: bool,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        Self {
            segmented: matches!(options.cues, CueMode::Segmented(_)),
        }
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        if self.segmented {
            Pass::Cues(Tick::Micro)
        } else {
            Pass::Words
        }
    }

    fn is_single_line(&self) -> bool {
        true
    }

    fn word(&mut self, buf: &mut Vec<u8>, track: &Track, index: usize) {
        let (start, end) = track.nanos_of(index);
        put_micros(buf, Tick::Micro.round(start));
        buf.push(b'\t');
        put_micros(buf, Tick::Micro.round(end));
        buf.push(b'\t');
        TEXT.put(buf, track.text_of(index));
        buf.push(b'\n');
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        put_micros(buf, cue.start);
        buf.push(b'\t');
        put_micros(buf, cue.end);
        buf.push(b'\t');
        cue.put_text(buf, &TEXT, b" ", &mut Plain);
        buf.push(b'\n');
    }
}
