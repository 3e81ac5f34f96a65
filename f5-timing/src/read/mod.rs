//! What readers give back, and what they share: decoding, lines, clocks.

mod clock;
mod lines;
mod xml;

use std::{fs, path::Path, time::Duration};

pub(crate) use clock::{parts, seconds};
pub(crate) use lines::{Line, Source, syntax};
pub(crate) use xml::{Event, Xml};

use crate::{
    error::{Result, TimeField, TimingError},
    format::TimingFormat,
    options::ReadOptions,
    time,
    track::{self, Track},
};

/// A file that was read: its cues as they stand there, overlapping or not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The cues, or the words of a format that lists words, in the order of the file.
    pub cues: Vec<Cue>,
    /// Language, where the file names it.
    pub language: Option<String>,
    /// Title, where the file has one.
    pub title: Option<String>,
    /// Length of the audio, where the file names it.
    pub duration: Option<Duration>,
}

/// A span of time and its text; never ends before it starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cue {
    /// The text without markup; lines are parted by `\n`.
    pub text: String,
    /// Start from the beginning of the audio.
    pub start: Duration,
    /// End from the beginning of the audio.
    pub end: Duration,
    /// How well the audio fits, where the file says so.
    pub score: Option<f32>,
    /// Who says it, where the file says so: WebVTT's `<v>`, the name of an ASS event, `speaker` in JSON.
    pub speaker: Option<String>,
    /// Words with times of their own: karaoke, inline time stamps, spans.
    pub words: Vec<CueWord>,
}

/// A word, or a run of words, timed inside a cue.
#[derive(Debug, Clone, PartialEq)]
pub struct CueWord {
    /// The word without the white space around it.
    pub text: String,
    /// Start from the beginning of the audio.
    pub start: Duration,
    /// End from the beginning of the audio.
    pub end: Duration,
}

impl Document {
    /// Reads a file in the format of its extension.
    ///
    /// # Errors
    ///
    /// If no format has the extension, the file cannot be read or is not in the format.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        let format = TimingFormat::from_path(path)?;
        let bytes = fs::read(path).map_err(|source| TimingError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        format.parse(&bytes, options)
    }

    /// The words as a track: those timed inside cues, else each cue as one word.
    ///
    /// # Errors
    ///
    /// If they overlap or are out of order; the error names the word.
    pub fn into_track(self) -> Result<Track> {
        let mut track = Track::new();
        for cue in &self.cues {
            if cue.words.is_empty() {
                track.push(&cue.text, cue.start, cue.end, cue.score)?;
                track.name_last(cue.speaker.as_deref());
            }
            for word in &cue.words {
                track.push(&word.text, word.start, word.end, None)?;
                track.name_last(cue.speaker.as_deref());
            }
        }
        if let Some(language) = self.language {
            track = track.with_language(language);
        }
        if let Some(title) = self.title {
            track = track.with_title(title);
        }
        match self.duration {
            Some(duration) => track.with_duration(duration),
            None => Ok(track),
        }
    }

    pub(crate) fn push(&mut self, text: impl Into<String>, start: u64, end: u64) {
        self.push_words(text, start, end, Vec::new());
    }

    pub(crate) fn push_words(
        &mut self,
        text: impl Into<String>,
        start: u64,
        end: u64,
        words: Vec<CueWord>,
    ) {
        let (start, end) = (Duration::from_nanos(start), Duration::from_nanos(end));
        self.cues.push(Cue {
            text: text.into(),
            start,
            end,
            score: None,
            speaker: None,
            words,
        });
    }
}

impl Document {
    /// Adds a word whose times are seconds that still have to be checked.
    pub(crate) fn push_seconds(
        &mut self,
        index: usize,
        text: String,
        start: Option<f64>,
        end: Option<f64>,
        score: Option<f64>,
    ) -> Result<()> {
        let nanos = |value: Option<f64>, field| match value {
            Some(value) => time::from_seconds(value, index, field),
            None => Err(TimingError::Missing { index, field }),
        };
        let start = nanos(start, TimeField::Start)?;
        let end = nanos(end, TimeField::End)?;
        let score = score.map(|score| score as f32);
        track::check(index, start, end, (0, 0), score)?;
        let (start, end) = (Duration::from_nanos(start), Duration::from_nanos(end));
        self.cues.push(Cue {
            text,
            start,
            end,
            score,
            speaker: None,
            words: Vec::new(),
        });
        Ok(())
    }
}

impl TimingFormat {
    /// Reads a whole file; memory is proportional to its size.
    ///
    /// A byte order mark is skipped; UTF-16 with one is understood. The strict reader takes what
    /// the format allows, the lenient one what players take.
    ///
    /// # Errors
    ///
    /// If the bytes are not in the format, with line, column and reason; if a word of a format that
    /// lists words has a time that is no time, with its index.
    pub fn parse(self, bytes: &[u8], options: &ReadOptions) -> Result<Document> {
        let text = lines::decode(self, bytes, options.lenient)?;
        self.read(&text, options)
    }
}

/// Collects the parts of a cue that inline time stamps make.
#[derive(Debug, Default)]
pub(crate) struct Syllables {
    /// Start of each part, its end where the file names it, and where its text begins.
    parts: Vec<(u64, Option<u64>, usize)>,
}

impl Syllables {
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(crate) fn begin(&mut self, start: u64, end: Option<u64>, text: usize) {
        self.parts.push((start, end, text));
    }

    /// The words: a part ends where the file says, else where the next begins.
    pub(crate) fn finish(&self, text: &str, cue_end: u64) -> Vec<CueWord> {
        let mut words = Vec::new();
        for (i, &(start, end, from)) in self.parts.iter().enumerate() {
            let next = self.parts.get(i + 1);
            let to = next.map_or(text.len(), |next| next.2);
            let part = text[from..to].trim();
            if !part.is_empty() {
                let end = end
                    .or_else(|| next.map(|next| next.0))
                    .unwrap_or(cue_end)
                    .max(start);
                let (start, end) = (Duration::from_nanos(start), Duration::from_nanos(end));
                words.push(CueWord {
                    text: part.to_owned(),
                    start,
                    end,
                });
            }
        }
        words
    }
}
