//! The JSON of Whisper and WhisperX: segments with their words inside.

use super::{STYLE, Style, TEXT, put_speaker, put_string, put_word};
use crate::{
    cue::{CueView, Plain},
    format::{FormatWriter, Head, Pass, Tick},
    text::wants_space,
    time::{self, Decimal, put_number},
    track::Track,
};

/// Whose layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Flavour {
    /// `segments`, `text`, `language`; words carry a leading space and a `probability`.
    Whisper,
    /// `segments`, `word_segments`, `language`; words carry a `score`.
    WhisperX,
}

static SPACED: Style = Style {
    open: b"{\"word\":\" ",
    score: b",\"probability\":",
};
static UNSPACED: Style = Style {
    open: b"{\"word\":\"",
    score: b",\"probability\":",
};

#[derive(Debug)]
pub(in crate::format) struct Writer {
    flavour: Flavour,
    decimal: Decimal,
    segments: u64,
    first: bool,
    language: Option<String>,
}

impl Writer {
    pub(in crate::format) fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            decimal: Decimal::new(),
            segments: 0,
            first: true,
            language: None,
        }
    }

    fn separate(&mut self, buf: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.first, false) {
            buf.push(b',');
        }
    }

    fn put_word(&mut self, buf: &mut Vec<u8>, track: &Track, index: usize) {
        let style = match self.flavour {
            Flavour::WhisperX => &STYLE,
            Flavour::Whisper if is_spaced(track, index) => &SPACED,
            Flavour::Whisper => &UNSPACED,
        };
        put_word(buf, &mut self.decimal, track, index, style);
    }
}

impl FormatWriter for Writer {
    fn first(&self) -> Pass {
        Pass::Cues(Tick::Milli)
    }

    fn second(&self) -> Option<Pass> {
        Some(Pass::Words)
    }

    fn is_segmented(&self) -> bool {
        true
    }

    fn is_single_line(&self) -> bool {
        true
    }

    fn begin(&mut self, buf: &mut Vec<u8>, head: &Head<'_>) {
        self.language = head.language.map(str::to_owned);
        buf.extend_from_slice(b"{\"segments\":[");
    }

    fn cue(&mut self, buf: &mut Vec<u8>, cue: &CueView<'_>) {
        self.separate(buf);
        buf.extend_from_slice(b"\n{");
        if self.flavour == Flavour::Whisper {
            buf.extend_from_slice(b"\"id\":");
            put_number(buf, self.segments);
            buf.push(b',');
        }
        self.segments += 1;
        buf.extend_from_slice(b"\"start\":");
        self.decimal.put_millis(buf, cue.start * time::MILLI);
        buf.extend_from_slice(b",\"end\":");
        self.decimal.put_millis(buf, cue.end * time::MILLI);
        buf.extend_from_slice(b",\"text\":\"");
        if self.flavour == Flavour::Whisper && is_spaced(cue.track, cue.words.start) {
            buf.push(b' ');
        }
        cue.put_text(buf, &TEXT, b" ", &mut Plain);
        buf.extend_from_slice(b"\",\"words\":[");
        for word in cue.words.clone() {
            if word > cue.words.start {
                buf.push(b',');
            }
            self.put_word(buf, cue.track, word);
        }
        buf.push(b']');
        put_speaker(buf, cue.speaker());
        buf.push(b'}');
    }

    fn between(&mut self, buf: &mut Vec<u8>) {
        buf.extend_from_slice(match self.flavour {
            Flavour::Whisper => b"\n],\"text\":\"".as_slice(),
            Flavour::WhisperX => b"\n],\"word_segments\":[",
        });
        self.first = true;
    }

    fn word(&mut self, buf: &mut Vec<u8>, track: &Track, index: usize) {
        match self.flavour {
            Flavour::Whisper => {
                if is_spaced(track, index) {
                    buf.push(b' ');
                }
                TEXT.put_word(buf, track, index);
            }
            Flavour::WhisperX => {
                self.separate(buf);
                buf.push(b'\n');
                self.put_word(buf, track, index);
            }
        }
    }

    fn end(&mut self, buf: &mut Vec<u8>, _duration: u64) {
        buf.extend_from_slice(match self.flavour {
            Flavour::Whisper => b"\"".as_slice(),
            Flavour::WhisperX => b"\n]",
        });
        if let Some(language) = &self.language {
            buf.extend_from_slice(b",\"language\":");
            put_string(buf, language);
        }
        buf.extend_from_slice(b"}\n");
    }
}

/// Whisper's tokens carry the space in front of a word; scripts without spaces have none.
fn is_spaced(track: &Track, index: usize) -> bool {
    let word = track.text_of(index);
    match index {
        0 => wants_space(word, word),
        _ => wants_space(track.text_of(index - 1), word),
    }
}
