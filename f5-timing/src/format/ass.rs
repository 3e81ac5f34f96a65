//! Advanced SubStation Alpha: header, one style, `Dialogue` lines, karaoke tags.

use super::{FormatWriter, Head, Pass, Tick};
use crate::{
    cue::{CueView, Decorate, Marked, Plain},
    options::{Karaoke, WriteOptions},
    text::{Escape, put_char},
    time::{Clock, put_number},
};

/// Libass reads `\{` and `\}`; a backslash has no escape, U+2060 keeps it from meaning anything.
static TEXT: Escape = Escape::new(b"{}\\", put_escaped);
static TITLE: Escape = Escape::new(b"", put_char);

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
        buf.extend_from_slice(b"Dialogue: 0,");
        self.clock.put_centis(buf, cue.start);
        buf.push(b',');
        self.clock.put_centis(buf, cue.end);
        buf.extend_from_slice(b",Default,,0,0,0,,");
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
