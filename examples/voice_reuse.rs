//! Prepares a voice once and speaks several texts with it, from two threads.
//!
//! ```text
//! cargo run --release --example voice_reuse
//! ```

use std::{error::Error, thread};

use f5_tts::{F5Tts, SynthesisParams};

fn main() -> Result<(), Box<dyn Error>> {
    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let tts = F5Tts::builder().build()?;
    let ref_text = std::fs::read_to_string(format!("{voices}/slt.txt"))?;
    let voice = tts.voice(format!("{voices}/slt.wav"), &ref_text)?;

    // The engine and the voice are shared; each call is on its own.
    let params = SynthesisParams {
        nfe_steps: 16,
        seed: Some(7),
        ..Default::default()
    };
    thread::scope(|scope| {
        let texts = [
            "Please count from one to seven.",
            "We walk home along the river.",
        ];
        let speakers = texts.map(|text| scope.spawn(|| tts.synthesize(&voice, text, &params)));
        for (index, speaker) in speakers.into_iter().enumerate() {
            let speech = speaker.join().map_err(|_| "a speaker panicked")??;
            let path = format!("reuse_{index}.wav");
            speech.save_wav(&path)?;
            println!(
                "{path}: {:.2} s, seed {}",
                speech.duration().as_secs_f64(),
                speech.seed
            );
        }
        Ok(())
    })
}
