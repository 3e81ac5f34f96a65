//! Performs a script of several voices, and writes the audio and who said which word when.
//!
//! ```text
//! cargo run --release --example script -- [FILE]
//! ```
//!
//! FILE is a TOML or JSON file with the keys of upstream's command line; `story.toml` beside this example when
//! it is not given. The model is the demo's. Writes the file's `output_file`, which starts from its
//! `output_dir` or else its folder, and the same as .vtt.

use std::{error::Error, fs, path::PathBuf};

use f5_tts::{F5Tts, Script, SynthesisParams};

fn main() -> Result<(), Box<dyn Error>> {
    let story = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/script/story.toml");
    let file = std::env::args().nth(1).unwrap_or_else(|| story.to_owned());
    let script = Script::load(file)?;
    let out = script
        .settings
        .output()
        .unwrap_or_else(|| PathBuf::from("script.wav"));
    // Before anything is spoken: it would be lost without a place to go to.
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let tts = F5Tts::builder().build()?;
    let cast = script.settings.cast(&tts)?;
    let params = script.settings.params(&SynthesisParams::default());
    let performance = tts.perform(&script, &cast, &params)?;

    for line in &performance.lines {
        let start = line.samples.start as f64 / f64::from(performance.waveform.sample_rate());
        println!("{start:6.2} s  {}: {}", line.speaker, line.text);
    }
    performance.save_wav(&out)?;
    performance.timings()?.save(out.with_extension("vtt"))?;
    println!("{}: {:.2?}", out.display(), performance.duration());
    Ok(())
}
