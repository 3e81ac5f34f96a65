//! Advanced SubStation Alpha: header, one style, `Dialogue` lines, karaoke tags.

use super::{FormatWriter, Head, Pass, Tick, TimingFormat};
use crate::{
    clock::Clock,
    cue::{CueView, Decorate, Marked, Plain},
    error::Result,
    options::{Karaoke, ReadOptions, WriteOptions},
    read::{CueWord, Document, Source, Syllables, parts},
    text::{Escape, put_char},
    time::{CENTI, MAX_SECONDS, put_number},
};

/// Libass reads `\{` and `\}`; a backslash has no escape, U+2060 keeps it from meaning anything.
static TEXT: Escape = Escape::new(b"{}\\", put_escaped);
static TITLE: Escape = Escape::new(b"", put_char);
/// A comma would end the field.
static NAME: Escape = Escape::new(b",", put_name);

/// What follows the name in an event, up to the text.
const NO_NAME: &[u8] = b",0,0,0,,";

const HEAD: &str = "\
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, \
Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,64,&H00FFFFFF,&H00B0B0B0,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,96,\
96,64,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
";

#[derive(Debug)]
pub(super) struct Writer {
    clock: Clock,
    karaoke: Option<&'static [u8]>,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        let karaoke = options
            .karaoke
            .filter(|_| !options.highlight)
            .map(|kind| match kind {
                Karaoke::Instant => b"{\\k".as_slice(),
                Karaoke::Sweep => b"{\\kf",
                Karaoke::Outline => b"{\\ko",
            });
        Self {
            clock: Clock::new(b'.'),
            karaoke,
        }
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Centi)
    }

    fn highlights(&self) -> bool {
        true
    }

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        buf.extend_from_slice(b"[Script Info]\n");
        if let Some(title) = head.title {
            buf.extend_from_slice(b"Title: ");
            TITLE.put(buf, title);
            buf.push(b'\n');
        }
        buf.extend_from_slice(HEAD.as_bytes());
    }

    #[inline]
    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        self.clock.put_event(buf, cue.start, cue.end);
        if let Some(speaker) = cue.speaker() {
            buf.truncate(buf.len() - NO_NAME.len());
            NAME.put(buf, speaker);
            buf.extend_from_slice(NO_NAME);
        }
        if let Some(tag) = self.karaoke {
            cue.put_text(
                buf,
                &TEXT,
                b"\\N",
                &mut Tags {
                    cue,
                    tag,
                    at: cue.start,
                },
            );
        } else if cue.mark.is_empty() {
            cue.put_text(buf, &TEXT, b"\\N", &mut Plain);
        } else {
            let mark = cue.mark.clone();
            let mut marked = Marked {
                mark,
                on: b"{\\c&H00FFFF&}",
                off: b"{\\c}",
            };
            cue.put_text(buf, &TEXT, b"\\N", &mut marked);
        }
        buf.push(b'\n');
    }
}

/// Karaoke tags: lengths are differences of rounded times, so they never drift from the clock.
#[derive(Debug)]
struct Tags<'a> {
    cue: &'a CueView<'a>,
    tag: &'static [u8],
    at: u64,
}

impl Decorate for Tags<'_> {
    fn before(&mut self, buf: &mut Vec<u8>, word: usize) {
        let (start, end) = self.cue.word_ticks(word, Tick::Centi, self.at);
        if start > self.at {
            buf.extend_from_slice(b"{\\k");
            put_number(buf, start - self.at);
            buf.push(b'}');
        }
        buf.extend_from_slice(self.tag);
        put_number(buf, end - start);
        buf.push(b'}');
        self.at = end;
    }
}

fn put_escaped(buf: &mut Vec<u8>, c: char) {
    match c {
        '{' => buf.extend_from_slice(b"\\{"),
        '}' => buf.extend_from_slice(b"\\}"),
        '\\' => buf.extend_from_slice("\\\u{2060}".as_bytes()),
        _ => put_char(buf, c),
    }
}

fn put_name(buf: &mut Vec<u8>, c: char) {
    put_char(buf, if c == ',' { ';' } else { c });
}

/// Reads the dialogue of an ASS file, karaoke lengths as words.
///
/// Lenient: fields of any width, with the fraction counted in hundredths as libass does; the
/// `Format` line may be absent; lines outside `[Events]` do not matter.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut source = Source::new(TimingFormat::Ass, text);
    let mut document = Document::default();
    let mut section = String::new();
    let mut order = options.lenient.then_some(Order {
        count: 10,
        start: 1,
        end: 2,
        name: Some(4),
        text: 9,
    });
    while let Some(line) = source.next() {
        let text = line.text;
        if text.starts_with('[') {
            section = text.trim().to_ascii_lowercase();
        } else if section.is_empty() && !options.lenient && !text.trim().is_empty() {
            return Err(source.error(line, 0, "expected a section such as [Script Info]"));
        }
        if let Some(title) = text
            .strip_prefix("Title:")
            .filter(|_| section == "[script info]")
        {
            document.title = Some(title.trim().to_owned());
        }
        if section != "[events]" {
            continue;
        }
        if let Some(fields) = text.strip_prefix("Format:") {
            order = Some(Order::of(fields).ok_or_else(|| {
                source.error(line, 7, "expected Start, End and, as the last field, Text")
            })?);
        } else if let Some(fields) = text.strip_prefix("Dialogue:") {
            let Some(order) = &order else {
                return Err(source.error(line, 0, "expected a Format line before the first event"));
            };
            let fields = fields.splitn(order.count, ',').collect::<Vec<_>>();
            if fields.len() < order.count {
                return Err(source.error(line, 9, "the event has too few fields"));
            }
            let time = |field: usize, reason: &str| {
                stamp(fields[field].trim(), options.lenient)
                    .ok_or_else(|| source.error(line, 9, reason))
            };
            let start = time(order.start, "the start is not a time like 0:00:01.50")?;
            let end = time(order.end, "the end is not a time like 0:00:01.50")?;
            if end < start {
                return Err(source.error(line, 9, "the event ends before it starts"));
            }
            let (text, words) = plain_text(fields[order.text], start);
            document.push_words(text, start, end, words);
            let name = order.name.map(|name| fields[name].trim());
            if let Some(cue) = document.cues.last_mut() {
                cue.speaker = name.filter(|name| !name.is_empty()).map(str::to_owned);
            }
        }
    }
    Ok(document)
}

/// Where the fields of an event stand.
#[derive(Debug)]
struct Order {
    count: usize,
    start: usize,
    end: usize,
    /// `Name`, or `Actor` as Aegisub shows it.
    name: Option<usize>,
    text: usize,
}

impl Order {
    fn of(fields: &str) -> Option<Self> {
        let names = fields.split(',').map(str::trim).collect::<Vec<_>>();
        let find = |name: &str| names.iter().position(|n| n.eq_ignore_ascii_case(name));
        let text = find("text").filter(|text| text + 1 == names.len())?;
        Some(Self {
            count: names.len(),
            start: find("start")?,
            end: find("end")?,
            name: find("name").or_else(|| find("actor")),
            text,
        })
    }
}

fn stamp(text: &str, lenient: bool) -> Option<u64> {
    let parts = parts(text)?;
    if parts.is_strict(1, '.', 2) && !parts.fields[0].is_empty() {
        return parts.nanos();
    }
    if !lenient || parts.fields[0].is_empty() {
        return None;
    }
    let fraction = parts
        .fraction
        .map_or(Some(0), |(_, text)| text.parse::<u64>().ok())?;
    let nanos = fraction
        .checked_mul(CENTI)
        .filter(|nanos| *nanos < MAX_SECONDS * 1000)?;
    parts
        .whole_seconds()?
        .checked_mul(1_000_000_000)?
        .checked_add(nanos)
}

/// Takes override blocks away and resolves escapes; karaoke parts the text into words.
fn plain_text(text: &str, start: u64) -> (String, Vec<CueWord>) {
    let mut out = String::with_capacity(text.len());
    let mut syllables = Syllables::default();
    let mut at = start;
    let mut rest = text;
    while let Some(found) = rest.find(['{', '\\']) {
        out.push_str(&rest[..found]);
        rest = &rest[found..];
        if let Some(block) = rest.strip_prefix('{') {
            let Some(close) = block.find('}') else {
                out.push('{');
                rest = block;
                continue;
            };
            for length in karaoke(&block[..close]) {
                let end = at
                    .saturating_add(length.saturating_mul(CENTI))
                    .min(MAX_SECONDS * 1_000_000_000);
                syllables.begin(at, Some(end), out.len());
                at = end;
            }
            rest = &block[close + 1..];
            continue;
        }
        let mut escape = rest[1..].chars();
        let taken = match escape.next() {
            Some('N' | 'n') => '\n',
            Some('h') => '\u{A0}',
            Some(brace @ ('{' | '}')) => brace,
            Some('\u{2060}') => '\\',
            _ => {
                out.push('\\');
                rest = &rest[1..];
                continue;
            }
        };
        out.push(taken);
        rest = escape.as_str();
    }
    out.push_str(rest);
    let words = syllables.finish(&out, at);
    (out, words)
}

/// Lengths of the karaoke tags in an override block, in hundredths of a second.
fn karaoke(block: &str) -> impl Iterator<Item = u64> + '_ {
    block.split('\\').skip(1).filter_map(|tag| {
        let tag = tag.trim();
        let digits = ["kf", "ko", "k", "K"]
            .iter()
            .find_map(|name| tag.strip_prefix(name))?;
        digits.parse::<u64>().ok()
    })
}
