//! Shows what is spoken for a text, and what the vocabulary of the demo voice lacks.
//!
//! ```text
//! cargo run --release --example normalize -- [TEXT] [--language TAG] [--respell WORD=AS]...
//! ```

use std::error::Error;

use f5_tts::core::text::{
    Tokenizer, Vocab,
    normalize::{EnglishNormalizer, PronunciationOverrides, TextNormalizer},
};
use lexopt::{
    Arg::{Long, Value},
    ValueExt,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut text =
        "Dr. Nguyen paid $5.50 on 3/14/2025 at 10:05, e.g. for 2 kg of tea 🍵.".to_owned();
    let (mut language, mut respelled) = ("en".to_owned(), String::new());
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(value) => text = value.string()?,
            Long("language") => language = arguments.value()?.string()?,
            Long("respell") => respelled += &(arguments.value()?.string()? + "\n"),
            other => return Err(other.unexpected().into()),
        }
    }
    let overrides = PronunciationOverrides::parse(&respelled)?;
    let spoken = EnglishNormalizer::new().normalize(&text, &language);
    let spoken = overrides.apply(&text, spoken);
    println!("{text}\n{}", spoken.text());

    let (written, said): (Vec<char>, Vec<char>) =
        (text.chars().collect(), spoken.text().chars().collect());
    for one in spoken.replacements() {
        let of = |chars: &[char]| chars.iter().collect::<String>();
        println!(
            "{:>4}  {} -> {}",
            one.original.start,
            of(&written[one.original.clone()]),
            of(&said[one.spoken.clone()])
        );
    }
    let vocab = Vocab::from_file(f5_tts::demo_dir().join("vocab.txt"))?;
    let encoded = Tokenizer::Pinyin.encode_with(spoken.text(), &vocab, spoken.readings());
    for unknown in encoded.unknown {
        let at = spoken.to_original(unknown.at..unknown.at + 1).start;
        println!("{at:>4}  {:?} is not in the vocabulary", unknown.ch);
    }
    Ok(())
}
