//! Scripts in files: the keys of upstream's command line, as TOML or JSON.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};

use crate::{F5Tts, error::Result, params::SynthesisParams};

use super::{Cast, Script, ScriptError, cast::MAIN};

/// What a script file says beside its text: the keys of upstream's `f5-tts_infer-cli`, and `seed`.
///
/// A key that is absent or null leaves the choice to the caller. Paths are as they stand in the file;
/// [`Script::load`] has looked them up beside it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ScriptSettings {
    /// Name of a released model.
    pub model: Option<String>,
    /// Configuration of a model of one's own; this crate has its own kind, `config.json`.
    pub model_cfg: Option<String>,
    /// Checkpoint of a model of one's own.
    pub ckpt_file: Option<String>,
    /// Vocabulary of a model of one's own.
    pub vocab_file: Option<String>,
    /// Recording of the main voice.
    pub ref_audio: Option<PathBuf>,
    /// What is said in it; empty to have it written down.
    pub ref_text: Option<String>,
    /// The text of the script.
    pub gen_text: Option<String>,
    /// File with the text of the script; goes before `gen_text`.
    pub gen_file: Option<PathBuf>,
    /// Folder for what is written; that of the script file where it is absent.
    pub output_dir: Option<PathBuf>,
    /// Name of the audio file in `output_dir`.
    pub output_file: Option<PathBuf>,
    /// Whether upstream writes a file for each line too; not used here.
    pub save_chunk: Option<bool>,
    /// Whether upstream keeps the characters of file names; not used here.
    pub no_legacy_text: Option<bool>,
    /// Whether upstream looks for the vocoder on disk; not used here, where it always lies there.
    pub load_vocoder_from_local: Option<bool>,
    /// `vocos` or `bigvgan`.
    pub vocoder_name: Option<String>,
    /// Where to compute.
    pub device: Option<String>,
    /// As [`SynthesisParams::target_rms`].
    pub target_rms: Option<f32>,
    /// As [`SynthesisParams::cross_fade_duration`]; in seconds in the file.
    #[serde(deserialize_with = "seconds")]
    pub cross_fade_duration: Option<Duration>,
    /// As [`SynthesisParams::nfe_steps`]; upstream calls it `nfe_step`.
    #[serde(alias = "nfe_step")]
    pub nfe_steps: Option<usize>,
    /// As [`SynthesisParams::cfg_strength`].
    pub cfg_strength: Option<f32>,
    /// As [`SynthesisParams::sway_sampling_coef`].
    pub sway_sampling_coef: Option<f32>,
    /// As [`SynthesisParams::speed`].
    pub speed: Option<f64>,
    /// As [`SynthesisParams::fix_duration`], for each line; in seconds in the file.
    #[serde(deserialize_with = "seconds")]
    pub fix_duration: Option<Duration>,
    /// As [`SynthesisParams::remove_silence`], in each line.
    pub remove_silence: Option<bool>,
    /// As [`SynthesisParams::seed`]; upstream has no such key.
    pub seed: Option<u64>,
    /// The other voices by name.
    pub voices: BTreeMap<String, ScriptVoice>,
}

/// A voice of a script file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScriptVoice {
    /// The recording.
    pub ref_audio: PathBuf,
    /// What is said in it; empty to have it written down.
    #[serde(default)]
    pub ref_text: String,
    /// Rate of speech of its lines; goes before that of the file.
    pub speed: Option<f64>,
}

impl Script {
    /// Reads a script: a `.toml` or `.json` file with upstream's keys, any other as text with tags.
    /// Relative paths in it, those of the output too, start from the folder of the file.
    ///
    /// # Errors
    ///
    /// [`ScriptError`] with file, line and column where the file cannot be read, has a key that no script
    /// has, or its text is malformed.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ScriptError> {
        let path = path.as_ref();
        let text = read(path)?;
        let path_of = || path.to_owned();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let mut settings: ScriptSettings = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("toml") => toml::from_str(&text).map_err(|source| ScriptError::Toml {
                path: path_of(),
                source: Box::new(source),
            })?,
            Some("json") => serde_json::from_str(&text).map_err(|source| ScriptError::Json {
                path: path_of(),
                source,
            })?,
            _ => return Self::parse(&text).map_err(|error| error.within(path.display())),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        settings.look_beside(folder);
        let (text, place) = match settings.gen_file.as_ref() {
            Some(file) => (read(file)?, file.display().to_string()),
            None => (
                settings.gen_text.clone().unwrap_or_default(),
                format!("gen_text of {}", path.display()),
            ),
        };
        let script = Self::parse(&text).map_err(|error| error.within(place))?;
        Ok(Self { settings, ..script })
    }
}

impl ScriptSettings {
    /// These settings on top of `params`.
    #[must_use]
    pub fn params(&self, params: &SynthesisParams) -> SynthesisParams {
        SynthesisParams {
            target_rms: self.target_rms.unwrap_or(params.target_rms),
            cross_fade_duration: self
                .cross_fade_duration
                .unwrap_or(params.cross_fade_duration),
            nfe_steps: self.nfe_steps.unwrap_or(params.nfe_steps),
            cfg_strength: self.cfg_strength.unwrap_or(params.cfg_strength),
            sway_sampling_coef: self.sway_sampling_coef.or(params.sway_sampling_coef),
            speed: self.speed.unwrap_or(params.speed),
            fix_duration: self.fix_duration.or(params.fix_duration),
            remove_silence: self.remove_silence.unwrap_or(params.remove_silence),
            seed: self.seed.or(params.seed),
            ..params.clone()
        }
    }

    /// Prepares the voices: `ref_audio` is `main`, the others have their own names.
    ///
    /// # Errors
    ///
    /// As [`F5Tts::voice`], and [`ScriptError::NoVoices`] if there is none.
    pub fn cast(&self, tts: &F5Tts) -> Result<Cast> {
        let mut cast = Cast::new();
        for (name, voice) in &self.voices {
            let prepared = tts.voice(&voice.ref_audio, &voice.ref_text)?;
            cast = cast.insert(name, prepared, voice.speed);
        }
        if let Some(ref_audio) = &self.ref_audio {
            let ref_text = self.ref_text.as_deref().unwrap_or_default();
            cast = cast.with(MAIN, tts.voice(ref_audio, ref_text)?);
        }
        if cast.names().next().is_none() {
            return Err(ScriptError::NoVoices.into());
        }
        Ok(cast)
    }

    /// Where the audio is to be written: `output_file` in `output_dir`; `None` without a name. Of a
    /// script that was [loaded](Script::load) both start from the folder of its file, whatever the
    /// working directory is. The folder may have to be made: do so before anything is spoken.
    #[must_use]
    pub fn output(&self) -> Option<PathBuf> {
        let file = self.output_file.as_ref()?;
        let folder = self.output_dir.clone().unwrap_or_default();
        Some(folder.join(file))
    }

    fn look_beside(&mut self, folder: &Path) {
        let voices = self.voices.values_mut().map(|voice| &mut voice.ref_audio);
        // Upstream's examples write "" for what is not there.
        for path in [
            &mut self.gen_file,
            &mut self.ref_audio,
            &mut self.output_dir,
            &mut self.output_file,
        ] {
            path.take_if(|path| path.as_os_str().is_empty());
        }
        // The file's name belongs to its folder, where there is one.
        let output = match &mut self.output_dir {
            Some(output_dir) => Some(output_dir),
            None => self.output_file.as_mut(),
        };
        for path in voices
            .chain(&mut self.ref_audio)
            .chain(&mut self.gen_file)
            .chain(output)
        {
            *path = folder.join(&path);
        }
    }
}

/// A duration that a file gives as seconds, or as null.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let Some(value) = Option::<f64>::deserialize(deserializer)? else {
        return Ok(None);
    };
    Duration::try_from_secs_f64(value).map(Some).map_err(|_| {
        let given = Unexpected::Float(value);
        D::Error::invalid_value(given, &"a number of seconds, 0 or above")
    })
}

fn read(path: &Path) -> Result<String, ScriptError> {
    fs::read_to_string(path).map_err(|source| ScriptError::Read {
        path: path.to_owned(),
        source,
    })
}
