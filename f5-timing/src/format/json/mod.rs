//! JSON: this crate's own layout, one word per line, and the layouts of Whisper and WhisperX.

mod lines;
mod own;
mod read;
mod whisper;

pub(super) use lines::Writer as LinesWriter;
pub(super) use own::Writer as OwnWriter;
pub(super) use read::{read, read_lines};
pub(super) use whisper::{Flavour, Writer as WhisperWriter};

use crate::{
    format::Head,
    text::{Escape, Verbatim, put_char},
    time::{Decimal, put_score},
    track::Track,
};

/// The schema of this crate's own layout.
pub(super) const SCHEMA: &str = "f5-timing/1";

/// Cleaned text inside a string.
static TEXT: Escape = Escape::new(b"\"\\", put_char_escaped);

static PLAIN: Verbatim = Verbatim::new(b"\"\\");

/// Opens an object with the schema, and language and title where they are known.
fn put_head(buf: &mut Vec<u8>, head: &Head<'_>) {
    buf.extend_from_slice(b"{\"schema\":");
    put_string(buf, SCHEMA);
    for (name, value) in [("language", head.language), ("title", head.title)] {
        if let Some(value) = value {
            buf.push(b',');
            put_string(buf, name);
            buf.push(b':');
            put_string(buf, value);
        }
    }
}

/// Appends a string, every character kept.
pub(super) fn put_string(buf: &mut Vec<u8>, text: &str) {
    buf.push(b'"');
    put_inside(buf, text);
    buf.push(b'"');
}

fn put_inside(buf: &mut Vec<u8>, text: &str) {
    let mut look = false;
    for &byte in text.as_bytes() {
        look |= byte < 0x20 || byte == b'"' || byte == b'\\';
    }
    if look {
        text.chars().for_each(|c| put_char_escaped(buf, c));
    } else {
        buf.extend_from_slice(text.as_bytes());
    }
}

fn put_char_escaped(buf: &mut Vec<u8>, c: char) {
    match c {
        '"' => buf.extend_from_slice(b"\\\""),
        '\\' => buf.extend_from_slice(b"\\\\"),
        '\n' => buf.extend_from_slice(b"\\n"),
        '\r' => buf.extend_from_slice(b"\\r"),
        '\t' => buf.extend_from_slice(b"\\t"),
        '\0'..='\u{1F}' => {
            let hex = b"0123456789abcdef";
            let code = c as usize;
            buf.extend_from_slice(b"\\u00");
            buf.extend_from_slice(&[hex[code >> 4], hex[code & 15]]);
        }
        _ => put_char(buf, c),
    }
}

/// Appends `"word":…,"start":…,"end":…` and the score under its name.
#[inline]
fn put_word(buf: &mut Vec<u8>, decimal: &mut Decimal, track: &Track, index: usize, style: &Style) {
    let (start, end) = track.nanos_of(index);
    buf.extend_from_slice(style.open);
    if !PLAIN.put(buf, track, index) {
        put_inside(buf, track.text_of(index));
    }
    buf.extend_from_slice(b"\",\"start\":");
    decimal.put_millis(buf, start);
    buf.extend_from_slice(b",\"end\":");
    decimal.put_millis(buf, end);
    if let Some(score) = track.score_of(index) {
        buf.extend_from_slice(style.score);
        put_score(buf, score);
    }
    put_speaker(buf, track.speaker_of(index));
    buf.push(b'}');
}

/// Appends `,"speaker":…` where there is one.
fn put_speaker(buf: &mut Vec<u8>, speaker: Option<&str>) {
    if let Some(speaker) = speaker {
        buf.extend_from_slice(b",\"speaker\":");
        put_string(buf, speaker);
    }
}

/// What differs between the layouts.
#[derive(Debug)]
struct Style {
    open: &'static [u8],
    score: &'static [u8],
}

const STYLE: Style = Style {
    open: b"{\"word\":\"",
    score: b",\"score\":",
};
