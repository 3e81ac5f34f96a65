//! Speaks a text of many sentences and shows how it was cut.
//!
//! ```text
//! cargo run --release --example long_form -- [TEXT_FILE]
//! ```

use std::error::Error;

use f5_tts::{F5Tts, SynthesisParams};

const STORY: &str = "\
The old house by the river was quiet. In the morning the light came slowly through the window, and \
the garden was still wet. A small bird sat on the wall and sang.

Then the door opened. An old man walked to the gate, looked at the green hill, and smiled. He had a \
long way to go, but the day was warm, and the wind was gentle.

At noon he came to a small town. The market was full of people, and a woman sold bread and fresh milk. \
He sat down under a tree, ate some bread, and listened to the bells. \"It is a good day,\" he said, and \
the children laughed. In the evening he walked home along the river, and the stars were bright.";

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
        ..Default::default()
    };
    let speech = tts.synthesize(&voice, &text, &params)?;

    for chunk in &speech.chunks {
        let second = |sample| sample as f64 / f64::from(speech.sample_rate);
        println!("{:6.2} s  {}", second(chunk.samples.start), chunk.text);
    }
    speech.save_wav("long_form.wav")?;
    speech.timings()?.save("long_form.srt")?;
    println!(
        "long_form.wav: {:.2} s, real-time factor {:.2}",
        speech.duration().as_secs_f64(),
        speech.real_time_factor()
    );
    Ok(())
}
