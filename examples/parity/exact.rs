//! Kinds `text` and `reference`: what has to be equal, not close.

use f5_tts::core::{
    audio::{Pcm, SampleWidth, reference::preprocess},
    text::{Tokenizer, Vocab, chunk_text, normalize_ref_text},
};
use serde_json::{Value, json};

use crate::{
    case::{Case, Failure, sha256},
    report::Report,
};

pub(crate) fn text(case: &Case, report: &mut Report) -> Result<(), Failure> {
    let list = |name: &str| {
        case.json[name]
            .as_array()
            .ok_or(format!("case.json has no {name}"))
    };
    let text = |entry: &Value| {
        entry["text"]
            .as_str()
            .map(str::to_owned)
            .ok_or("an entry has no text")
    };

    let vocab = Vocab::from_file(case.dir.join("vocab.txt"))?;
    let (mut wrong_tokens, mut wrong_ids) = (0, 0);
    let entries = list("tokenize")?;
    for entry in entries {
        let text = text(entry)?;
        let tokens: Vec<_> = Tokenizer::Custom
            .tokenize(&text)
            .into_iter()
            .map(|token| token.text)
            .collect();
        wrong_tokens += usize::from(json!(tokens) != entry["tokens"]);
        wrong_ids +=
            usize::from(json!(Tokenizer::Custom.encode(&text, &vocab).ids) != entry["ids"]);
    }
    report.exact("tokens", wrong_tokens, entries.len());
    report.exact("ids", wrong_ids, entries.len());

    let entries = list("chunk")?;
    let mut wrong = 0;
    for entry in entries {
        let max_chars = entry["max_chars"]
            .as_i64()
            .ok_or("an entry has no max_chars")?;
        wrong += usize::from(json!(chunk_text(&text(entry)?, max_chars)) != entry["chunks"]);
    }
    report.exact("chunks", wrong, entries.len());
    Ok(())
}

pub(crate) fn reference(case: &Case, report: &mut Report) -> Result<(), Failure> {
    for entry in case.json["cases"]
        .as_array()
        .ok_or("case.json has no cases")?
    {
        let text = |key: &str| entry[key].as_str().ok_or(format!("an entry has no {key}"));
        let name = text("name")?;
        let pcm = preprocess(&Pcm::read_wav(case.dir.join(format!("{name}.wav")))?)?.pcm;
        let shift = match pcm.sample_width() {
            SampleWidth::Bits32 => 16,
            _ => 0,
        };
        let bytes: Vec<u8> = pcm
            .samples()
            .iter()
            .flat_map(|&s| ((s >> shift) as i16).to_le_bytes())
            .collect();
        let got = json!({
            "sample_rate": pcm.sample_rate(),
            "channels": pcm.channels(),
            "frames": pcm.frames(),
            "sha256": sha256(&bytes),
            "ref_text_out": normalize_ref_text(text("ref_text_in")?),
        });
        let fields = got.as_object().ok_or("not an object")?;
        let wrong = fields
            .iter()
            .filter(|(key, value)| entry[key.as_str()] != **value)
            .count();
        report.exact(name, wrong, fields.len());
    }
    Ok(())
}
