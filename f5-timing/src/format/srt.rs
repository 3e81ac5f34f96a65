//! SubRip: number, `HH:MM:SS,mmm --> HH:MM:SS,mmm`, text, blank line.

use super::{FormatWriter, Pass, Tick, TimingFormat};
use crate::{
    clock::Clock,
    cue::{CueView, Marked, Plain},
    error::Result,
    options::{ReadOptions, WriteOptions},
    read::{Document, Line, Source, parts},
    text::{Escape, put_char, strip_joiners},
    time::Counter,
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
        self.clock.put_arrow(buf, cue.start, cue.end);
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

/// Reads SRT.
///
/// Lenient: `.` for `,`, fields of any width, a missing number, anything behind the times.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut source = Source::new(TimingFormat::Srt, text);
    let mut document = Document::default();
    while let Some(line) = source.next() {
        if line.text.trim().is_empty() {
            continue;
        }
        let number = line.text.trim();
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let timing = if is_number {
            source
                .next()
                .ok_or_else(|| source.error_at_end("expected the times of a cue"))?
        } else if options.lenient {
            line
        } else {
            return Err(source.error(line, 0, "expected the number of a cue"));
        };
        let (start, end) = match times(&source, timing, options.lenient) {
            Ok(times) => times,
            // Players pass over what is not a cue.
            Err(_) if options.lenient && !timing.text.contains("-->") => continue,
            Err(error) => return Err(error),
        };
        document.push(
            strip_joiners(&source.block(), &["<", "{", "\\"]),
            start,
            end,
        );
    }
    Ok(document)
}

fn times(source: &Source<'_>, line: Line<'_>, lenient: bool) -> Result<(u64, u64)> {
    let Some(arrow) = line.text.find("-->") else {
        return Err(source.error(line, 0, "expected start --> end"));
    };
    let (left, mut right) = (&line.text[..arrow], &line.text[arrow + 3..]);
    if lenient {
        right = right.trim_start();
        right = right.split([' ', '\t']).next().unwrap_or_default();
    } else if !left.ends_with(' ') || !right.starts_with(' ') {
        return Err(source.error(line, arrow, "expected a space on both sides of the arrow"));
    }
    let (left, right) = match lenient {
        true => (left.trim(), right.trim()),
        false => (&left[..arrow - 1], &right[1..]),
    };
    let nanos = |text: &str| {
        let parts = parts(text).filter(|parts| lenient || parts.is_strict(2, ',', 3));
        parts.and_then(|parts| parts.nanos())
    };
    let start = nanos(left)
        .ok_or_else(|| source.error(line, 0, "the start is not a time like 00:00:01,500"))?;
    let end = nanos(right)
        .ok_or_else(|| source.error(line, arrow + 3, "the end is not a time like 00:00:01,500"))?;
    if end < start {
        return Err(source.error(line, arrow + 3, "the cue ends before it starts"));
    }
    Ok((start, end))
}
