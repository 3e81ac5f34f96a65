//! Audacity labels: start, end and text of every word between tabs, blank ones too.

use super::{FormatWriter, Pass, Tick, TimingFormat};
use crate::{
    cue::{CueView, Plain},
    error::Result,
    options::{CueMode, ReadOptions, WriteOptions},
    read::{Document, Source, seconds},
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
        TEXT.put_word(buf, track, index);
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

/// Reads Audacity labels; lines with the frequencies of a spectral selection are passed over.
///
/// Lenient: a label may be absent, a decimal comma is taken.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut source = Source::new(TimingFormat::Audacity, text);
    let mut document = Document::default();
    while let Some(line) = source.next() {
        if line.text.is_empty() || line.text.starts_with("\\\t") {
            continue;
        }
        let mut cells = line.text.splitn(3, '\t');
        let time = |cell: Option<&str>| {
            let cell = cell?;
            if options.lenient {
                seconds(&cell.trim().replace(',', "."))
            } else {
                seconds(cell)
            }
        };
        let (Some(start), Some(end)) = (time(cells.next()), time(cells.next())) else {
            return Err(source.error(line, 0, "expected start and end in seconds"));
        };
        if end < start {
            return Err(source.error(line, 0, "the end is before the start"));
        }
        let label = match cells.next() {
            Some(label) => label,
            None if options.lenient => "",
            None => return Err(source.error(line, line.text.len(), "expected a label")),
        };
        document.push(label, start, end);
    }
    Ok(document)
}
