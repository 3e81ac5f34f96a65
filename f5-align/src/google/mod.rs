//! Alignment with Google's Speech-to-Text: it recognises the words, we know which they have to be.

mod client;
mod credentials;
mod error;
mod http;
mod mapping;
mod schema;

use std::{sync::Arc, time::Duration};

use f5_core::audio::Waveform;

use self::{client::Client, schema::RecognizeRequest};
use crate::{
    AlignError, Aligner, Alignment, Cause, language::primary, sound::Sound, span::interpolate,
    split_words, voice,
};

pub use credentials::{Credentials, TokenProvider};
pub use error::GoogleSpeechError;
pub use http::{HttpError, HttpRequest, HttpResponse, HttpTransport, UreqTransport};

const NAME: &str = "google";
const ENDPOINT: &str = "https://speech.googleapis.com";
/// The server hears no more than this, and every sample costs three bytes of the request.
const RATE: u32 = 16_000;
/// Longer audio is recognised by an operation that is asked for until it is done.
const LONGEST_AT_ONCE: Duration = Duration::from_secs(60);

/// Finds the words by sending audio and text to Google's Speech-to-Text (version 1, REST) and laying
/// the words that it recognises over the known ones. Times are multiples of 100 ms.
///
/// A known word that was not recognised stands between its neighbours and is marked
/// [`Interpolated`](f5_core::timing::TimingSource::Interpolated). **Nothing is sent before
/// [`allow_upload`](Self::allow_upload) says that it may be**: recordings of voices are personal.
///
/// ```
/// use f5_align::{AlignError, Aligner, google::{Credentials, GoogleSpeechAligner}};
///
/// let aligner = GoogleSpeechAligner::new(Credentials::api_key("key of the console"));
/// assert!(matches!(aligner.preflight("en-GB"), Err(AlignError::Unavailable { .. })));
/// assert_eq!(aligner.allow_upload(true).preflight("en-GB"), Ok(()));
/// ```
#[derive(Debug, Clone)]
pub struct GoogleSpeechAligner {
    credentials: Credentials,
    transport: Arc<dyn HttpTransport>,
    endpoint: String,
    model: Option<String>,
    may_upload: bool,
    timeout: Duration,
    retries: u32,
}

impl GoogleSpeechAligner {
    /// An aligner that may not yet send anything.
    #[must_use]
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            transport: Arc::new(UreqTransport::new()),
            endpoint: ENDPOINT.to_owned(),
            model: None,
            may_upload: false,
            timeout: Duration::from_secs(120),
            retries: 2,
        }
    }

    /// Whether audio and text may be sent to the server: the caller's consent, and that of whose
    /// voice it is.
    #[must_use]
    pub fn allow_upload(mut self, allow: bool) -> Self {
        self.may_upload = allow;
        self
    }

    /// What sends the requests, in place of a [`UreqTransport`].
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = transport;
        self
    }

    /// Another server, such as `https://eu-speech.googleapis.com`. It has to be HTTPS unless it is on
    /// this machine.
    #[must_use]
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into().trim_end_matches('/').to_owned();
        self
    }

    /// A recognition model of the server, such as `latest_long`; it picks one itself when not called.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The longest one alignment may take, with everything that is asked again; 2 minutes when not
    /// called, no limit with [`Duration::MAX`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often a request is sent again after a quota (429, after as long as `Retry-After` says), an
    /// error of the server's own or a broken connection; twice when not called.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    fn recognize(
        &self,
        audio: &Waveform,
        text: &str,
        language: &str,
    ) -> Result<Vec<schema::Recognized>, GoogleSpeechError> {
        let client = Client {
            transport: self.transport.as_ref(),
            credentials: &self.credentials,
            endpoint: &self.endpoint,
            timeout: self.timeout,
            retries: self.retries,
        };
        let (samples, rate) = (audio.samples(), audio.sample_rate());
        let model = self.model.as_deref();
        let request = RecognizeRequest::new(samples, rate, text, with_region(language), model);
        let is_long = audio.duration() > LONGEST_AT_ONCE;
        let words = client.recognize(&request, is_long)?.words();
        if words.is_empty() {
            return Err(GoogleSpeechError::NothingRecognized);
        }
        Ok(words)
    }
}

impl Aligner for GoogleSpeechAligner {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Whether the caller consents, and there are credentials; the server is not asked.
    fn preflight(&self, _language: &str) -> Result<(), AlignError> {
        let (reason, remedy) = if !self.may_upload {
            (
                "audio may not be sent to Google without consent",
                "give it with allow_upload",
            )
        } else if self.credentials.is_empty() {
            (
                "the API key is empty",
                "take one from the Google Cloud console",
            )
        } else if !is_private(&self.endpoint) {
            (
                "the endpoint is not HTTPS",
                "give an address that begins with https://",
            )
        } else {
            return Ok(());
        };
        Err(AlignError::Unavailable {
            aligner: NAME,
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        })
    }

    fn align(&self, audio: &Waveform, text: &str, language: &str) -> Result<Alignment, AlignError> {
        self.preflight(language)?;
        let words = split_words(text);
        let sound = Sound::of(audio, words.len())?;
        if words.is_empty() {
            return Ok(Alignment::assemble(NAME, sound.duration, words, &[]));
        }
        let failed = |retryable, source| AlignError::Failed {
            aligner: NAME,
            retryable,
            source,
        };
        let smaller = audio.resample(RATE.min(audio.sample_rate()));
        let smaller = smaller.map_err(|error| failed(false, Cause::new(error)))?;
        let recognized = self
            .recognize(&smaller, text, language)
            .map_err(|error| failed(error.is_retryable(), Cause::new(error)))?;
        let english = primary(language).eq_ignore_ascii_case("en");
        let spans = mapping::map(&words, &recognized, english);
        let runs = voice::runs(sound, 0.12);
        let ends = runs[0].start..runs[runs.len() - 1].end;
        let spans = interpolate(&words, spans, Some(ends));
        Ok(Alignment::assemble(NAME, sound.duration, words, &spans))
    }
}

/// The server wants a region with the languages that it knows several kinds of.
fn with_region(language: &str) -> &str {
    match language {
        "en" => "en-US",
        "zh" => "cmn-Hans-CN",
        other => other,
    }
}

/// Whether nobody can listen on the way to an address: HTTPS, or this machine.
fn is_private(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else {
        return url.starts_with("https://");
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_printed_and_not_sent_in_the_open() {
        let secret = Credentials::api_key("s3cret");
        let aligner = GoogleSpeechAligner::new(secret).allow_upload(true);
        assert!(!format!("{aligner:?}").contains("s3cret"));
        for (endpoint, is_fine) in [
            ("https://eu-speech.googleapis.com/", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost", true),
            ("http://[::1]:80/x", true),
            ("http://localhost@evil.example", false),
            ("http://localhost:80@evil.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://speech.googleapis.com", false),
            ("ftp://localhost", false),
        ] {
            let found = aligner.clone().endpoint(endpoint).preflight("en");
            assert_eq!(found.is_ok(), is_fine, "{endpoint}");
        }
        let empty = GoogleSpeechAligner::new(Credentials::api_key(" ")).allow_upload(true);
        assert!(empty.preflight("en").is_err());
    }
}
