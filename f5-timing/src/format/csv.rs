//! CSV as RFC 4180 has it: `index,start,end,word,score`, every word byte for byte.

use std::borrow::Cow;

use super::{FormatWriter, Head, Pass, TimingFormat};
use crate::{
    error::{Result, TimingError},
    options::{ReadOptions, WriteOptions},
    read::{Document, syntax},
    text::Verbatim,
    time::{self, Counter, Decimal},
    track::Track,
};

static PLAIN: Verbatim = Verbatim::new(b",\"");

#[derive(Debug)]
pub(super) struct Writer {
    number: Counter,
    decimal: Decimal,
    guard: bool,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        Self {
            number: Counter::from(0),
            decimal: Decimal::new(),
            guard: options.formula_guard,
        }
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Words
    }

    fn begin(&mut self, buf: &mut Vec<u8>, _head: &Head<'_>) {
        buf.extend_from_slice(b"index,start,end,word,score\r\n");
    }

    #[inline]
    fn word(&mut self, buf: &mut Vec<u8>, track: &Track, index: usize) {
        let (start, end) = track.nanos_of(index);
        self.number.put(buf);
        buf.push(b',');
        self.decimal.put_millis(buf, start);
        buf.push(b',');
        self.decimal.put_millis(buf, end);
        buf.push(b',');
        if self.guard || !PLAIN.put(buf, track, index) {
            put_cell(buf, track.text_of(index), self.guard);
        }
        buf.push(b',');
        if let Some(score) = track.score_of(index) {
            time::put_score(buf, score);
        }
        buf.extend_from_slice(b"\r\n");
    }
}

/// Whether a spreadsheet, or the guard itself, looks at the first character of a cell.
fn is_risky(word: &str) -> bool {
    matches!(
        word.as_bytes().first(),
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\'')
    )
}

fn put_cell(buf: &mut Vec<u8>, word: &str, guard: bool) {
    let mark: &[u8] = if guard && is_risky(word) { b"'" } else { b"" };
    let mut quote = false;
    for &byte in word.as_bytes() {
        quote |= matches!(byte, b',' | b'"' | b'\r' | b'\n');
    }
    if !quote {
        buf.extend_from_slice(mark);
        buf.extend_from_slice(word.as_bytes());
        return;
    }
    buf.push(b'"');
    buf.extend_from_slice(mark);
    for &byte in word.as_bytes() {
        if byte == b'"' {
            buf.push(b'"');
        }
        buf.push(byte);
    }
    buf.push(b'"');
}

/// Reads CSV with a header that names at least `start`, `end` and `word`.
///
/// Lenient: `;` or tabs between cells, quotes in the middle of a cell, rows that are too short,
/// other common names of the columns.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut cells = Cells::new(text, options.lenient);
    let mut document = Document::default();
    let header = match cells.row()? {
        Some(header) => header,
        None if options.lenient => return Ok(document),
        None => return Err(cells.error("expected a header with start, end and word")),
    };
    let find = |names: &[&str]| {
        let names = if options.lenient { names } else { &names[..1] };
        header
            .iter()
            .position(|cell| names.iter().any(|n| cell.trim().eq_ignore_ascii_case(n)))
    };
    let columns = (
        find(&["start", "start_time", "begin", "from"]),
        find(&["end", "end_time", "stop", "to"]),
        find(&["word", "text", "label"]),
    );
    let (Some(start), Some(end), Some(word)) = columns else {
        return Err(syntax(
            TimingFormat::Csv,
            1,
            1,
            "expected a header with start, end and word",
        ));
    };
    let score = find(&["score", "confidence", "probability"]);
    while let Some(row) = cells.row()? {
        if options.lenient && row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if !options.lenient && row.len() != header.len() {
            let reason = format!(
                "the row has {} cells, the header {}",
                row.len(),
                header.len()
            );
            return Err(cells.error_in_row(reason));
        }
        let index = document.cues.len();
        let number = |column: Option<usize>| {
            let cell = column
                .and_then(|column| row.get(column))
                .map_or("", |cell| cell.trim());
            if cell.is_empty() {
                return Ok(None);
            }
            let parsed = cell.parse::<f64>().map(Some);
            parsed.map_err(|_| cells.error_in_row(format!("{cell:?} is not a number")))
        };
        let text = row.get(word).map_or("", |cell| cell.as_ref());
        let text = match options.formula_guard {
            true => text.strip_prefix('\'').unwrap_or(text),
            false => text,
        };
        let (start, end) = (number(Some(start))?, number(Some(end))?);
        document.push_seconds(index, text.to_owned(), start, end, number(score)?)?;
    }
    Ok(document)
}

/// Rows of cells; quotes take line breaks into a cell.
#[derive(Debug)]
struct Cells<'a> {
    rest: &'a str,
    lenient: bool,
    comma: u8,
    text: &'a str,
    /// The text from the beginning of the last row.
    row: &'a str,
}

impl<'a> Cells<'a> {
    fn new(text: &'a str, lenient: bool) -> Self {
        let head = text.split(['\r', '\n']).next().unwrap_or_default();
        let other = [b';', b'\t']
            .into_iter()
            .find(|c| lenient && head.as_bytes().contains(c));
        let comma = if head.contains(',') {
            b','
        } else {
            other.unwrap_or(b',')
        };
        Self {
            rest: text,
            lenient,
            comma,
            text,
            row: text,
        }
    }

    fn row(&mut self) -> Result<Option<Vec<Cow<'a, str>>>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.row = self.rest;
        let mut cells = Vec::new();
        loop {
            let cell = if self.rest.starts_with('"') {
                self.quoted()?
            } else {
                self.bare()?
            };
            cells.push(cell);
            match self.rest.as_bytes() {
                [b'\r', b'\n', ..] => self.rest = &self.rest[2..],
                [b'\r' | b'\n', ..] => self.rest = &self.rest[1..],
                // What a cell left is its separator.
                [_, ..] => {
                    self.rest = &self.rest[1..];
                    continue;
                }
                [] => {}
            }
            return Ok(Some(cells));
        }
    }

    fn bare(&mut self) -> Result<Cow<'a, str>> {
        let bytes = self.rest.as_bytes();
        let ends = |byte: &u8| *byte == self.comma || matches!(byte, b'\r' | b'\n');
        let end = bytes.iter().position(ends).unwrap_or(bytes.len());
        let (cell, rest) = self.rest.split_at(end);
        if let (false, Some(quote)) = (self.lenient, cell.find('"')) {
            let reason = "a quote stands inside a cell that is not quoted";
            return Err(self.error_at(&self.rest[quote..], reason));
        }
        self.rest = rest;
        Ok(Cow::Borrowed(cell))
    }

    fn quoted(&mut self) -> Result<Cow<'a, str>> {
        let mut cell = Cow::Borrowed("");
        self.rest = &self.rest[1..];
        loop {
            let Some(end) = self.rest.find('"') else {
                if !self.lenient {
                    return Err(self.error("a quoted cell does not end"));
                }
                cell += self.rest;
                self.rest = "";
                return Ok(cell);
            };
            cell += &self.rest[..end];
            self.rest = &self.rest[end + 1..];
            if let Some(rest) = self.rest.strip_prefix('"') {
                cell += "\"";
                self.rest = rest;
                continue;
            }
            let next = self.rest.as_bytes().first();
            if next.is_none_or(|byte| *byte == self.comma || matches!(byte, b'\r' | b'\n')) {
                return Ok(cell);
            }
            if !self.lenient {
                return Err(self.error("a quoted cell goes on behind its quote"));
            }
            let tail = self.bare()?;
            return Ok(cell + tail);
        }
    }

    fn error(&self, reason: &str) -> TimingError {
        self.error_at(self.rest, reason)
    }

    fn error_in_row(&self, reason: String) -> TimingError {
        self.error_at(self.row, reason)
    }

    /// An error where only `rest` is left of the text.
    fn error_at(&self, rest: &str, reason: impl Into<String>) -> TimingError {
        let before = &self.text[..self.text.len() - rest.len()];
        let (lf, cr) = (before.matches('\n').count(), before.matches('\r').count());
        let line = lf + cr - before.matches("\r\n").count() + 1;
        let last = before.rsplit(['\n', '\r']).next().unwrap_or_default();
        syntax(TimingFormat::Csv, line, last.chars().count() + 1, reason)
    }
}
