//! JSON Lines: one word per line, a header line where it is asked for.

use super::{STYLE, put_head, put_word};
use crate::{
    format::{FormatWriter, Head, Pass},
    options::WriteOptions,
    time::Decimal,
    track::Track,
};

#[derive(Debug)]
pub(in crate::format) struct Writer {
    decimal: Decimal,
    header: bool,
}

impl Writer {
    pub(in crate::format) fn new(options: &WriteOptions) -> Self {
        Self {
            decimal: Decimal::new(),
            header: options.header_line,
        }
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Words
    }

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        if !self.header {
            return;
        }
        put_head(buf, head);
        buf.extend_from_slice(b"}\n");
    }

    #[inline]
    fn word(&mut self, buf: &mut Vec<u8>, track: &Track, index: usize) {
        put_word(buf, &mut self.decimal, track, index, &STYLE);
        buf.push(b'\n');
    }
}
