//! Training speech: free synthesisers of Debian speak the sentences and tell when each phone began.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use f5_core::audio::Waveform;

use super::TrainError;

/// A voice of Festival or Flite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A voice of Festival, by the name of the function that chooses it.
    Festival(&'static str),
    /// A voice built into Flite.
    Flite(&'static str),
}

/// The voices that the committed model is trained on: three speakers, since two synthesisers speak
/// with slt's voice. Festival's ked, Flite's awb and espeak-ng are never among them: they judge the
/// result.
pub const VOICES: [Voice; 4] = [
    Voice::Festival("kal_diphone"),
    Voice::Festival("cmu_us_slt_arctic_hts"),
    Voice::Flite("slt"),
    Voice::Flite("rms"),
];

/// Speech with the end of each of its phones in seconds.
#[derive(Debug, Clone)]
pub struct Utterance {
    /// The audio.
    pub audio: Waveform,
    /// Name and end of every phone, in order; the first starts at zero.
    pub phones: Vec<(String, f64)>,
}

impl Voice {
    /// Name of the voice's folder.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Festival(name) => format!("festival_{name}"),
            Self::Flite(name) => format!("flite_{name}"),
        }
    }

    /// Speaks every sentence at its rate (1 is the voice's own, more is slower) into
    /// `folder/<number>.wav` and `.phones`; what is there already is kept.
    ///
    /// # Errors
    ///
    /// If the synthesiser is not installed or fails, or files cannot be written.
    pub fn speak(self, folder: &Path, sentences: &[(String, f64)]) -> Result<(), TrainError> {
        fs::create_dir_all(folder).map_err(|e| TrainError::io(folder, e))?;
        let missing = sentences
            .iter()
            .enumerate()
            .filter(|(i, _)| !folder.join(format!("{i:04}.phones")).exists());
        match self {
            Self::Festival(name) => {
                let mut script = format!("(voice_{name})\n");
                for (i, (text, stretch)) in missing {
                    let base = folder.join(format!("{i:04}")).display().to_string();
                    let text = text.replace('"', "");
                    script += &format!(
                        "(Parameter.set 'Duration_Stretch {stretch})\n\
                         (set! u (utt.synth (eval (list 'Utterance 'Text \"{text}\"))))\n\
                         (utt.save.wave u \"{base}.wav\" 'riff)\n\
                         (set! f (fopen \"{base}.phones\" \"w\"))\n\
                         (mapcar (lambda (p) (format f \"%s %s\\n\" (item.name p) \
                         (item.feat p \"segment_end\"))) (utt.relation.items u 'Segment))\n\
                         (fclose f)\n"
                    );
                }
                run(Command::new("festival").arg("--pipe"), &script)?;
            }
            Self::Flite(name) => {
                for (i, (text, stretch)) in missing {
                    let base = folder.join(format!("{i:04}"));
                    let mut flite = Command::new("flite");
                    flite.args(["-voice", name, "-psdur", "--setf"]);
                    flite
                        .arg(format!("duration_stretch={stretch}"))
                        .args(["-t", text, "-o"]);
                    flite.arg(base.with_extension("wav"));
                    let phones = run(&mut flite, "")?.trim().replace(':', " ");
                    let phones: Vec<&str> = phones.split(' ').collect();
                    let lines: Vec<String> = phones.chunks(2).map(|p| p.join(" ")).collect();
                    let path = base.with_extension("phones");
                    fs::write(&path, lines.join("\n")).map_err(|e| TrainError::io(&path, e))?;
                }
            }
        }
        Ok(())
    }
}

/// Reads everything a voice spoke into `folder`.
///
/// # Errors
///
/// If a file cannot be read or holds something else.
pub fn read(folder: &Path) -> Result<Vec<Utterance>, TrainError> {
    let entries = fs::read_dir(folder).map_err(|e| TrainError::io(folder, e))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "phones"));
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).map_err(|e| TrainError::io(path, e))?;
            let phones = text
                .lines()
                .map(|line| {
                    let (name, end) = line.split_once(' ')?;
                    Some((name.to_owned(), end.trim().parse().ok()?))
                })
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| TrainError::Phones { path: path.clone() })?;
            let audio = Waveform::read_wav(path.with_extension("wav"))?;
            Ok(Utterance { audio, phones })
        })
        .collect()
}

fn run(command: &mut Command, input: &str) -> Result<String, TrainError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |source: io::Error| TrainError::Synthesiser {
        name: name.clone(),
        source,
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err(failed(io::Error::other(output.status.to_string())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
