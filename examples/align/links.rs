//! The aligners by name, and what they need.

use std::{error::Error, path::PathBuf};

use f5_tts::align::{Aligner, AlignerChain, EnergyAligner, HmmAligner, ProportionalAligner};

/// What aligners need besides the recording.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// A model for hmm in place of the one that the crate comes with.
    pub(crate) hmm: Option<PathBuf>,
    /// The folder of a wav2vec2 network.
    pub(crate) network: Option<PathBuf>,
    /// The language the network knows.
    pub(crate) language: String,
    /// Whether google may send anything.
    pub(crate) allow_upload: bool,
}

impl Sources {
    pub(crate) fn aligner(&self, name: &str) -> Result<Box<dyn Aligner>, Box<dyn Error>> {
        Ok(match name {
            "auto" => Box::new(AlignerChain::new().link(self.hmm()?)),
            "hmm" => Box::new(self.hmm()?),
            "energy" => Box::new(EnergyAligner::new()),
            "proportional" => Box::new(ProportionalAligner::new()),
            "ctc" => self.ctc()?,
            "google" => self.google()?,
            other => return Err(format!("there is no aligner {other}; see --help").into()),
        })
    }

    fn hmm(&self) -> Result<HmmAligner, Box<dyn Error>> {
        Ok(match &self.hmm {
            Some(path) => HmmAligner::with_model(&std::fs::read(path)?)?,
            None => HmmAligner::new(),
        })
    }

    #[cfg(feature = "ctc")]
    fn ctc(&self) -> Result<Box<dyn Aligner>, Box<dyn Error>> {
        use f5_tts::{DevicePreference, align::CtcAligner, open_device};

        let folder = self.network.as_ref().ok_or("ctc needs --model DIR")?;
        let device = open_device(DevicePreference::Auto)?.device;
        let aligner = CtcAligner::load(folder, &self.language, &device)?;
        Ok(Box::new(aligner))
    }

    #[cfg(not(feature = "ctc"))]
    fn ctc(&self) -> Result<Box<dyn Aligner>, Box<dyn Error>> {
        Err("ctc needs the feature ctc: cargo run --features ctc ...".into())
    }

    #[cfg(feature = "google-speech")]
    fn google(&self) -> Result<Box<dyn Aligner>, Box<dyn Error>> {
        use f5_tts::align::google::{Credentials, GoogleSpeechAligner};

        let key = std::env::var("GOOGLE_API_KEY").map_err(|e| format!("GOOGLE_API_KEY: {e}"))?;
        let aligner = GoogleSpeechAligner::new(Credentials::api_key(key));
        Ok(Box::new(aligner.allow_upload(self.allow_upload)))
    }

    #[cfg(not(feature = "google-speech"))]
    fn google(&self) -> Result<Box<dyn Aligner>, Box<dyn Error>> {
        let remedy = "google needs the feature google-speech: cargo run --features google-speech";
        Err(remedy.into())
    }
}
