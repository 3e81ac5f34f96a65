//! YouTube's SBV: `H:MM:SS.mmm,H:MM:SS.mmm`, text, blank line.

use super::{FormatWriter, Pass, Tick, TimingFormat};
use crate::{
    clock::Clock,
    cue::{CueView, Plain},
    error::Result,
    options::ReadOptions,
    read::{Document, Source, parts},
    text::{Escape, put_char},
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

/// Reads SBV; the lenient reader takes fields of any width and passes over what is no cue.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut source = Source::new(TimingFormat::Sbv, text);
    let mut document = Document::default();
    while let Some(line) = source.next() {
        if line.text.trim().is_empty() {
            continue;
        }
        let stamp = |text: &str| {
            let parts = parts(text.trim())?;
            let strict = parts.is_strict(1, '.', 3) && text.trim() == text;
            (options.lenient || strict).then(|| parts.nanos())?
        };
        let times = line.text.split_once(',');
        let Some((start, end)) = times.and_then(|(a, b)| Some((stamp(a)?, stamp(b)?))) else {
            if options.lenient {
                continue;
            }
            return Err(source.error(line, 0, "expected times like 0:00:01.500,0:00:02.000"));
        };
        if end < start {
            return Err(source.error(line, 0, "the cue ends before it starts"));
        }
        document.push(source.block(), start, end);
    }
    Ok(document)
}
