//! LRC: `[mm:ss.xx]text`; enhanced, `<mm:ss.xx>` in front of every word and behind the last.

use super::{FormatWriter, Head, Pass, Tick, TimingFormat};
use crate::{
    cue::{CueView, Decorate, Plain},
    error::Result,
    options::{ReadOptions, WriteOptions},
    read::{CueWord, Document, Source, Syllables, parts},
    text::{Escape, put_char, strip_joiners},
    time::{MAX_SECONDS, MILLI, pair, put_number},
};

/// The format has no escape: U+2060 keeps brackets from being read as tags.
const JOINER: char = '\u{2060}';

static TEXT: Escape = Escape::new(b"[<", put_escaped);

#[derive(Debug)]
pub(super) struct Writer {
    enhanced: bool,
}

impl Writer {
    pub(super) fn new(options: &WriteOptions) -> Self {
        Self {
            enhanced: options.karaoke.is_some(),
        }
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Centi)
    }

    fn is_single_line(&self) -> bool {
        true
    }

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        for (tag, value) in [("ti", head.title), ("la", head.language)] {
            if let Some(value) = value {
                buf.push(b'[');
                buf.extend_from_slice(tag.as_bytes());
                buf.push(b':');
                TEXT.put(buf, value);
                buf.extend_from_slice(b"]\n");
            }
        }
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        put_stamp(buf, b'[', cue.start, b']');
        if self.enhanced {
            let mut stamps = Stamps { cue, at: cue.start };
            cue.put_text(buf, &TEXT, b" ", &mut stamps);
            put_stamp(buf, b'<', stamps.at, b'>');
        } else {
            cue.put_text(buf, &TEXT, b" ", &mut Plain);
        }
        buf.push(b'\n');
    }
}

#[derive(Debug)]
struct Stamps<'a> {
    cue: &'a CueView<'a>,
    at: u64,
}

impl Decorate for Stamps<'_> {
    fn before(&mut self, buf: &mut Vec<u8>, word: usize) {
        let (start, end) = self.cue.word_ticks(word, Tick::Centi, self.at);
        put_stamp(buf, b'<', start, b'>');
        self.at = end;
    }
}

fn put_stamp(buf: &mut Vec<u8>, open: u8, centis: u64, close: u8) {
    buf.push(open);
    let minutes = centis / 6000;
    if minutes < 100 {
        buf.extend_from_slice(&pair(minutes));
    } else {
        put_number(buf, minutes);
    }
    let (seconds, rest) = (pair(centis / 100 % 60), pair(centis % 100));
    buf.extend_from_slice(&[b':', seconds[0], seconds[1], b'.', rest[0], rest[1], close]);
}

fn put_escaped(buf: &mut Vec<u8>, c: char) {
    put_char(buf, c);
    if matches!(c, '[' | '<') {
        put_char(buf, JOINER);
    }
}

/// Reads LRC; a line ends where the next begins, the last at its last stamp.
///
/// Both readers take two or three decimals and several stamps in front of a text. Lenient: lines
/// without a stamp are passed over, any number of decimals is taken, or none.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Document> {
    let mut source = Source::new(TimingFormat::Lrc, text);
    let mut document = Document::default();
    let mut offset = 0;
    let mut lines: Vec<(u64, &str)> = Vec::new();
    while let Some(line) = source.next() {
        let mut rest = line.text.trim_start();
        if rest.is_empty() {
            continue;
        }
        let mut starts = Vec::new();
        while let Some((tag, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            let Some(start) = stamp(tag, options.lenient) else {
                break;
            };
            if starts.len() == MOST_STAMPS {
                return Err(source.error(line, 0, "a line has too many time stamps"));
            }
            starts.push(start);
            rest = after;
        }
        if starts.is_empty() {
            let tag = rest
                .strip_prefix('[')
                .and_then(|rest| rest.trim_end().strip_suffix(']'));
            match tag.and_then(|tag| tag.split_once(':')) {
                Some(("ti", title)) => document.title = Some(strip_joiners(title.trim(), MARKS)),
                Some(("la", tag)) => document.language = Some(strip_joiners(tag.trim(), MARKS)),
                Some(("offset", millis)) => offset = millis.trim().parse::<i64>().unwrap_or(0),
                Some((name, _)) if !name.starts_with(|c: char| c.is_ascii_digit()) => {}
                _ if options.lenient => {}
                _ => return Err(source.error(line, 0, "expected a time stamp like [00:01.50]")),
            }
        }
        lines.extend(starts.into_iter().map(|start| (start, rest)));
    }
    lines.sort_by_key(|line| line.0);
    // A positive offset shows lines earlier.
    let shift = |nanos: u64| {
        let moved = i128::from(nanos) - i128::from(offset) * i128::from(MILLI);
        u64::try_from(moved.clamp(0, i128::from(MAX_SECONDS * 1_000_000_000))).unwrap_or(0)
    };
    for (i, &(start, text)) in lines.iter().enumerate() {
        let next = lines.get(i + 1).map(|next| next.0);
        let (text, syllables, last) = enhanced(text, &shift, options.lenient);
        let start = shift(start);
        let end = next.map(&shift).or(last).unwrap_or(start).max(start);
        let text = strip_joiners(&text, MARKS);
        let mut words = syllables;
        words
            .iter_mut()
            .for_each(|word| word.text = strip_joiners(&word.text, MARKS));
        // An empty line only clears the one before.
        if !text.trim().is_empty() {
            document.push_words(text.trim(), start, end, words);
        }
    }
    Ok(document)
}

/// Every stamp of a line repeats its text: a bound on what a small file can grow to.
const MOST_STAMPS: usize = 256;

const MARKS: &[&str] = &["[", "<"];

/// The text of a line without its word stamps, its words, and the last stamp.
fn enhanced(
    text: &str,
    shift: &dyn Fn(u64) -> u64,
    lenient: bool,
) -> (String, Vec<CueWord>, Option<u64>) {
    let mut out = String::with_capacity(text.len());
    let mut syllables = Syllables::default();
    let mut last = None;
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        rest = &rest[open + 1..];
        let tag = rest
            .split_once('>')
            .and_then(|(tag, after)| Some((stamp(tag, lenient)?, after)));
        match tag {
            Some((time, after)) => {
                let time = shift(time);
                syllables.begin(time, None, out.len());
                last = Some(time);
                rest = after;
            }
            None => out.push('<'),
        }
    }
    out.push_str(rest);
    let words = syllables.finish(&out, last.unwrap_or(0));
    (out, words, last)
}

/// `mm:ss.xx`, with two or three decimals.
fn stamp(text: &str, lenient: bool) -> Option<u64> {
    let parts = parts(text)?;
    let [hours, minutes, seconds] = parts.fields;
    if !hours.is_empty() || minutes.is_empty() {
        return None;
    }
    let decimals = parts.fraction.map_or(0, |(_, digits)| digits.len());
    let strict = minutes.len() >= 2
        && seconds.len() == 2
        && seconds < "60"
        && parts
            .fraction
            .is_some_and(|(separator, _)| separator == '.')
        && (2..=3).contains(&decimals);
    (lenient || strict).then(|| parts.nanos())?
}
