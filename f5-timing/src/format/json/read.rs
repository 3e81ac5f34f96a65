//! Reads every JSON layout with serde_json, NaN and Infinity too when lenient.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de};

use super::SCHEMA;
use crate::{
    error::{Result, TimeField, TimingError},
    format::TimingFormat,
    options::{MissingTimes, ReadOptions},
    read::{Document, Source, syntax},
    time,
};

/// Reads a whole file.
///
/// Strict: the layout the format names. Lenient: any of the layouts, a bare list of words, NaN and
/// Infinity for numbers (refused then by the word they belong to), unpaired surrogates.
pub(in crate::format) fn read(
    format: TimingFormat,
    text: &str,
    options: &ReadOptions,
) -> Result<Document> {
    let text = if options.lenient {
        repair(text)
    } else {
        Cow::Borrowed(text)
    };
    let file = if options.lenient && text.trim_start().starts_with('[') {
        File {
            words: Some(parse(format, &text, 0)?),
            ..File::default()
        }
    } else {
        parse::<File>(format, &text, 0)?
    };
    if !options.lenient {
        let known = match format {
            TimingFormat::Json => file.schema.as_deref() == Some(SCHEMA) && file.words.is_some(),
            _ => file.segments.is_some(),
        };
        if !known {
            let wanted = match format {
                TimingFormat::Json => "expected the schema f5-timing/1 and a list of words",
                _ => "expected a list of segments",
            };
            return Err(syntax(format, 1, 1, wanted));
        }
    }
    let segments = file.segments.unwrap_or_default();
    let mut words = match file.words {
        Some(words) => words,
        None if format == TimingFormat::WhisperX && file.word_segments.is_some() => {
            file.word_segments.unwrap_or_default()
        }
        None => segments.into_iter().flat_map(Segment::into_words).collect(),
    };
    if options.missing == MissingTimes::Interpolate {
        interpolate(&mut words);
    }
    let mut document = Document {
        language: file.language.or(file.lang),
        title: file.title.or(file.name),
        ..Document::default()
    };
    for word in words {
        word.push_to(&mut document)?;
    }
    if let Some(duration) = file.duration.0 {
        let nanos = time::from_seconds(duration, document.cues.len(), TimeField::End)?;
        let last = document.cues.last().map(|cue| cue.end).unwrap_or_default();
        document.duration = Some(std::time::Duration::from_nanos(nanos).max(last));
    }
    Ok(document)
}

/// Reads JSON Lines; a line with a schema and no word is a header.
pub(in crate::format) fn read_lines(text: &str, options: &ReadOptions) -> Result<Document> {
    let format = TimingFormat::JsonLines;
    let mut document = Document::default();
    let mut words = Vec::new();
    for line in Source::new(format, text) {
        if line.text.trim().is_empty() {
            continue;
        }
        let text = if options.lenient {
            repair(line.text)
        } else {
            Cow::Borrowed(line.text)
        };
        let entry = parse::<Entry>(format, &text, line.number - 1)?;
        if entry.schema.is_some() && entry.word.word.is_none() && words.is_empty() {
            document.language = entry.language;
            document.title = entry.title;
            continue;
        }
        words.push(entry.word);
    }
    if options.missing == MissingTimes::Interpolate {
        interpolate(&mut words);
    }
    for word in words {
        word.push_to(&mut document)?;
    }
    Ok(document)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    schema: Option<String>,
    language: Option<String>,
    lang: Option<String>,
    title: Option<String>,
    name: Option<String>,
    duration: Number,
    words: Option<Vec<Word>>,
    segments: Option<Vec<Segment>>,
    word_segments: Option<Vec<Word>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Segment {
    start: Number,
    end: Number,
    text: Option<String>,
    words: Words,
    speaker: Option<String>,
}

/// Words of a segment; this crate's own layout gives their indices instead.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    List(Vec<Word>),
    Other(de::IgnoredAny),
}

impl Default for Words {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Word {
    word: Option<String>,
    text: Option<String>,
    start: Number,
    end: Number,
    score: Number,
    probability: Number,
    confidence: Number,
    speaker: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    schema: Option<String>,
    language: Option<String>,
    title: Option<String>,
    #[serde(flatten)]
    word: Word,
}

/// A number, null, or a number that JSON does not have as text.
#[derive(Debug, Default, Clone, Copy)]
struct Number(Option<f64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Number;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number(Some(value)))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
                Ok(Number(Some(value as f64)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number(Some(value as f64)))
            }

            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number(None))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Number, E> {
                match value
                    .strip_prefix(MARK)
                    .and_then(|value| value.parse().ok())
                {
                    Some(value) => Ok(Number(Some(value))),
                    None => Err(E::invalid_type(de::Unexpected::Str(value), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Segment {
    fn into_words(self) -> Vec<Word> {
        match self.words {
            Words::List(mut words) if !words.is_empty() => {
                for text in words.iter_mut().filter_map(|word| word.word.as_mut()) {
                    // Whisper's tokens carry the space in front of a word.
                    if text.starts_with(' ') {
                        text.remove(0);
                    }
                }
                words
            }
            _ => {
                let text = self.text.map(|text| text.trim().to_owned());
                vec![Word {
                    word: text,
                    start: self.start,
                    end: self.end,
                    speaker: self.speaker,
                    ..Word::default()
                }]
            }
        }
    }
}

impl Word {
    fn push_to(self, document: &mut Document) -> Result<()> {
        let index = document.cues.len();
        let text = self.word.or(self.text).unwrap_or_default();
        let score = self.score.0.or(self.probability.0).or(self.confidence.0);
        document.push_seconds(index, text, self.start.0, self.end.0, score)?;
        if let Some(cue) = document.cues.last_mut() {
            cue.speaker = self.speaker;
        }
        Ok(())
    }
}

/// Spreads words without times between their neighbours.
fn interpolate(words: &mut [Word]) {
    let mut at = 0;
    while at < words.len() {
        if words[at].start.0.is_some() && words[at].end.0.is_some() {
            at += 1;
            continue;
        }
        let lacks = |word: &Word| word.start.0.is_none() || word.end.0.is_none();
        let count = words[at..].iter().take_while(|word| lacks(word)).count();
        let before = if at == 0 { None } else { words[at - 1].end.0 };
        let after = words.get(at + count).and_then(|word| word.start.0);
        let left = before.unwrap_or(0.0);
        let right = after.unwrap_or(left).max(left);
        let step = (right - left) / count as f64;
        for (i, word) in words[at..at + count].iter_mut().enumerate() {
            word.start.0 = Some(left + step * i as f64);
            word.end.0 = Some(if i + 1 == count {
                right
            } else {
                left + step * (i + 1) as f64
            });
        }
        at += count;
    }
}

/// In front of numbers that were written as NaN or Infinity.
const MARK: char = '\u{1}';

/// Makes strings of NaN and Infinity and U+FFFD of unpaired surrogates.
fn repair(text: &str) -> Cow<'_, str> {
    let suspicious = ["NaN", "Infinity", "\\ud", "\\uD"]
        .iter()
        .any(|hint| text.contains(hint));
    if !suspicious {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    let mut inside = false;
    while let Some(c) = rest.chars().next() {
        let token = ["NaN", "Infinity", "-Infinity"]
            .iter()
            .find(|token| rest.starts_with(**token));
        let taken = match token {
            Some(token) if !inside => {
                out.push_str("\"\\u0001");
                out.push_str(token);
                out.push('"');
                token.len()
            }
            _ if inside && c == '\\' => escape(rest, &mut out),
            _ => {
                inside ^= c == '"';
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    Cow::Owned(out)
}

/// Copies an escape, a pair of surrogates whole; gives its length.
fn escape(text: &str, out: &mut String) -> usize {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let length = match unit(text) {
        Some(0xD800..=0xDBFF) if matches!(unit(&text[6..]), Some(0xDC00..=0xDFFF)) => 12,
        Some(0xD800..=0xDFFF) => {
            out.push_str("\\ufffd");
            return 6;
        }
        _ => 1 + text[1..].chars().next().map_or(0, char::len_utf8),
    };
    out.push_str(&text[..length]);
    length
}

fn parse<'a, T: Deserialize<'a>>(format: TimingFormat, text: &'a str, lines: usize) -> Result<T> {
    serde_json::from_str(text).map_err(|error| explain(format, text, lines, &error))
}

fn explain(
    format: TimingFormat,
    text: &str,
    lines: usize,
    error: &serde_json::Error,
) -> TimingError {
    let message = error.to_string();
    let reason = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(reason, _)| reason);
    let line = text
        .split('\n')
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    let bytes = error.column().saturating_sub(1);
    let column = line
        .char_indices()
        .take_while(|(at, _)| *at < bytes)
        .count()
        + 1;
    syntax(format, lines + error.line().max(1), column, reason)
}
