//! Bytes to text, text to lines that know where they are.

use std::borrow::Cow;

use crate::{
    error::{Result, TimingError},
    format::TimingFormat,
};

/// Decodes UTF-8, or UTF-16 behind a byte order mark.
pub(super) fn decode(format: TimingFormat, bytes: &[u8], lenient: bool) -> Result<Cow<'_, str>> {
    let wide = match bytes {
        [0xFF, 0xFE, rest @ ..] => Some((rest, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0xFE, 0xFF, rest @ ..] => Some((rest, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        _ => None,
    };
    if let Some((rest, unit)) = wide {
        let (pairs, odd) = rest.as_chunks::<2>();
        let units = pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>();
        return match String::from_utf16(&units) {
            Ok(text) if odd.is_empty() => Ok(text.into()),
            _ if lenient => Ok(String::from_utf16_lossy(&units).into()),
            _ => Err(syntax(format, 1, 1, "the text is not UTF-16")),
        };
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(_) if lenient => Ok(String::from_utf8_lossy(bytes)),
        Err(error) => {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let line = before.matches('\n').count() + 1;
            let column = before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1;
            Err(syntax(format, line, column, "the text is not UTF-8"))
        }
    }
}

pub(crate) fn syntax(
    format: TimingFormat,
    line: usize,
    column: usize,
    reason: impl Into<String>,
) -> TimingError {
    TimingError::Syntax {
        format,
        line,
        column,
        reason: reason.into(),
    }
}

/// One line and its number, without its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) text: &'a str,
}

/// Lines that end in LF, CR or both.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    format: TimingFormat,
    rest: Option<&'a str>,
    number: usize,
}

impl<'a> Source<'a> {
    pub(crate) fn new(format: TimingFormat, text: &'a str) -> Self {
        Self {
            format,
            rest: (!text.is_empty()).then_some(text),
            number: 0,
        }
    }

    pub(crate) fn peek(&self) -> Option<Line<'a>> {
        self.clone().next()
    }

    /// The lines of a block: up to the next blank line, which is taken, or the end.
    pub(crate) fn block(&mut self) -> String {
        let mut text = String::new();
        let mut first = true;
        for line in self.by_ref() {
            if line.text.is_empty() {
                break;
            }
            if !std::mem::replace(&mut first, false) {
                text.push('\n');
            }
            text.push_str(line.text);
        }
        text
    }

    /// An error at a byte of a line.
    pub(crate) fn error(&self, line: Line<'_>, byte: usize, reason: &str) -> TimingError {
        let column = line
            .text
            .char_indices()
            .take_while(|(at, _)| *at < byte)
            .count()
            + 1;
        syntax(self.format, line.number, column, reason)
    }

    /// An error at the end of the text.
    pub(crate) fn error_at_end(&self, reason: &str) -> TimingError {
        syntax(self.format, self.number + 1, 1, reason)
    }
}

impl<'a> Iterator for Source<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.rest?;
        self.number += 1;
        let number = self.number;
        let Some(end) = rest.bytes().position(|byte| byte == b'\n' || byte == b'\r') else {
            self.rest = None;
            return Some(Line { number, text: rest });
        };
        let after = if rest[end..].starts_with("\r\n") {
            end + 2
        } else {
            end + 1
        };
        self.rest = (after < rest.len()).then(|| &rest[after..]);
        Some(Line {
            number,
            text: &rest[..end],
        })
    }
}
