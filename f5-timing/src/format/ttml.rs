//! TTML in the text profile of IMSC 1.1: a paragraph per cue, spans for its words.

use super::{FormatWriter, Head, Pass, Tick, TimingFormat};
use crate::{
    clock::Clock,
    cue::{CueView, Decorate, Marked, Plain},
    error::Result,
    options::{ReadOptions, WriteOptions},
    read::{Document, Event, Syllables, Xml, parts, seconds, syntax},
    text::{Escape, put_char},
    time::MAX_SECONDS,
};

static TEXT: Escape = Escape::new(b"&<>\"", put_escaped);

const HEAD: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<tt xmlns=\"http://www.w3.org/ns/ttml\" xmlns:ttp=\"http://www.w3.org/ns/ttml#parameter\" \
xmlns:tts=\"http://www.w3.org/ns/ttml#styling\" xmlns:ttm=\"http://www.w3.org/ns/ttml#metadata\" \
ttp:timeBase=\"media\" ttp:contentProfiles=\"http://www.w3.org/ns/ttml/profile/imsc1.1/text\" \
xml:space=\"preserve\" xml:lang=\"";

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

/// Reads the paragraphs of a TTML file, timed spans as words.
///
/// Times are clock times with a fraction or counts of hours, minutes, seconds or milliseconds;
/// those of `body`, `div` and `span` count from their parent's. Lenient: frames and ticks too, with
/// the rates the file names, and a paragraph without an end lasts no time.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut xml = Xml::new(text);
    let mut reader = Reader {
        lenient: options.lenient,
        ..Reader::default()
    };
    loop {
        let done = match xml.next() {
            Ok(Some(event)) => reader.take(event),
            Ok(None) => break,
            Err(reason) => Err(reason),
        };
        if let Err(reason) = done {
            let (line, column) = xml.position();
            return Err(syntax(TimingFormat::Ttml, line, column, reason));
        }
    }
    if !reader.rooted || !reader.open.is_empty() && !options.lenient {
        let (line, column) = xml.position();
        let reason = if reader.rooted {
            "an element does not end"
        } else {
            "expected a tt element"
        };
        return Err(syntax(TimingFormat::Ttml, line, column, reason));
    }
    Ok(reader.document)
}

/// Elements that are open and the paragraph being read.
#[derive(Debug, Default)]
struct Reader {
    document: Document,
    lenient: bool,
    rooted: bool,
    /// Frames and ticks per second.
    rates: Option<(f64, f64)>,
    open: Vec<Open>,
    paragraph: Option<Paragraph>,
    title: bool,
}

#[derive(Debug)]
struct Open {
    name: String,
    /// Where times inside count from.
    begin: u64,
    preserve: bool,
}

#[derive(Debug)]
struct Paragraph {
    depth: usize,
    begin: u64,
    end: u64,
    text: String,
    syllables: Syllables,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Start(name, attributes) => self.start(name, &attributes),
            Event::Text(text) => {
                self.text(&text);
                Ok(())
            }
            Event::End(name) => self.end(name),
        }
    }

    fn start(&mut self, name: &str, attributes: &[(&str, String)]) -> Result<(), &'static str> {
        let get = |key: &str| {
            attributes
                .iter()
                .find(|(k, _)| *k == key)
                .map(|(_, v)| v.as_str())
        };
        if !self.rooted {
            if name != "tt" {
                return Err("expected a tt element");
            }
            self.rooted = true;
            self.document.language = get("lang").filter(|l| !l.is_empty()).map(str::to_owned);
            let rate = |key, other| {
                get(key)
                    .and_then(|v| v.parse::<f64>().ok())
                    .unwrap_or(other)
            };
            self.rates = Some((rate("frameRate", 30.0), rate("tickRate", 1.0)));
        }
        let parent = self
            .open
            .last()
            .map_or((0, false), |open| (open.begin, open.preserve));
        let time = |key: &str| match get(key) {
            Some(text) => {
                let nanos = self.time(text.trim()).ok_or("a time is not readable")?;
                // Named, because other crates in the graph may turn more types into `&str`.
                Ok::<_, &str>(Some(nanos))
            }
            None => Ok(None),
        };
        let begin = parent.0 + time("begin")?.unwrap_or(0);
        let end = match (time("end")?, time("dur")?) {
            (Some(end), _) => Some(parent.0 + end),
            (None, Some(length)) => Some(begin + length),
            (None, None) => None,
        };
        if begin.max(end.unwrap_or(0)) > MAX_SECONDS * 1_000_000_000 {
            return Err("a time is too large");
        }
        if end.is_some_and(|end| end < begin) {
            return Err("an element ends before it begins");
        }
        let preserve = match get("space") {
            Some(space) => space == "preserve",
            None => parent.1,
        };
        self.open.push(Open {
            name: name.to_owned(),
            begin,
            preserve,
        });
        match (&mut self.paragraph, name) {
            (Some(paragraph), "br") => paragraph.text.push('\n'),
            (Some(paragraph), "span") if get("begin").is_some() => {
                paragraph.syllables.begin(begin, end, paragraph.text.len());
            }
            (None, "p") => {
                let end = match end {
                    Some(end) => end,
                    None if self.lenient => begin,
                    None => return Err("a paragraph has no end"),
                };
                let (depth, text) = (self.open.len(), String::new());
                let syllables = Syllables::default();
                self.paragraph = Some(Paragraph {
                    depth,
                    begin,
                    end,
                    text,
                    syllables,
                });
            }
            (None, "title") => self.title = true,
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let preserve = self.open.last().is_some_and(|open| open.preserve);
        if self.title {
            self.document.title = Some(text.to_owned());
        }
        let Some(paragraph) = &mut self.paragraph else {
            return;
        };
        if preserve {
            paragraph.text.push_str(text);
            return;
        }
        for c in text.chars() {
            let space = c.is_ascii_whitespace();
            if !space {
                paragraph.text.push(c);
            } else if !paragraph.text.is_empty() && !paragraph.text.ends_with([' ', '\n']) {
                paragraph.text.push(' ');
            }
        }
    }

    fn end(&mut self, name: &str) -> Result<(), &'static str> {
        match self.open.pop() {
            Some(open) if open.name == name => {}
            _ => return Err("an end tag does not fit the element that is open"),
        }
        self.title = false;
        if self
            .paragraph
            .as_ref()
            .is_some_and(|paragraph| self.open.len() < paragraph.depth)
            && let Some(paragraph) = self.paragraph.take()
        {
            let Paragraph {
                begin,
                end,
                text,
                syllables,
                ..
            } = paragraph;
            let words = syllables.finish(&text, end);
            self.document.push_words(text.trim(), begin, end, words);
        }
        Ok(())
    }

    /// Nanoseconds of a time expression.
    fn time(&self, text: &str) -> Option<u64> {
        if let Some(parts) = parts(text) {
            let whole = parts.fields.iter().all(|field| field.len() >= 2);
            let point = parts.fraction.is_none_or(|(separator, _)| separator == '.');
            if whole && point {
                return parts.nanos();
            }
        }
        let (frames, ticks) = self.rates?;
        if let (true, Some((clock, frame))) = (self.lenient, text.rsplit_once(':'))
            && clock.matches(':').count() == 2
        {
            let rest = (frame.parse::<u32>().ok()?, frames);
            return Some(parts(clock)?.nanos()? + from_f64(f64::from(rest.0) / rest.1)?);
        }
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = &text[..text.len() - unit.len()];
        let scale = match unit {
            "s" => return seconds(number),
            "h" => 3600.0,
            "m" => 60.0,
            "ms" => 0.001,
            "f" if self.lenient => 1.0 / frames,
            "t" if self.lenient => 1.0 / ticks,
            _ => return None,
        };
        from_f64(number.parse::<f64>().ok()? * scale)
    }
}

fn from_f64(value: f64) -> Option<u64> {
    let fits = value.is_finite() && (0.0..=MAX_SECONDS as f64).contains(&value);
    fits.then_some((value * 1e9 + 0.5) as u64)
}
