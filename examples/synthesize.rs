//! Speaks a text and writes the audio and the time of every word.
//!
//! ```text
//! cargo run --release --example synthesize -- "The green hill stands near the river."
//! ```
//!
//! Writes out.wav and out.srt with the demo voice that lies in the repository. `--help` lists the options.

use std::{error::Error, io::IsTerminal, ops::ControlFlow, path::PathBuf};

use f5_tts::{DevicePreference, F5Tts, Progress, SynthesisParams, demo_dir};
use indicatif::{ProgressBar, ProgressStyle};

const USAGE: &str = "\
usage: synthesize [TEXT] [options]

  --model DIR          model directory (default: the demo model)
  --preset NAME        released model, if DIR has no config.json (F5TTS_v1_Base, F5TTS_Base, ...)
  --vocoder DIR        vocoder directory (default: the one beside the model)
  --ref-audio FILE     WAV file of the voice to clone (default: the demo voice)
  --ref-text TEXT      what is said in it
  --out FILE           audio to write (default: out.wav)
  --timing FILE        word times to write; the extension picks the format (default: out.srt)
  --seed N             same seed, same speech
  --nfe-steps N        steps from noise to speech (default: 32)
  --cfg-strength X     pull of the text (default: 2)
  --speed X            rate of speech (default: 1)
  --device D           auto, cpu, vulkan or cuda[:INDEX] (default: auto)
  --upstream           do as F5-TTS 1.1.22 does, quirks included";

fn main() -> Result<(), Box<dyn Error>> {
    let Some(args) = Args::parse()? else {
        println!("{USAGE}");
        return Ok(());
    };

    let mut builder = F5Tts::builder().model_dir(&args.model).device(args.device);
    if let Some(preset) = &args.preset {
        builder = builder.preset(preset);
    }
    if let Some(dir) = &args.vocoder {
        builder = builder.vocoder_dir(dir);
    }
    let tts = builder.build()?;

    let voice = tts.voice(&args.ref_audio, &args.ref_text)?;
    if voice.clipped().is_some() {
        eprintln!(
            "note: the reference was cut to 12 seconds; shorten --ref-text to what is left of it"
        );
    }

    let bar = Bar::new();
    let speech = tts.synthesize_with(&voice, &args.text, &args.params, |progress| {
        bar.show(progress)
    })?;
    bar.0.finish_and_clear();

    speech.save_wav(&args.out)?;
    speech.timings()?.save(&args.timing)?;
    for unknown in &speech.report.unknown {
        eprintln!(
            "note: the model does not know {:?} (character {})",
            unknown.ch, unknown.at
        );
    }
    println!(
        "{} and {}: {:.2} s of speech, seed {}, real-time factor {:.2} on {}",
        args.out.display(),
        args.timing.display(),
        speech.duration().as_secs_f64(),
        speech.seed,
        speech.real_time_factor(),
        speech.report.device,
    );
    Ok(())
}

/// A progress bar where somebody is looking.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} steps, {eta} left");
        Self(ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    fn show(&self, progress: Progress) -> ControlFlow<()> {
        self.0.set_length((progress.chunks * progress.steps) as u64);
        self.0
            .set_position((progress.chunk * progress.steps + progress.step) as u64);
        ControlFlow::Continue(())
    }
}

struct Args {
    text: String,
    model: PathBuf,
    preset: Option<String>,
    vocoder: Option<PathBuf>,
    ref_audio: PathBuf,
    ref_text: String,
    out: PathBuf,
    timing: PathBuf,
    device: DevicePreference,
    params: SynthesisParams,
}

impl Args {
    /// `None` when the user asks for help.
    fn parse() -> Result<Option<Self>, Box<dyn Error>> {
        use lexopt::prelude::*;
        let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
        let mut args = Self {
            text: "The green hill stands near the river, and the wind is gentle.".to_owned(),
            model: demo_dir(),
            preset: None,
            vocoder: None,
            ref_audio: format!("{voices}/slt.wav").into(),
            ref_text: std::fs::read_to_string(format!("{voices}/slt.txt"))?,
            out: "out.wav".into(),
            timing: "out.srt".into(),
            device: DevicePreference::Auto,
            params: SynthesisParams::default(),
        };
        let (mut ref_audio, mut ref_text) = (None, None);
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            let params = &mut args.params;
            match arg {
                Long("model") => args.model = parser.value()?.into(),
                Long("preset") => args.preset = Some(parser.value()?.string()?),
                Long("vocoder") => args.vocoder = Some(parser.value()?.into()),
                Long("ref-audio") => ref_audio = Some(parser.value()?.into()),
                Long("ref-text") => ref_text = Some(parser.value()?.string()?),
                Long("out") => args.out = parser.value()?.into(),
                Long("timing") => args.timing = parser.value()?.into(),
                Long("seed") => params.seed = Some(parser.value()?.parse()?),
                Long("nfe-steps") => params.nfe_steps = parser.value()?.parse()?,
                Long("cfg-strength") => params.cfg_strength = parser.value()?.parse()?,
                Long("speed") => params.speed = parser.value()?.parse()?,
                Long("device") => args.device = parser.value()?.parse()?,
                // What other flags say holds in any order.
                Long("upstream") => {
                    *params = SynthesisParams {
                        seed: params.seed,
                        nfe_steps: params.nfe_steps,
                        cfg_strength: params.cfg_strength,
                        speed: params.speed,
                        ..SynthesisParams::upstream()
                    }
                }
                Long("help") | Short('h') => return Ok(None),
                Value(text) => args.text = text.string()?,
                other => return Err(other.unexpected().into()),
            }
        }
        match (ref_audio, ref_text) {
            (Some(audio), Some(text)) => (args.ref_audio, args.ref_text) = (audio, text),
            (None, None) => {}
            _ => return Err("--ref-audio and --ref-text belong together".into()),
        }
        Ok(Some(args))
    }
}
