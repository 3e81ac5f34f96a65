//! Finds when each word of a known text was spoken in a recording, or judges aligners by recordings
//! whose word times are known.
//!
//! ```text
//! cargo run --release --example align -- assets/voices/slt.wav "$(cat assets/voices/slt.txt)"
//! cargo run --release --example align -- --manifest f5-align/tests/data/eval.jsonl --link all
//! ```
//!
//! `--help` lists the options.

mod judge;
mod links;

use std::{error::Error, io, path::PathBuf};

use f5_tts::{
    TimingFormat,
    align::Alignment,
    core::audio::Waveform,
    timing::{Track, WriteOptions},
};
use lexopt::prelude::*;

use links::Sources;

const USAGE: &str = "\
usage: align WAV TEXT [options]
       align --manifest FILE.jsonl [options]

  --aligner NAME       auto, hmm, energy, proportional, ctc or google (default: auto); with
                       --manifest it may be given several times
  --language TAG       language of the text (default: en)
  --format NAME        srt, vtt, json, csv, textgrid, ... (default: by the ending of --out, or srt)
  --out FILE           file to write (default: standard output)
  --plot FILE.png      draw waveform, mel and words (needs feature plot)
  --noise DB           add white noise so many dB below the recording, the same in every run
  --model DIR          network of ctc: config.json, vocab.json, model.safetensors (needs feature ctc)
  --hmm FILE           another model for hmm, as `cargo xtask train-aligner` writes it
  --allow-upload       google may send recording and text (needs feature google-speech and an API key
                       in the environment variable GOOGLE_API_KEY)

The manifest has lines {\"id\", \"wav\", \"text\", \"words\": [{\"w\", \"start\", \"end\"}]}, wav beside the
manifest and times in seconds. A table shows how far each aligner is from the words' times, where a
line has them. With one aligner, --out gets lines
{\"id\", \"words\": [{\"w\", \"start\", \"end\", \"score\"}], \"source\"}.

  --link all           one table for every aligner that needs no download, and for ctc with --model
  --wrong-text         align each recording with the text of another one: who notices?
  --require MEAN_MS,WITHIN_50_PERCENT
                       fail if the mean error of word starts and ends is larger, if fewer of them are
                       within 50 ms, or if a recording could not be aligned, with any aligner that was
                       asked for; with --link all, of hmm alone, the default one";

#[derive(Default)]
struct Args {
    wav: Option<PathBuf>,
    text: Option<String>,
    manifest: Option<PathBuf>,
    aligners: Vec<String>,
    language: String,
    format: Option<TimingFormat>,
    out: Option<PathBuf>,
    plot: Option<PathBuf>,
    noise: Option<f32>,
    wrong_text: bool,
    require: Option<judge::Require>,
    all: bool,
    sources: Sources,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(args) = Args::parse()? else {
        println!("{USAGE}");
        return Ok(());
    };
    let aligners = args.aligners.iter().map(|name| args.sources.aligner(name));
    let aligners = aligners.collect::<Result<Vec<_>, _>>()?;
    match (&args.manifest, &args.wav, &args.text, &aligners[..]) {
        (Some(manifest), None, None, aligners) => {
            if args.format.is_some() || args.plot.is_some() {
                return Err("--format and --plot are for one recording".into());
            }
            if args.out.is_some() && aligners.len() > 1 {
                return Err("--out takes the words of one aligner".into());
            }
            let judge = judge::Judge {
                language: &args.language,
                noise: args.noise,
                wrong_text: args.wrong_text,
                require: args.require,
                all: args.all,
            };
            if args.require.is_some() && args.wrong_text {
                return Err("--require is for the right texts".into());
            }
            judge.run(manifest, aligners, args.out.as_deref())
        }
        (None, ..) if args.require.is_some() => Err("--require is for a --manifest".into()),
        (None, Some(wav), Some(text), [aligner]) => {
            let mut audio = Waveform::read_wav(wav)?;
            if let Some(db) = args.noise {
                audio = judge::with_noise(&audio, db)?;
            }
            let found = aligner.align(&audio, text, &args.language)?;
            args.write(&audio, &found)
        }
        (None, Some(_), Some(_), _) => Err("one recording takes one --aligner".into()),
        _ => Err(USAGE.into()),
    }
}

impl Args {
    fn parse() -> Result<Option<Self>, Box<dyn Error>> {
        let mut args = Self {
            language: "en".to_owned(),
            ..Self::default()
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Long("help") | Short('h') => return Ok(None),
                Long("manifest") => args.manifest = Some(parser.value()?.into()),
                Long("aligner") => args.aligners.push(parser.value()?.string()?),
                Long("link") => match parser.value()?.string()?.as_str() {
                    "all" => args.all = true,
                    name => args.aligners.push(name.to_owned()),
                },
                Long("language") => args.language = parser.value()?.string()?,
                Long("format") => args.format = Some(parser.value()?.parse()?),
                Long("out") => args.out = Some(parser.value()?.into()),
                Long("plot") => args.plot = Some(parser.value()?.into()),
                Long("noise") => args.noise = Some(parser.value()?.parse()?),
                Long("wrong-text") => args.wrong_text = true,
                Long("require") => args.require = Some(parser.value()?.parse()?),
                Long("model") => args.sources.network = Some(parser.value()?.into()),
                Long("hmm") => args.sources.hmm = Some(parser.value()?.into()),
                Long("allow-upload") => args.sources.allow_upload = true,
                Value(path) if args.wav.is_none() => args.wav = Some(path.into()),
                Value(text) if args.text.is_none() => args.text = Some(text.string()?),
                _ => return Err(arg.unexpected().into()),
            }
        }
        if args.all {
            args.aligners = ["auto", "hmm", "energy", "proportional"]
                .map(str::to_owned)
                .into();
            if args.sources.network.is_some() {
                args.aligners.push("ctc".to_owned());
            }
        } else if args.aligners.is_empty() {
            args.aligners.push("auto".to_owned());
        }
        args.sources.language.clone_from(&args.language);
        Ok(Some(args))
    }

    /// Writes the words of one recording, and what the aligners said to standard error.
    fn write(&self, audio: &Waveform, found: &Alignment) -> Result<(), Box<dyn Error>> {
        for link in &found.trail {
            eprintln!("{link}");
        }
        let track = Track::from_words(&found.words)?
            .with_language(&self.language)
            .with_duration(found.duration)?;
        let options = WriteOptions::default();
        match &self.out {
            Some(path) => {
                let format = match self.format {
                    Some(format) => format,
                    None => TimingFormat::from_path(path)?,
                };
                track.save_with(path, format, &options)?;
            }
            None => track.write(self.format.unwrap_or(TimingFormat::Srt), io::stdout())?,
        }
        match &self.plot {
            None => Ok(()),
            #[cfg(feature = "plot")]
            Some(path) => Ok(f5_tts::plot_words(audio, &found.words, path)?),
            #[cfg(not(feature = "plot"))]
            Some(_) => {
                let _ = audio;
                Err("--plot needs the feature plot: cargo run --features plot ...".into())
            }
        }
    }
}
