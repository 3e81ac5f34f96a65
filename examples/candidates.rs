//! Speaks a text with several seeds and keeps the speech that fits it best; costs as much as speaking it
//! that many times.
//!
//! ```text
//! cargo run --release --example candidates -- ["TEXT" [N]]
//! ```

use std::error::Error;

use f5_tts::{F5Tts, SynthesisParams};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let text = args.next();
    let text = text
        .as_deref()
        .unwrap_or("The green hill stands near the river.");
    let n = args.next().map_or(Ok(4), |n| n.parse())?;

    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let tts = F5Tts::builder().build()?;
    let ref_text = std::fs::read_to_string(format!("{voices}/slt.txt"))?;
    let voice = tts.voice(format!("{voices}/slt.wav"), &ref_text)?;

    let params = SynthesisParams {
        nfe_steps: 16,
        seed: Some(7),
        ..Default::default()
    };
    let found = tts.candidates(&voice, text, &params, n)?;
    for (index, candidate) in found.tried.iter().enumerate() {
        let fit = &candidate.fit;
        let weakest = fit.weakest.as_ref().map_or("", |word| word.word.as_str());
        println!(
            "{} seed {}: score {:.3}, {} of {} words refused, weakest {weakest:?}",
            if index == found.best_index { "*" } else { " " },
            candidate.seed,
            fit.score.unwrap_or_default(),
            fit.refused_words,
            fit.words
        );
    }
    found.best.save_wav("best.wav")?;
    println!("best.wav, after {:.1?}", found.elapsed);
    Ok(())
}
