//! Word times from JSON files to subtitles in every format.
//!
//! ```text
//! cargo run --release --example subtitles -- WORDS.json... --out-dir DIR
//! ```
//!
//! A file holds `{"name","words":[{"word","start","end","score"?}],"lang"?}` with times in seconds.
//! For one named CASE this writes `CASE.words.*` (a cue per word), `CASE.guarded.csv`,
//! `CASE.cues.*` (cues for reading) and `CASE.karaoke.*`. Times that cannot be right leave
//! `CASE.err` alone, with the index of the word and the reason; the other files go on.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use f5_tts::timing::{
    CueMode, CueOptions, Document, Karaoke, ReadOptions, TimingFormat, Track, WriteOptions,
};

/// Formats of `CASE.words.*` and the endings of their files.
const WORDS: [(TimingFormat, &str); 10] = [
    (TimingFormat::Srt, "srt"),
    (TimingFormat::Vtt, "vtt"),
    (TimingFormat::Ass, "ass"),
    (TimingFormat::Csv, "csv"),
    (TimingFormat::Json, "json"),
    (TimingFormat::JsonLines, "jsonl"),
    (TimingFormat::Lrc, "lrc"),
    (TimingFormat::TextGrid, "TextGrid"),
    (TimingFormat::Audacity, "audacity.txt"),
    (TimingFormat::Ttml, "ttml"),
];

fn main() -> ExitCode {
    let Some((inputs, out_dir)) = arguments() else {
        eprintln!("usage: subtitles WORDS.json... --out-dir DIR");
        return ExitCode::from(2);
    };
    let mut code = ExitCode::SUCCESS;
    for input in inputs {
        match convert(&input, &out_dir) {
            Ok(summary) => println!("{}: {summary}", input.display()),
            Err(error) => {
                eprintln!("{}: {error}", input.display());
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn arguments() -> Option<(Vec<PathBuf>, PathBuf)> {
    let (mut inputs, mut out_dir) = (Vec::new(), None);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--out-dir" {
            out_dir = Some(PathBuf::from(arguments.next()?));
        } else {
            inputs.push(PathBuf::from(argument));
        }
    }
    out_dir
        .filter(|_| !inputs.is_empty())
        .map(|dir| (inputs, dir))
}

/// Writes all files of one input; an input that is refused leaves only its `.err`.
fn convert(input: &Path, out_dir: &Path) -> Result<String, Box<dyn Error>> {
    fs::create_dir_all(out_dir)?;
    let stem = input
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let mut name = stem.unwrap_or_else(|| "words".to_owned());
    let bytes = fs::read(input)?;
    let parsed = TimingFormat::Json.parse(&bytes, &ReadOptions::lenient());
    if let Some(title) = parsed
        .as_ref()
        .ok()
        .and_then(|document| document.title.as_deref())
        && is_file_name(title)
    {
        name = title.to_owned();
    }
    match parsed.and_then(Document::into_track) {
        Ok(track) => {
            write_all(&track, &out_dir.join(&name))?;
            Ok(format!("{} words as {name}", track.len()))
        }
        Err(error) => {
            fs::write(out_dir.join(format!("{name}.err")), format!("{error}\n"))?;
            Ok(format!("refused, {error}"))
        }
    }
}

fn write_all(track: &Track, case: &Path) -> Result<(), Box<dyn Error>> {
    let path = |ending: &str| {
        let mut path = case.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    let plain = WriteOptions::default();
    for (format, ending) in WORDS {
        track.save_with(path(&format!(".words.{ending}")), format, &plain)?;
    }
    let guarded = WriteOptions {
        formula_guard: true,
        ..plain
    };
    track.save_with(path(".guarded.csv"), TimingFormat::Csv, &guarded)?;
    let cues = CueMode::Segmented(CueOptions::default());
    let cues = WriteOptions {
        cues,
        ..WriteOptions::default()
    };
    for format in [TimingFormat::Srt, TimingFormat::Vtt] {
        track.save_with(path(&format!(".cues.{format}")), format, &cues)?;
    }
    let karaoke = WriteOptions {
        karaoke: Some(Karaoke::Sweep),
        ..cues
    };
    for format in [TimingFormat::Ass, TimingFormat::Vtt] {
        track.save_with(path(&format!(".karaoke.{format}")), format, &karaoke)?;
    }
    Ok(())
}

/// A name from inside a file must not lead out of the folder.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0'])
}
