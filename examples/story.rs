//! Performs a long story in three voices without keeping it: audio and subtitles are written as they come.
//!
//! ```text
//! cargo run --release --example story -- [WORDS] [NFE_STEPS]
//! ```
//!
//! Writes story.pcm (16-bit little-endian mono at 24 kHz) and story.vtt, and shows the memory in use on Linux. In
//! the end the subtitles are read again and held against the script.

use std::{
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    time::Instant,
};

use f5_tts::{
    Cast, F5Tts, Script, SynthesisParams, TimingFormat,
    timing::{Document, ReadOptions, StreamWriter, WriteOptions},
};

/// Samples behind the beginning of a piece that a fade may last.
const SEAM: usize = 3600;

const TOLD: [&str; 6] = [
    "The old house by the river was quiet. In the morning the light came slowly through the window, and the \
     garden was still wet. A small bird sat on the wall and sang.",
    "[man] Good morning! It is a good day, and the road along the river is dry.",
    "[guest] Is there some bread and fresh milk?",
    "[main] At noon he came to a small town. The market was full of people, and a woman sold bread.",
    "[man] I have a long way to go, but the wind is gentle. [pause 500ms] We walk home in the evening.",
    "[main] He walked home along the river, and the stars were bright. The children laughed.\n\n",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let words: usize = args.next().map_or(Ok(3000), |words| words.parse())?;
    let nfe_steps: usize = args.next().map_or(Ok(8), |steps| steps.parse())?;
    let mut script = Script::parse(&TOLD.concat())?;
    let told = script.lines.clone();
    let said = |script: &Script| {
        let lines = script.lines.iter();
        lines
            .map(|line| line.text.split_whitespace().count())
            .sum::<usize>()
    };
    while said(&script) < words {
        script.lines.extend(told.clone());
    }

    let voices = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/voices");
    let tts = F5Tts::builder().build()?;
    let voice = |name: &str| -> Result<_, Box<dyn Error>> {
        let ref_text = std::fs::read_to_string(voices.join(name).with_extension("txt"))?;
        Ok(tts.voice(voices.join(name).with_extension("wav"), &ref_text)?)
    };
    let (woman, man) = (voice("slt")?, voice("rms")?);
    let third = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/f5-align/tests/data/awb_19.wav"
    );
    let third = tts.voice(third, "Nobody knew where the sound was coming from.")?;
    let cast = Cast::new().with("main", woman).with("man", man);
    let cast = cast.with_speed("guest", third, 0.9);

    let params = SynthesisParams {
        nfe_steps,
        seed: Some(7),
        ..Default::default()
    };
    let started = Instant::now();
    let mut audio = BufWriter::new(File::create("story.pcm")?);
    let subtitles = BufWriter::new(File::create("story.vtt")?);
    let mut subtitles = StreamWriter::new(subtitles, TimingFormat::Vtt, &WriteOptions::default())?;
    let (mut samples, mut tenth) = (0, 0);
    // The largest step from a sample to the next: where pieces meet, and anywhere.
    let (mut last, mut step_at_seams, mut largest_step) = (0.0_f32, 0.0_f32, 0.0_f32);
    let mut end_of_lines = 0;
    for piece in tts.perform_stream(&script, &cast, &params)? {
        let piece = piece?;
        for (at, &sample) in piece.samples.iter().enumerate() {
            let step = (sample - last).abs();
            last = sample;
            largest_step = largest_step.max(step);
            if at < SEAM {
                step_at_seams = step_at_seams.max(step);
            }
            let sample = (sample.clamp(-1.0, 1.0) * 32767.0) as i16;
            audio.write_all(&sample.to_le_bytes())?;
        }
        subtitles.set_speaker(Some(&piece.speaker));
        for word in &piece.words {
            subtitles.push(word)?;
        }
        samples += piece.samples.len();
        end_of_lines = piece.spoken.end;
        if piece.line * 10 / script.lines.len() >= tenth {
            tenth += 1;
            let seconds = samples as f64 / 24_000.0;
            println!(
                "{seconds:7.1} s of audio after {:.0?}: {}",
                started.elapsed(),
                memory()
            );
        }
    }
    audio.flush()?;
    subtitles.finish()?.flush()?;

    let read = Document::open("story.vtt", &ReadOptions::default())?;
    let heard = read.cues.iter().flat_map(|cue| {
        let speaker = cue.speaker.clone().unwrap_or_default();
        let words = cue.text.split_whitespace().map(str::to_owned);
        words
            .map(move |word| (speaker.clone(), word))
            .collect::<Vec<_>>()
    });
    let written = script.lines.iter().flat_map(|line| {
        let speaker = line.voice.clone().unwrap_or_else(|| "main".to_owned());
        let words = line.text.split_whitespace().map(str::to_owned);
        words
            .map(move |word| (speaker.clone(), word))
            .collect::<Vec<_>>()
    });
    assert!(
        heard.eq(written),
        "story.vtt does not hold the words of the script in order"
    );
    let end = read
        .cues
        .last()
        .map(|cue| cue.end.as_secs_f64())
        .unwrap_or_default();
    println!(
        "{} words in order; the last one ends at {end:.3} s of {:.3} s; {:.0?} for {nfe_steps} steps a chunk",
        said(&script),
        samples as f64 / 24_000.0,
        started.elapsed()
    );
    println!(
        "largest step at a seam {step_at_seams:.3}, anywhere {largest_step:.3}; audio is {} samples longer than its lines",
        samples - end_of_lines
    );
    Ok(())
}

/// Resident memory and its peak, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status
        .lines()
        .filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
    lines.collect::<Vec<_>>().join(", ").replace('\t', " ")
}
