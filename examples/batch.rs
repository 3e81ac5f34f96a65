//! Speaks several texts in two voices at once. On a GPU a batch is faster than one text after the other;
//! what comes out is the same.
//!
//! ```text
//! cargo run --release --example batch
//! ```

use std::error::Error;

use f5_tts::{F5Tts, Request, SynthesisParams, Voice};

fn main() -> Result<(), Box<dyn Error>> {
    let tts = F5Tts::builder().build()?;
    let (slt, rms) = (voice(&tts, "slt")?, voice(&tts, "rms")?);
    let params = SynthesisParams {
        nfe_steps: 16,
        seed: Some(7),
        ..Default::default()
    };
    let requests = [
        (&slt, "Where does the river go?"),
        (&rms, "Down to the sea, past the mill and the old bridge."),
        (&slt, "Then we walk along."),
    ]
    .map(|(voice, gen_text)| Request {
        voice,
        gen_text,
        params: &params,
    });
    for (index, speech) in tts.synthesize_batch(&requests).into_iter().enumerate() {
        let speech = speech?;
        let path = format!("batch_{index}.wav");
        speech.save_wav(&path)?;
        println!(
            "{path}: {:.2?}, {} words",
            speech.duration(),
            speech.words.len()
        );
    }
    Ok(())
}

fn voice(tts: &F5Tts, name: &str) -> Result<Voice, Box<dyn Error>> {
    let path = format!("{}/assets/voices/{name}", env!("CARGO_MANIFEST_DIR"));
    let ref_text = std::fs::read_to_string(format!("{path}.txt"))?;
    Ok(tts.voice(format!("{path}.wav"), &ref_text)?)
}
