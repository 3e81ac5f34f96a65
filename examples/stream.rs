//! Speaks a text piece by piece: audio is written, and words are shown, while the rest is still being made.
//!
//! ```text
//! cargo run --release --example stream -- [TEXT_FILE]
//! ```

use std::{error::Error, time::Duration, time::Instant};

use f5_tts::{
    F5Tts, SynthesisParams,
    core::audio::{WavFormat, Waveform},
};

const STORY: &str = "\
Good morning. The old house by the river was quiet, and the light came slowly through the window. A small \
bird sat on the wall and sang. Then the door opened, and an old man walked to the gate.

He looked at the green hill and smiled. He had a long way to go, but the day was warm, and the wind was \
gentle, and the road along the river was dry and easy to walk on.";

fn main() -> Result<(), Box<dyn Error>> {
    let text = match std::env::args().nth(1) {
        Some(path) => std::fs::read_to_string(path)?,
        None => STORY.to_owned(),
    };
    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let tts = F5Tts::builder().build()?;
    let ref_text = std::fs::read_to_string(format!("{voices}/slt.txt"))?;
    let voice = tts.voice(format!("{voices}/slt.wav"), &ref_text)?;

    let params = SynthesisParams {
        nfe_steps: 16,
        seed: Some(7),
        first_chunk: Some(Duration::from_secs(2)),
        ..Default::default()
    };
    let started = Instant::now();
    let (mut samples, mut rate) = (Vec::new(), 0);
    for piece in tts.synthesize_stream(&voice, &text, &params)? {
        let piece = piece?;
        let words: Vec<&str> = piece.words.iter().map(|word| word.word.as_str()).collect();
        println!(
            "after {:>6.2?}: {:>6.2?} of audio from {:>6.2?}, {}",
            started.elapsed(),
            piece.duration(),
            piece.start(),
            words.join(" ")
        );
        // A player would take the samples here.
        samples.extend(piece.samples);
        rate = piece.sample_rate;
    }
    Waveform::new(samples, rate)?.write_wav("stream.wav", WavFormat::Pcm16)?;
    Ok(())
}
