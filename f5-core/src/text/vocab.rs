//! Vocabularies: which token has which id.

use std::{collections::HashMap, fs, path::Path};

use super::TextError;

/// The tokens a network knows; a token's id is its line, counted from 0.
///
/// Id 0 is the space, and stands for every unknown character too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocab {
    tokens: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32>,
}

impl Vocab {
    /// Reads a `vocab.txt`, as [`Vocab::parse`] does.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not UTF-8, or [`Vocab::parse`] refuses its lines; each error
    /// names the file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TextError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| TextError::ReadVocab {
            path: path.to_path_buf(),
            source,
        })?;
        let text = String::from_utf8(bytes).map_err(|error| TextError::VocabNotUtf8 {
            path: path.to_path_buf(),
            at: error.utf8_error().valid_up_to(),
        })?;
        Self::parse(&text).map_err(|source| TextError::VocabFile {
            path: path.to_path_buf(),
            source: Box::new(source),
        })
    }

    /// One token a line, lines ended by LF, CRLF or a lone CR, the last line ended or not.
    ///
    /// Nothing is trimmed: a space is a token. Upstream's reader drops the last character of a last
    /// line without an end; here such a line is a token like any other.
    ///
    /// # Errors
    ///
    /// If there is no line, line 1 is not a single space, or two lines are equal (upstream lets the
    /// later one win, and the ids then outgrow the embedding table).
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let mut tokens = Vec::new();
        let mut ids = HashMap::new();
        for (line, token) in lines(text).enumerate() {
            if line == 0 && token != " " {
                return Err(TextError::VocabFirstLine {
                    found: token.to_owned(),
                });
            }
            if let Some(first) = ids.insert(Box::from(token), line as u32) {
                return Err(TextError::DuplicateToken {
                    token: token.to_owned(),
                    first: first as usize + 1,
                    second: line + 1,
                });
            }
            tokens.push(Box::from(token));
        }
        if tokens.is_empty() {
            return Err(TextError::EmptyVocab);
        }
        Ok(Self { tokens, ids })
    }

    /// The 256 tokens of [`Tokenizer::Byte`](super::Tokenizer::Byte), for models without a
    /// vocabulary file: ids are the bytes of UTF-8, so here id 0 is the byte zero.
    #[must_use]
    pub fn bytes() -> Self {
        let tokens: Vec<Box<str>> = (0..=u8::MAX).map(|byte| byte_token(byte).into()).collect();
        let ids = tokens.iter().cloned().zip(0..).collect();
        Self { tokens, ids }
    }

    /// Number of tokens; the embedding table has one row more, for the filler.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a vocabulary is never empty")]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The id of a token.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    /// The token of an id.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize).map(AsRef::as_ref)
    }

    /// All tokens in the order of their ids.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &str> {
        self.tokens.iter().map(AsRef::as_ref)
    }

    /// The vocabulary as a file that [`Vocab::parse`] reads back, every line ended by LF.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.tokens
            .iter()
            .flat_map(|token| [token.as_ref(), "\n"])
            .collect()
    }
}

/// ASCII bytes are the character, others are written as `<0xE4>`: a token is text.
pub(super) fn byte_token(byte: u8) -> String {
    if byte.is_ascii() {
        char::from(byte).to_string()
    } else {
        format!("<0x{byte:02X}>")
    }
}

/// Lines without their ends; [`str::lines`] knows no lone CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        rest = tail
            .strip_prefix("\r\n")
            .or_else(|| tail.get(1..))
            .unwrap_or("");
        Some(line)
    })
}
