//! Whisper's TSV: `start`, `end` in whole milliseconds and the text.

use super::{FormatWriter, Head, Pass, Tick, TimingFormat};
use crate::{
    cue::{CueView, Plain},
    error::Result,
    options::ReadOptions,
    read::{Document, Source},
    text::{Escape, put_char},
    time::{MAX_SECONDS, MILLI, put_number},
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

/// Reads TSV; the lenient reader does without the header.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut source = Source::new(TimingFormat::Tsv, text);
    let mut document = Document::default();
    let header = source.peek().filter(|line| line.text == "start\tend\ttext");
    match header {
        Some(_) => drop(source.next()),
        None if options.lenient => {}
        None => return Err(source.error_at_end("expected the header start, end, text")),
    }
    while let Some(line) = source.next() {
        if line.text.is_empty() {
            continue;
        }
        let mut cells = line.text.splitn(3, '\t');
        let (start, end, text) = (cells.next(), cells.next(), cells.next());
        let millis = |cell: Option<&str>| {
            let cell = cell.map(|cell| if options.lenient { cell.trim() } else { cell })?;
            let digits = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
            let value = cell.parse::<u64>().ok().filter(|_| digits)?;
            (value <= MAX_SECONDS * 1000).then(|| value * MILLI)
        };
        let (Some(start), Some(end)) = (millis(start), millis(end)) else {
            return Err(source.error(line, 0, "expected start and end in whole milliseconds"));
        };
        if end < start {
            return Err(source.error(line, 0, "the end is before the start"));
        }
        let text = match text {
            Some(text) => text,
            None if options.lenient => "",
            None => return Err(source.error(line, line.text.len(), "expected a text")),
        };
        document.push(text, start, end);
    }
    Ok(document)
}
