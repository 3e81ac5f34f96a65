//! Makes a recording say another text: words that differ are spoken anew, the rest stays as it is.
//!
//! ```text
//! cargo run --release --example edit -- [IN.wav "WHAT IS SAID" "WHAT SHALL BE SAID" [OUT.wav]]
//! ```

use std::error::Error;

use f5_tts::{EditParams, F5Tts, SynthesisParams, core::audio::Waveform};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let (recording, original, target) = match arguments.as_slice() {
        [recording, original, target, ..] => (recording.clone(), original.clone(), target.clone()),
        [] => {
            let original = std::fs::read_to_string(format!("{voices}/slt.txt"))?;
            let target = original
                .replace("old house", "green hill")
                .replace("slowly ", "");
            (format!("{voices}/slt.wav"), original, target)
        }
        _ => return Err("give a WAV file, what is said in it, and what shall be said".into()),
    };
    let out = arguments.get(3).map_or("edit.wav", String::as_str);

    let tts = F5Tts::builder().build()?;
    let recording = Waveform::read_wav(recording)?;
    let params = EditParams {
        synthesis: SynthesisParams {
            seed: Some(7),
            ..Default::default()
        },
        ..Default::default()
    };
    let edited = tts.edit_to(&recording, &original, &target, &params)?;
    let seconds = |sample: usize| sample as f64 / f64::from(edited.waveform.sample_rate());
    for span in &edited.report.spans {
        let words = &edited.words[span.words.clone()];
        let words: Vec<&str> = words.iter().map(|word| word.word.as_str()).collect();
        println!(
            "{:.2} to {:.2} s is now {:.2} to {:.2} s: {:?}",
            seconds(span.old.start),
            seconds(span.old.end),
            seconds(span.new.start),
            seconds(span.new.end),
            words.join(" ")
        );
    }
    if let Some(located) = &edited.report.located {
        println!("words found by: {}", located.aligner);
    }
    edited.save_wav(out)?;
    println!(
        "{out}, {:.2?} in {:.2?}",
        edited.duration(),
        edited.report.elapsed
    );
    Ok(())
}
