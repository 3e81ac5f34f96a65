//! TTML in the text profile of IMSC 1.1: a paragraph per cue, spans for its words.

use super::{FormatWriter, Head, Pass, Tick};
use crate::{
    cue::{CueView, Decorate, Marked, Plain},
    options::WriteOptions,
    text::{Escape, put_char},
    time::Clock,
};

static TEXT: Escape = Escape::new(b"&<>\"", put_escaped);

const HEAD: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<tt xmlns=\"http://www.w3.org/ns/ttml\" xmlns:ttp=\"http://www.w3.org/ns/ttml#parameter\" \
xmlns:tts=\"http://www.w3.org/ns/ttml#styling\" xmlns:ttm=\"http://www.w3.org/ns/ttml#metadata\" \
ttp:timeBase=\"media\" ttp:contentProfiles=\"http://www.w3.org/ns/ttml/profile/imsc1.1/text\" \
xml:lang=\"";

const LAYOUT: &str = "\
  <layout>
   <region xml:id=\"bottom\" tts:origin=\"10% 10%\" tts:extent=\"80% 80%\" \
tts:displayAlign=\"after\" tts:textAlign=\"center\"/>
  </layout>
 </head>
 <body region=\"bottom\">
  <div>
";

#[derive(Debug)]
pub(super) struct Writer {
    clock: Clock,
    spans: bool,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        let spans = options.karaoke.is_some() && !options.highlight;
        Self {
            clock: Clock::new(b'.'),
            spans,
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

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        buf.extend_from_slice(HEAD.as_bytes());
        TEXT.put(buf, head.language.unwrap_or_default());
        buf.extend_from_slice(b"\">\n <head>\n");
        if let Some(title) = head.title {
            buf.extend_from_slice(b"  <metadata><ttm:title>");
            TEXT.put(buf, title);
            buf.extend_from_slice(b"</ttm:title></metadata>\n");
        }
        buf.extend_from_slice(LAYOUT.as_bytes());
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        buf.extend_from_slice(b"   <p begin=\"");
        self.clock.put_millis(buf, cue.start);
        buf.extend_from_slice(b"\" end=\"");
        self.clock.put_millis(buf, cue.end);
        buf.extend_from_slice(b"\">");
        if self.spans {
            let mut spans = Spans {
                cue,
                at: cue.start,
                clock: &mut self.clock,
            };
            cue.put_text(buf, &TEXT, b"<br/>", &mut spans);
        } else if cue.mark.is_empty() {
            cue.put_text(buf, &TEXT, b"<br/>", &mut Plain);
        } else {
            let mark = cue.mark.clone();
            let on = b"<span tts:textDecoration=\"underline\">";
            cue.put_text(
                buf,
                &TEXT,
                b"<br/>",
                &mut Marked {
                    mark,
                    on,
                    off: b"</span>",
                },
            );
        }
        buf.extend_from_slice(b"</p>\n");
    }

    fn end(&mut self, buf: &mut Vec<u8>, _duration: u64) {
        buf.extend_from_slice(b"  </div>\n </body>\n</tt>\n");
    }
}

/// A span per word; its times count from the start of the paragraph.
#[derive(Debug)]
struct Spans<'a> {
    cue: &'a CueView<'a>,
    at: u64,
    clock: &'a mut Clock,
}

impl Decorate for Spans<'_> {
    fn before(&mut self, buf: &mut Vec<u8>, word: usize) {
        let (start, end) = self.cue.word_ticks(word, Tick::Milli, self.at);
        buf.extend_from_slice(b"<span begin=\"");
        self.clock.put_millis(buf, start - self.cue.start);
        buf.extend_from_slice(b"\" end=\"");
        self.clock.put_millis(buf, end - self.cue.start);
        buf.extend_from_slice(b"\">");
        self.at = end;
    }

    fn after(&mut self, buf: &mut Vec<u8>, _word: usize) {
        buf.extend_from_slice(b"</span>");
    }
}

fn put_escaped(buf: &mut Vec<u8>, c: char) {
    match c {
        '&' => buf.extend_from_slice(b"&amp;"),
        '<' => buf.extend_from_slice(b"&lt;"),
        '>' => buf.extend_from_slice(b"&gt;"),
        '"' => buf.extend_from_slice(b"&quot;"),
        // No character reference makes these legal in XML 1.0.
        '\u{FFFE}' | '\u{FFFF}' => {}
        _ => put_char(buf, c),
    }
}
