//! Tokenizers: text to the tokens a network was trained on.

use serde::{Deserialize, Serialize};

use super::{Vocab, normalize::Reading, segment, vocab::byte_token};

/// How a model's text becomes tokens, under the names of upstream's configuration files.
///
/// Upstream runs its pinyin conversion (`convert_char_to_pinyin`) for every kind at inference, so
/// [`Pinyin`](Tokenizer::Pinyin), [`Char`](Tokenizer::Char) and [`Custom`](Tokenizer::Custom) give
/// the same tokens and differ in the vocabulary alone; [`Byte`](Tokenizer::Byte) takes the UTF-8
/// bytes as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tokenizer {
    /// Han characters as pinyin with tone digits, all else by character; the released models.
    #[default]
    Pinyin,
    /// Characters; Han characters still become pinyin at inference.
    Char,
    /// UTF-8 bytes, with [`Vocab::bytes`].
    Byte,
    /// A vocabulary of the model's own.
    Custom,
}

/// One token and the place in the text it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token as the vocabulary writes it: a character, a syllable such as `ni3`, or a byte.
    pub text: String,
    /// Index, in `char`s, of the character it came from; an inserted space has the index of the
    /// character before which it stands.
    pub at: usize,
}

/// A text as the network reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// One id per token; 0 is the space and every unknown token. (Upstream pads batches with -1.)
    pub ids: Vec<i32>,
    /// Where each token came from, as [`Token::at`].
    pub at: Vec<usize>,
    /// Characters whose token the vocabulary lacks, in the order of the text.
    pub unknown: Vec<UnknownChar>,
    /// Tokens that are neither unknown nor whitespace: with none, there is nothing to speak.
    pub spoken: usize,
}

/// A character that the vocabulary cannot express; the network sees a space in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownChar {
    /// The character as it stands in the text.
    pub ch: char,
    /// Its index in the text, in `char`s.
    pub at: usize,
}

impl Tokenizer {
    /// Cuts a text into tokens.
    ///
    /// Straight quotes replace `“”‘’`, a comma replaces `;`; a space is inserted before each
    /// syllable and before an ASCII run of two or more characters that follows anything but a
    /// space, a colon or a quote, inside words too (`naïve` has a space before `ve`). Nothing is
    /// folded, normalised or spelled out. Without the feature `zh` a Han character is its own
    /// token, which no pinyin vocabulary knows.
    #[must_use]
    pub fn tokenize(&self, text: &str) -> Vec<Token> {
        match self {
            Self::Pinyin | Self::Char | Self::Custom => convert_char_to_pinyin(text),
            Self::Byte => text
                .chars()
                .enumerate()
                .flat_map(|(at, c)| {
                    let mut buffer = [0; 4];
                    let bytes = c.encode_utf8(&mut buffer).as_bytes().to_vec();
                    bytes.into_iter().map(move |byte| Token {
                        text: byte_token(byte),
                        at,
                    })
                })
                .collect(),
        }
    }

    /// The ids of a text, and what the vocabulary could not express.
    #[must_use]
    pub fn encode(&self, text: &str, vocab: &Vocab) -> Encoded {
        self.encode_with(text, vocab, &[])
    }

    /// As [`encode`](Self::encode), with other tokens for some characters: the way to say how a Han
    /// character is read. The space before a syllable stays. [`Byte`](Tokenizer::Byte) has no such
    /// tokens and takes none.
    ///
    /// `readings` are in the order of the text.
    #[must_use]
    pub fn encode_with(&self, text: &str, vocab: &Vocab, readings: &[Reading]) -> Encoded {
        let mut tokens = self.tokenize(text);
        if *self != Self::Byte {
            let mut readings = readings.iter().peekable();
            for token in tokens.iter_mut().filter(|token| token.text != " ") {
                while readings.next_if(|reading| reading.at < token.at).is_some() {}
                if let Some(reading) = readings.next_if(|reading| reading.at == token.at) {
                    token.text.clone_from(&reading.token);
                }
            }
        }
        let mut encoded = Encoded {
            ids: Vec::with_capacity(tokens.len()),
            at: Vec::with_capacity(tokens.len()),
            unknown: Vec::new(),
            spoken: 0,
        };
        let mut chars = text.chars().enumerate();
        for token in tokens {
            let id = vocab.id(&token.text);
            let reported = encoded
                .unknown
                .last()
                .is_some_and(|last| last.at == token.at);
            if id.is_none()
                && !reported
                && let Some((at, ch)) = chars.find(|&(at, _)| at == token.at)
            {
                encoded.unknown.push(UnknownChar { ch, at });
            }
            if id.is_some() && !token.text.trim().is_empty() {
                encoded.spoken += 1;
            }
            encoded.ids.push(id.unwrap_or(0) as i32);
            encoded.at.push(token.at);
        }
        encoded
    }
}

/// Upstream's `convert_char_to_pinyin`.
fn convert_char_to_pinyin(text: &str) -> Vec<Token> {
    let text: String = text.chars().map(translate).collect();
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len());
    let mut at = 0;
    for segment in segment::segments(&text) {
        let chars = segment.chars().count();
        if segment.is_ascii() {
            let open = |last: &Token| !matches!(last.text.as_str(), " " | ":" | "'" | "\"");
            if chars > 1 && tokens.last().is_some_and(open) {
                tokens.push(Token {
                    text: " ".to_owned(),
                    at,
                });
            }
            tokens.extend(segment.chars().enumerate().map(|(i, c)| Token {
                text: c.to_string(),
                at: at + i,
            }));
        } else if segment.len() == 3 * chars {
            let spoken = readings(segment);
            for (i, (c, text)) in segment.chars().zip(spoken).enumerate() {
                push_spoken(&mut tokens, c, text, at + i);
            }
        } else {
            for (i, c) in segment.chars().enumerate() {
                let mut buffer = [0; 4];
                let text = match c {
                    '\u{3100}'..='\u{9fff}' => readings(c.encode_utf8(&mut buffer)).concat(),
                    _ => c.to_string(),
                };
                push_spoken(&mut tokens, c, text, at + i);
            }
        }
        at += chars;
    }
    tokens
}

/// A syllable stands after a space; the range is upstream's idea of what is Chinese.
fn push_spoken(tokens: &mut Vec<Token>, c: char, text: String, at: usize) {
    if matches!(c, '\u{3100}'..='\u{9fff}') {
        tokens.push(Token {
            text: " ".to_owned(),
            at,
        });
    }
    tokens.push(Token { text, at });
}

fn translate(c: char) -> char {
    match c {
        ';' => ',',
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        _ => c,
    }
}

#[cfg(feature = "zh")]
fn readings(segment: &str) -> Vec<String> {
    super::pinyin::lazy_pinyin(segment)
}

#[cfg(not(feature = "zh"))]
fn readings(segment: &str) -> Vec<String> {
    segment.chars().map(String::from).collect()
}
