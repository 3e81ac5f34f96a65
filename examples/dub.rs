//! Speaks the cues of a subtitle file at their times, and says how well each met its own.
//!
//! ```text
//! cargo run --release --example dub -- [IN.srt [OUT.wav]]
//! ```

use std::{error::Error, io::Write};

use f5_tts::{
    DubParams, F5Tts, SynthesisParams, TimingFormat,
    timing::{Document, ReadOptions},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let options = ReadOptions::lenient();
    let subtitles = match arguments.next() {
        Some(path) => Document::open(path, &options)?,
        None => TimingFormat::Srt.parse(include_bytes!("dub/cues.srt"), &options)?,
    };
    let out = arguments.next().unwrap_or_else(|| "dub.wav".to_owned());

    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let tts = F5Tts::builder().build()?;
    let ref_text = std::fs::read_to_string(format!("{voices}/slt.txt"))?;
    let voice = tts.voice(format!("{voices}/slt.wav"), &ref_text)?;
    let params = DubParams {
        synthesis: SynthesisParams {
            nfe_steps: 16,
            seed: Some(7),
            ..Default::default()
        },
        ..Default::default()
    };
    let dub = tts.dub_with(&voice, &subtitles.cues, &params, |progress| {
        eprint!(
            "\rcue {} of {}, step {} ",
            progress.chunk + 1,
            progress.chunks,
            progress.step
        );
        std::io::stderr().flush().ok();
        std::ops::ControlFlow::Continue(())
    })?;
    eprintln!();
    println!("   start  wanted     end  wanted   speed  clipped");
    for cue in &dub.cues {
        println!(
            "{:>8.3}{:>8.3}{:>8.3}{:>8.3}{:>7.2}x{:>9.3}  {}",
            cue.spoken.start.as_secs_f64(),
            cue.wanted.start.as_secs_f64(),
            cue.spoken.end.as_secs_f64(),
            cue.wanted.end.as_secs_f64(),
            cue.speed,
            cue.clipped.as_secs_f64(),
            cue.text
        );
    }
    dub.save_wav(&out)?;
    // Never the subtitles that came in, whatever they are called.
    let words = std::path::Path::new(&out).with_extension("words.vtt");
    dub.timings()?.save(&words)?;
    println!("{out} and {} ({:.2?})", words.display(), dub.elapsed);
    Ok(())
}
