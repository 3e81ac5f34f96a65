//! From the text of a script to lines and pauses.

use std::time::Duration;

use serde::Deserialize;

use crate::SeedPolicy;

use super::{ScriptError, ScriptPlace, ScriptSettings};

/// Longer than any pause that is meant.
const LONGEST_PAUSE: f64 = 3600.0;

/// Who says what, and where nothing is said.
///
/// ```
/// use f5_tts::Script;
///
/// let script = Script::parse("It was late. [pause 400ms] [town] {\"name\": \"town\", \"speed\": 0.9} Come in!")?;
/// assert_eq!(script.lines[1].text, "Come in!");
/// assert_eq!((script.lines[1].voice.as_deref(), script.lines[1].speed), (Some("town"), Some(0.9)));
/// assert_eq!(script.lines[1].pause.unwrap().as_millis(), 400);
/// # Ok::<(), f5_tts::ScriptError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Script {
    /// What is said, in order.
    pub lines: Vec<ScriptLine>,
    /// Silence after the last line.
    pub last_pause: Option<Duration>,
    /// What a file says beside its text; nothing in a script that was [parsed](Self::parse).
    pub settings: ScriptSettings,
}

/// What one voice says without interruption.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScriptLine {
    /// Who speaks; `None` is the main voice.
    pub voice: Option<String>,
    /// The words, without tags and escapes.
    pub text: String,
    /// Rate of speech relative to the reference, where the script says so.
    pub speed: Option<f64>,
    /// What decides its noise, where the script says so; a seed of -1 draws one each time.
    pub seed: Option<SeedPolicy>,
    /// Silence before the line, where the script says so.
    pub pause: Option<Duration>,
    /// Where its first character stands.
    pub at: ScriptPlace,
}

/// Who speaks and how, until the next tag.
#[derive(Debug, Clone, Default)]
struct Style {
    voice: Option<String>,
    speed: Option<f64>,
    seed: Option<SeedPolicy>,
}

/// A style as upstream writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonStyle {
    name: String,
    seed: Option<i64>,
    speed: Option<f64>,
}

impl Script {
    /// Reads a text with tags.
    ///
    /// | | what follows is spoken |
    /// |---|---|
    /// | `[name]`, `{name}` | by this voice, at its own speed |
    /// | `{"name": "town", "seed": 7, "speed": 0.9}` | by this voice, so; `seed` -1 draws one |
    /// | `[pause 400ms]`, `[pause 1.5s]` | after a silence, by the same voice |
    /// | `\[`, `\]`, `\{`, `\}`, `\\` | the character itself |
    ///
    /// A style holds until the next one. What stands before the first is the main voice's.
    ///
    /// # Errors
    ///
    /// [`ScriptError`] with line and column for tags that are none of these, and if nothing is said.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut parser = Parser {
            chars: text.chars().collect(),
            at: 0,
            place: ScriptPlace { line: 1, column: 1 },
            style: Style::default(),
            pause: None,
            words: String::new(),
            words_at: None,
            lines: Vec::new(),
        };
        while let Some(c) = parser.next() {
            match c {
                '\\' => {
                    let escaped = parser.peek().filter(|c| "[]{}\\".contains(*c));
                    let c = escaped.and_then(|_| parser.next()).unwrap_or(c);
                    parser.say(c);
                }
                '[' => parser.tag()?,
                '{' => parser.style()?,
                c => parser.say(c),
            }
        }
        parser.end_line();
        if parser.lines.is_empty() {
            return Err(ScriptError::Empty);
        }
        Ok(Self {
            lines: parser.lines,
            last_pause: parser.pause,
            settings: ScriptSettings::default(),
        })
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    /// Of the character at `at`.
    place: ScriptPlace,
    style: Style,
    pause: Option<Duration>,
    words: String,
    words_at: Option<ScriptPlace>,
    lines: Vec<ScriptLine>,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        match c {
            '\n' => {
                self.place.line += 1;
                self.place.column = 1;
            }
            _ => self.place.column += 1,
        }
        Some(c)
    }

    /// Where the character stood that was taken last; it is no line break.
    fn last_place(&self) -> ScriptPlace {
        ScriptPlace {
            line: self.place.line,
            column: self.place.column - 1,
        }
    }

    fn say(&mut self, c: char) {
        if !c.is_whitespace() && self.words_at.is_none() {
            self.words_at = Some(self.last_place());
        }
        self.words.push(c);
    }

    fn end_line(&mut self) {
        let words = std::mem::take(&mut self.words);
        let Some(at) = self.words_at.take() else {
            return;
        };
        self.lines.push(ScriptLine {
            voice: self.style.voice.clone(),
            text: words.trim().to_owned(),
            speed: self.style.speed,
            seed: self.style.seed,
            pause: self.pause.take(),
            at,
        });
    }

    /// Behind a `[`.
    fn tag(&mut self) -> Result<(), ScriptError> {
        let at = self.last_place();
        let mut tag = String::new();
        loop {
            match self.next() {
                Some(']') => break,
                Some('\n' | '[') | None => return Err(ScriptError::Unclosed { at, bracket: '[' }),
                Some(c) => tag.push(c),
            }
        }
        let mut parts = tag.split_whitespace();
        let first = parts.next().unwrap_or_default();
        self.end_line();
        if first.eq_ignore_ascii_case("pause") {
            let length = parts.collect::<Vec<_>>().concat();
            let Some(pause) = pause(&length) else {
                return Err(ScriptError::Pause { at, tag });
            };
            self.pause = Some(self.pause.unwrap_or_default() + pause);
            return Ok(());
        }
        if !is_name(first) || parts.next().is_some() {
            return Err(ScriptError::Tag { at, tag });
        }
        self.style = Style {
            voice: Some(first.to_owned()),
            ..Style::default()
        };
        Ok(())
    }

    /// Behind a `{`: upstream's JSON, or a name alone.
    fn style(&mut self) -> Result<(), ScriptError> {
        let at = self.last_place();
        let mut inside = String::from("{");
        let mut quoted = false;
        loop {
            match self.next() {
                Some('"') => {
                    quoted = !quoted;
                    inside.push('"');
                }
                Some('\\') if quoted => {
                    inside.push('\\');
                    inside.extend(self.next());
                }
                Some('}') if !quoted => break,
                Some('{') if !quoted => return Err(ScriptError::Unclosed { at, bracket: '{' }),
                Some(c) => inside.push(c),
                None => return Err(ScriptError::Unclosed { at, bracket: '{' }),
            }
        }
        self.end_line();
        let name = inside[1..].trim();
        if !name.is_empty() && !name.contains(['"', ':', '\n']) {
            self.style = Style {
                voice: Some(name.to_owned()),
                ..Style::default()
            };
            return Ok(());
        }
        inside.push('}');
        let style: JsonStyle =
            serde_json::from_str(&inside).map_err(|source| ScriptError::Style {
                at: place_in(&inside, at, &source),
                source,
            })?;
        let wrong = |name, value, expected| ScriptError::Value {
            at,
            name,
            value,
            expected,
        };
        let seed = match style.seed {
            None => None,
            Some(-1) => Some(SeedPolicy::Random),
            Some(seed) => {
                Some(SeedPolicy::Fixed(u64::try_from(seed).map_err(|_| {
                    wrong("seed", seed as f64, "0 or above, or -1 for any")
                })?))
            }
        };
        if let Some(speed) = style.speed.filter(|speed| *speed <= 0.0) {
            return Err(wrong("speed", speed, "a positive number"));
        }
        self.style = Style {
            voice: Some(style.name),
            speed: style.speed,
            seed,
        };
        Ok(())
    }
}

/// Where a style that begins at `at` is malformed; serde_json counts bytes.
fn place_in(style: &str, at: ScriptPlace, error: &serde_json::Error) -> ScriptPlace {
    let above = error.line().saturating_sub(1);
    let line = style.split('\n').nth(above).unwrap_or_default();
    let chars = line
        .char_indices()
        .take_while(|(byte, _)| *byte < error.column());
    let column = chars.count().max(1);
    ScriptPlace {
        line: at.line + above,
        column: if above == 0 {
            at.column + column - 1
        } else {
            column
        },
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// `400ms` or `1.5s`.
fn pause(length: &str) -> Option<Duration> {
    let length = length.to_ascii_lowercase();
    let (number, unit) = match length.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (length.strip_suffix('s')?, 1.0),
    };
    let plain = number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let seconds = number.parse::<f64>().ok().filter(|_| plain)? * unit;
    (seconds <= LONGEST_PAUSE).then(|| Duration::from_secs_f64(seconds))
}
