//! Text: vocabularies, tokenizers, pinyin, normalisation, chunking and the rules that turn text into durations.
//!
//! What the network reads is a list of ids, one per [`Token`]; [`Tokenizer::encode`] makes them and
//! reports every character the [`Vocab`] does not know. Two ways of cutting long texts stand side by
//! side: [`chunk_text`] reproduces upstream, [`chunk_sentences`] is what this engine prefers.
//!
//! ```
//! use f5_core::text::{Tokenizer, Vocab};
//!
//! let vocab = Vocab::parse(" \na\nc\nt\n")?;
//! let encoded = Tokenizer::Char.encode("a cat?", &vocab);
//! assert_eq!(encoded.ids, [1, 0, 2, 1, 3, 0]);
//! assert_eq!((encoded.unknown[0].ch, encoded.unknown[0].at), ('?', 5));
//! # Ok::<(), f5_core::text::TextError>(())
//! ```

mod chunk;
pub mod duration;
mod error;
pub mod normalize;
pub mod numbers;
#[cfg(feature = "zh")]
pub mod pinyin;
mod rules;
mod segment;
mod sentences;
mod tokenizer;
mod vocab;

pub use self::{
    chunk::chunk_text,
    error::TextError,
    rules::{max_chars, normalize_ref_text, with_trailing_space},
    sentences::{Chunk, chunk_sentences, chunk_sentences_around},
    tokenizer::{Encoded, Token, Tokenizer, UnknownChar},
    vocab::Vocab,
};

/// Whitespace as upstream's Python sees it: Unicode's, and the four ASCII separators.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}
