//! SubRip: number, `HH:MM:SS,mmm --> HH:MM:SS,mmm`, text, blank line.

use super::{FormatWriter, Pass, Tick, TimingFormat};
use crate::{
    clock::Clock,
    cue::{CueView, Marked, Plain},
    error::Result,
    options::{ReadOptions, WriteOptions},
    read::{Document, Line, Source, parts},
    text::{Escape, put_char},
    time::Counter,
};

/// Keeps `-->` and what looks like markup apart; SRT has no escape.
const JOINER: char = '\u{2060}';

static TEXT: Escape = Escape::new(b"<{>", put_text);
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
            &TEXT
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

/// A joiner of the text's own where the reader would take one away gets another.
fn put_text(buf: &mut Vec<u8>, c: char) {
    let apart = match c {
        '>' => ends_with_dashes(buf),
        'a'..='z' | 'A'..='Z' | '/' | '\\' => matches!(buf.last(), Some(b'<' | b'{')),
        JOINER => matches!(buf.last(), Some(b'<' | b'{' | b'\\')),
        _ => false,
    };
    if apart {
        put_char(buf, JOINER);
    }
    put_char(buf, c);
}

/// Two dashes, and any number of joiners behind them.
fn ends_with_dashes(mut text: &[u8]) -> bool {
    while let Some(rest) = text.strip_suffix("\u{2060}".as_bytes()) {
        text = rest;
    }
    text.ends_with(b"--")
}

fn put_neutral(buf: &mut Vec<u8>, c: char) {
    put_text(buf, c);
    if matches!(c, '<' | '{' | '\\') {
        put_char(buf, JOINER);
    }
}

/// Reads SRT.
///
/// Lenient: `.` for `,`, fields of any width, a missing number, anything behind the times. Markup is
/// taken away in either case, see [`plain_text`].
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
        let mut text = source.block();
        if text.bytes().any(|byte| matches!(byte, b'<' | b'{')) || text.contains(JOINER) {
            text = plain_text(&text);
        }
        document.push(text, start, end);
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

/// Takes away markup that both FFmpeg and VLC obey or hide, and the joiners that the writer puts.
///
/// `<b>`, `<i>`, `<u>`, `<s>`, `<font>` with anything behind the name, and their closing forms; `<br>`
/// becomes a line break; `{\...}` as in ASS, `{Y:...}` as in MicroDVD, and `{b}` for `<b>`. All in any
/// case. The rest is text. FFmpeg hides other tags, VLC shows those that nothing closes: they may be
/// words, so they stay.
fn plain_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last_close = text.rfind('}').unwrap_or(0);
    let mut rest = text;
    while let Some(found) = rest.find(['<', '{', '\\', JOINER]) {
        out.push_str(&rest[..found]);
        rest = &rest[found..];
        if rest.starts_with(JOINER) {
            let behind = rest.trim_start_matches(JOINER);
            let joiners = &rest[..rest.len() - behind.len()];
            let arrow = out.ends_with("--") && behind.starts_with('>');
            out.push_str(if arrow {
                &joiners[JOINER.len_utf8()..]
            } else {
                joiners
            });
            rest = behind;
            continue;
        }
        let markup = match rest.as_bytes()[0] {
            b'<' => tag(rest),
            // Braces that nothing closes are not looked through again and again.
            b'{' if text.len() - rest.len() < last_close => braces(rest),
            _ => None,
        };
        if let Some((length, shown)) = markup {
            out.push_str(shown);
            rest = &rest[length..];
        } else {
            out.push_str(&rest[..1]);
            rest = rest[1..].strip_prefix(JOINER).unwrap_or(&rest[1..]);
        }
    }
    out.push_str(rest);
    out
}

/// Length of the tag at the start of the text, and what is shown for it.
fn tag(text: &str) -> Option<(usize, &'static str)> {
    let inner = &text[1..];
    let close = inner.find(['<', '>'])?;
    if !inner[close..].starts_with('>') {
        return None;
    }
    let name = inner[..close].strip_prefix('/').unwrap_or(&inner[..close]);
    let name = name.split([' ', '\t', '\n', '/']).next()?;
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let shown = match () {
        () if ["b", "i", "u", "s", "font"].into_iter().any(is) => "",
        () if is("br") => "\n",
        () => return None,
    };
    Some((close + 2, shown))
}

/// Length of the markup in braces at the start of the text; nothing is shown for it.
fn braces(text: &str) -> Option<(usize, &'static str)> {
    let inner = &text[1..];
    let close = || inner.find('}').map(|close| (close + 2, ""));
    match inner.as_bytes() {
        [b'\\', ..] => close(),
        [code, b':', ..] if b"cfopsy".contains(&code.to_ascii_lowercase()) => close(),
        [b'/', style, b'}', ..] | [style, b'}', ..]
            if b"bius".contains(&style.to_ascii_lowercase()) =>
        {
            close()
        }
        _ => None,
    }
}
