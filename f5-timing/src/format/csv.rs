//! CSV as RFC 4180 has it: `index,start,end,word,score`, every word byte for byte.

use super::{FormatWriter, Head, Pass};
use crate::{
    options::WriteOptions,
    time::{self, Counter, Decimal},
    track::Track,
};

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
        put_cell(buf, track.text_of(index), self.guard);
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
