//! Praat's TextGrid, long form: one interval tier that covers the audio without holes.

use std::time::Duration;

use super::{FormatWriter, Head, Pass, Tick, TimingFormat};
use crate::{
    cue::{CueView, Plain},
    error::{Result, TimingError},
    options::ReadOptions,
    read::{Document, Line, Source, seconds},
    text::{Escape, put_char},
    time::{put_micros, put_number},
};

static TEXT: Escape = Escape::new(b"\"", put_escaped);

/// The format names the number of intervals first, so cues are counted before they are written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    intervals: u64,
    /// End of the last interval, while counting and while writing.
    at: u64,
    number: u64,
    end: u64,
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Micro)
    }

    fn is_counted(&self) -> bool {
        true
    }

    fn is_single_line(&self) -> bool {
        true
    }

    fn count(&mut self, cue: &CueView<'_>) {
        self.intervals += 1 + u64::from(cue.start > self.at);
        self.at = cue.end;
    }

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        // A tier holds at least one interval, and an interval has a length.
        self.end = Tick::Micro.round(head.duration).max(self.at).max(1);
        self.intervals += u64::from(self.end > self.at);
        self.at = 0;
        buf.extend_from_slice(
            b"File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = ",
        );
        put_micros(buf, self.end);
        buf.extend_from_slice(
            b"\ntiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n        \
              class = \"IntervalTier\"\n        name = \"words\"\n        xmin = 0\n        xmax = ",
        );
        put_micros(buf, self.end);
        buf.extend_from_slice(b"\n        intervals: size = ");
        put_number(buf, self.intervals);
        buf.push(b'\n');
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        if cue.start > self.at {
            self.open(buf, self.at, cue.start);
            buf.extend_from_slice(b"\"\n");
        }
        self.open(buf, cue.start, cue.end);
        cue.put_text(buf, &TEXT, b" ", &mut Plain);
        buf.extend_from_slice(b"\"\n");
        self.at = cue.end;
    }

    fn end(&mut self, buf: &mut Vec<u8>, _duration: u64) {
        if self.end > self.at {
            self.open(buf, self.at, self.end);
            buf.extend_from_slice(b"\"\n");
        }
    }
}

impl Writer {
    fn open(&mut self, buf: &mut Vec<u8>, from: u64, to: u64) {
        self.number += 1;
        buf.extend_from_slice(b"        intervals [");
        put_number(buf, self.number);
        buf.extend_from_slice(b"]:\n            xmin = ");
        put_micros(buf, from);
        buf.extend_from_slice(b"\n            xmax = ");
        put_micros(buf, to);
        buf.extend_from_slice(b"\n            text = \"");
    }
}

fn put_escaped(buf: &mut Vec<u8>, c: char) {
    if c == '"' {
        buf.push(b'"');
    }
    put_char(buf, c);
}

/// Reads the tier `words`, or else the first interval tier, of a long or short TextGrid.
///
/// Intervals without text are silence. Strict: intervals tile the tier. Lenient: they only have to
/// be in order of start and end each.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut tokens = Tokens {
        source: Source::new(TimingFormat::TextGrid, text),
        line: None,
        at: 0,
    };
    let kind = tokens.string("expected File type = \"ooTextFile\"")?;
    let class = tokens.string("expected Object class = \"TextGrid\"")?;
    if kind != "ooTextFile" || class != "TextGrid" {
        return Err(tokens.error("the file is not a TextGrid"));
    }
    tokens.number("expected xmin")?;
    let end = tokens.number("expected xmax")?;
    let mut chosen: Option<(bool, Document)> = None;
    let tiers = if tokens.flag()? {
        tokens.count("expected the number of tiers")?
    } else {
        0
    };
    for _ in 0..tiers {
        let class = tokens.string("expected the class of a tier")?;
        let name = tokens.string("expected the name of a tier")?;
        let mut at = tokens.number("expected xmin of a tier")?;
        let last = tokens.number("expected xmax of a tier")?;
        let count = tokens.count("expected the number of intervals")?;
        let mut document = Document::default();
        for _ in 0..count {
            let start = tokens.number("expected xmin of an interval")?;
            if class != "IntervalTier" {
                tokens.string("expected the mark of a point")?;
                continue;
            }
            let end = tokens.number("expected xmax of an interval")?;
            if end < start || !options.lenient && (start != at || end == start) {
                return Err(tokens.error("the interval does not begin where the last one ended"));
            }
            at = end;
            let text = tokens.string("expected the text of an interval")?;
            if !text.is_empty() {
                document.push(text, start, end);
            }
        }
        if class != "IntervalTier" {
            continue;
        }
        if !options.lenient && at != last {
            return Err(tokens.error("the intervals do not reach the end of their tier"));
        }
        let named = name == "words";
        if chosen.as_ref().is_none_or(|(best, _)| named && !best) {
            chosen = Some((named, document));
        }
    }
    let mut document = match chosen {
        Some((_, document)) => document,
        None if options.lenient => Document::default(),
        None => return Err(tokens.error("expected an interval tier")),
    };
    let heard = document
        .cues
        .iter()
        .map(|cue| cue.end)
        .max()
        .unwrap_or_default();
    document.duration = Some(Duration::from_nanos(end).max(heard));
    Ok(document)
}

/// Strings, free-standing numbers and flags; everything between them is decoration.
#[derive(Debug)]
struct Tokens<'a> {
    source: Source<'a>,
    line: Option<Line<'a>>,
    at: usize,
}

#[derive(Debug, PartialEq)]
enum Token {
    Text(String),
    Number(u64),
    Flag(bool),
}

impl Tokens<'_> {
    fn string(&mut self, reason: &str) -> Result<String> {
        match self.next()? {
            Some(Token::Text(text)) => Ok(text),
            _ => Err(self.error(reason)),
        }
    }

    /// Seconds as nanoseconds.
    fn number(&mut self, reason: &str) -> Result<u64> {
        match self.next()? {
            Some(Token::Number(nanos)) => Ok(nanos),
            _ => Err(self.error(reason)),
        }
    }

    fn count(&mut self, reason: &str) -> Result<u64> {
        Ok(self.number(reason)? / 1_000_000_000)
    }

    fn flag(&mut self) -> Result<bool> {
        match self.next()? {
            Some(Token::Flag(flag)) => Ok(flag),
            _ => Err(self.error("expected <exists> or <absent>")),
        }
    }

    fn error(&self, reason: &str) -> TimingError {
        match self.line {
            Some(line) => self.source.error(line, self.at, reason),
            None => self.source.error_at_end(reason),
        }
    }

    fn next(&mut self) -> Result<Option<Token>> {
        loop {
            let Some(line) = self.line else {
                self.line = self.source.next();
                self.at = 0;
                if self.line.is_none() {
                    return Ok(None);
                }
                continue;
            };
            let rest = &line.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if trimmed.is_empty() || trimmed.starts_with('!') {
                self.line = None;
                continue;
            }
            if trimmed.starts_with('"') {
                self.at += 1;
                return self.quoted().map(|text| Some(Token::Text(text)));
            }
            let end = trimmed
                .find(|c: char| c.is_whitespace())
                .unwrap_or(trimmed.len());
            self.at += end;
            match &trimmed[..end] {
                "<exists>" => return Ok(Some(Token::Flag(true))),
                "<absent>" => return Ok(Some(Token::Flag(false))),
                word => {
                    if let Some(nanos) = seconds(word) {
                        return Ok(Some(Token::Number(nanos)));
                    }
                }
            }
        }
    }

    /// The rest of a string; it may go on over lines.
    fn quoted(&mut self) -> Result<String> {
        let mut text = String::new();
        while let Some(line) = self.line {
            let rest = &line.text[self.at..];
            match rest.find('"') {
                Some(end) => {
                    text.push_str(&rest[..end]);
                    self.at += end + 1;
                    if !line.text[self.at..].starts_with('"') {
                        return Ok(text);
                    }
                    text.push('"');
                    self.at += 1;
                }
                None => {
                    text.push_str(rest);
                    text.push('\n');
                    self.line = self.source.next();
                    self.at = 0;
                }
            }
        }
        Err(self.error("a string does not end"))
    }
}
