//! WebVTT: `WEBVTT`, then cues with `&`, `<` and `>` escaped.

use super::{FormatWriter, Head, Pass, Tick, TimingFormat};
use crate::{
    clock::Clock,
    cue::{CueView, Decorate, Marked, Plain},
    error::Result,
    options::{ReadOptions, WriteOptions},
    read::{CueWord, Document, Line, Source, Syllables, parts},
    text::{Escape, put_char},
};

static TEXT: Escape = Escape::new(b"&<>", put_escaped);

#[derive(Debug)]
pub(super) struct Writer {
    clock: Clock,
    karaoke: bool,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        let karaoke = options.karaoke.is_some() && !options.highlight;
        Self {
            clock: Clock::new(b'.'),
            karaoke,
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

    fn begin(&mut self, buf: &mut Vec<u8>, _head: &Head<'_>) {
        buf.extend_from_slice(b"WEBVTT\n\n");
    }

    #[inline]
    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        self.clock.put_arrow(buf, cue.start, cue.end);
        if let Some(speaker) = cue.speaker() {
            buf.extend_from_slice(b"<v ");
            TEXT.put(buf, speaker);
            buf.push(b'>');
        }
        if self.karaoke {
            let mut stamps = Stamps {
                cue,
                last: cue.start,
                clock: &mut self.clock,
            };
            cue.put_text(buf, &TEXT, b"\n", &mut stamps);
        } else if cue.mark.is_empty() {
            cue.put_text(buf, &TEXT, b"\n", &mut Plain);
        } else {
            let mark = cue.mark.clone();
            cue.put_text(
                buf,
                &TEXT,
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

/// Time stamps inside a cue: behind its start, increasing, before its end.
#[derive(Debug)]
struct Stamps<'a> {
    cue: &'a CueView<'a>,
    last: u64,
    clock: &'a mut Clock,
}

impl Decorate for Stamps<'_> {
    fn before(&mut self, buf: &mut Vec<u8>, word: usize) {
        let start = Tick::Milli.round(self.cue.track.nanos_of(word).0);
        if start > self.last && start < self.cue.end {
            self.last = start;
            buf.push(b'<');
            self.clock.put_millis(buf, start);
            buf.push(b'>');
        }
    }
}

fn put_escaped(buf: &mut Vec<u8>, c: char) {
    match c {
        '&' => buf.extend_from_slice(b"&amp;"),
        '<' => buf.extend_from_slice(b"&lt;"),
        '>' => buf.extend_from_slice(b"&gt;"),
        _ => put_char(buf, c),
    }
}

/// Reads WebVTT, time stamps inside cues too.
///
/// Lenient, as browsers are: no space is needed around the arrow, an arrow begins a cue even in the
/// middle of a text, a cue with bad times is passed over.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let text = text.replace('\0', "\u{FFFD}");
    let mut source = Source::new(TimingFormat::Vtt, &text);
    let mut document = Document::default();
    let head = source.next().map_or("", |line| line.text);
    if !head
        .strip_prefix("WEBVTT")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    {
        let line = Line {
            number: 1,
            text: head,
        };
        return Err(source.error(line, 0, "expected WEBVTT at the start of the file"));
    }
    // Header lines up to the first blank one.
    while let Some(line) = source.peek().filter(|line| !line.text.is_empty()) {
        if options.lenient && line.text.contains("-->") {
            break;
        }
        if !options.lenient {
            return Err(source.error(line, 0, "expected a blank line behind WEBVTT"));
        }
        source.next();
    }
    while let Some(line) = source.next() {
        if line.text.is_empty() {
            continue;
        }
        let timing = if line.text.contains("-->") {
            line
        } else if is_block(line.text) {
            source.block();
            continue;
        } else {
            match source.peek().filter(|next| next.text.contains("-->")) {
                Some(next) => {
                    source.next();
                    next
                }
                None if options.lenient => continue,
                None => return Err(source.error(line, 0, "expected the times of a cue")),
            }
        };
        let times = times(&source, timing, options.lenient);
        let text = cue_text(&mut source, options.lenient)?;
        match times {
            Ok((start, end)) => {
                let (plain, words) = plain_text(&text, start, end);
                document.push_words(plain, start, end, words);
                if let Some(cue) = document.cues.last_mut() {
                    cue.speaker = voice(&text);
                }
            }
            Err(_) if options.lenient => {}
            Err(error) => return Err(error),
        }
    }
    Ok(document)
}

/// Comments, style sheets and regions.
fn is_block(text: &str) -> bool {
    ["NOTE", "STYLE", "REGION"].iter().any(|name| {
        text.strip_prefix(name).is_some_and(|rest| {
            rest.is_empty()
                || *name == "NOTE" && rest.starts_with([' ', '\t'])
                || rest.trim().is_empty()
        })
    })
}

/// Lines of a cue; an arrow among them is an error, or the next cue.
fn cue_text(source: &mut Source<'_>, lenient: bool) -> Result<String> {
    let mut text = String::new();
    while let Some(line) = source.peek() {
        if let Some(arrow) = line.text.find("-->") {
            if lenient {
                break;
            }
            return Err(source.error(line, arrow, "the text of a cue cannot hold an arrow"));
        }
        source.next();
        if line.text.is_empty() {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line.text);
    }
    Ok(text)
}

fn times(source: &Source<'_>, line: Line<'_>, lenient: bool) -> Result<(u64, u64)> {
    let arrow = line.text.find("-->").unwrap_or(line.text.len());
    let (left, right) = (
        &line.text[..arrow],
        &line.text[(arrow + 3).min(line.text.len())..],
    );
    let space: &[char] = &[' ', '\t'];
    if !(lenient || left.ends_with(space) && right.starts_with(space)) {
        return Err(source.error(
            line,
            arrow,
            "expected white space on both sides of the arrow",
        ));
    }
    let left = if lenient {
        left.trim()
    } else {
        left.trim_end_matches(space)
    };
    let right = right.trim_start_matches([' ', '\t', '\u{C}']);
    let right = right.split([' ', '\t', '\u{C}']).next().unwrap_or_default();
    let start = stamp(left)
        .ok_or_else(|| source.error(line, 0, "the start is not a time like 00:00:01.500"))?;
    let end = stamp(right)
        .ok_or_else(|| source.error(line, arrow + 3, "the end is not a time like 00:00:01.500"))?;
    if end < start || !lenient && end == start {
        return Err(source.error(line, arrow + 3, "the cue does not end behind its start"));
    }
    Ok((start, end))
}

/// `[hh:]mm:ss.ttt`; everybody is strict about it.
fn stamp(text: &str) -> Option<u64> {
    let parts = parts(text)?;
    let hours = if parts.fields[0].is_empty() { 0 } else { 2 };
    parts.is_strict(hours, '.', 3).then(|| parts.nanos())?
}

/// Takes tags away and decodes references; time stamps part the text into words.
fn plain_text(text: &str, start: u64, end: u64) -> (String, Vec<CueWord>) {
    let mut out = String::with_capacity(text.len());
    let mut syllables = Syllables::default();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(tag) = rest.strip_prefix('<') {
            let close = tag.find('>').unwrap_or(tag.len());
            if let Some(time) = stamp(&tag[..close]) {
                if syllables.is_empty() {
                    syllables.begin(start, None, 0);
                }
                syllables.begin(time, None, out.len());
            }
            rest = tag.get(close + 1..).unwrap_or_default();
        } else if let Some((character, length)) = reference(rest) {
            out.push(character);
            rest = &rest[length..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    let words = syllables.finish(&out, end);
    (out, words)
}

/// Who speaks: the annotation of the first voice tag, without its classes.
fn voice(text: &str) -> Option<String> {
    let tag = text.find("<v").map(|at| &text[at + 2..])?;
    let tag = &tag[..tag.find('>')?];
    let (classes, name) = tag.split_once([' ', '\t', '\n'])?;
    if !(classes.is_empty() || classes.starts_with('.')) {
        return None;
    }
    let (name, _) = plain_text(name, 0, 0);
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// A character reference at the start of the text, and its length.
fn reference(text: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 6] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&lrm;", '\u{200E}'),
        ("&rlm;", '\u{200F}'),
        ("&nbsp;", '\u{A0}'),
    ];
    NAMED
        .iter()
        .find(|(name, _)| text.starts_with(name))
        .map(|(name, c)| (*c, name.len()))
}
