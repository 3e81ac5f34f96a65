//! Says what may be wrong with a reference before a voice is cloned from it. Loads no model.
//!
//! ```text
//! cargo run --release --example check_voice -- me.wav "What I say in this recording."
//! ```

use std::error::Error;

use f5_tts::{
    Fit,
    align::{Aligner, AlignerChain},
    core::audio::{
        Pcm,
        check::{RefText, ReferenceReport},
        reference::preprocess,
    },
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (ref_audio, ref_text) = match (args.next(), args.next()) {
        (Some(ref_audio), Some(ref_text)) => (ref_audio, ref_text),
        _ => {
            let voice = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices/slt");
            let ref_text = std::fs::read_to_string(format!("{voice}.txt"))?;
            (format!("{voice}.wav"), ref_text)
        }
    };
    let recording = Pcm::read(&ref_audio)?;
    let prepared = preprocess(&recording)?;
    // `Voice::report` gives the same of a voice that an engine has prepared.
    println!(
        "{}",
        ReferenceReport::of(&recording, &prepared, RefText::Given(&ref_text))
    );

    // Whether the words are heard, in English.
    let found = AlignerChain::default().align(&prepared.pcm.to_mono(), &ref_text, "en")?;
    let fit = Fit::of(&found);
    match (&fit.weakest, fit.refusals.first()) {
        (_, Some(refusal)) => println!("the audio does not say the text: {refusal}"),
        (Some(word), None) => println!(
            "all {} words are heard, least well {:?} at {:.1?} (score {:.2})",
            fit.words,
            word.word,
            word.start,
            word.score.unwrap_or_default()
        ),
        (None, None) => println!("no aligner can listen to this text"),
    }
    Ok(())
}
