//! The conversation with the server: asked, asked again where that helps, within the time allowed.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;

use super::{
    Credentials, GoogleSpeechError, HttpRequest, HttpTransport,
    schema::{ErrorBody, Operation, RecognizeRequest, RecognizeResponse},
};

/// The server takes no larger requests (10 MB, its content limit).
const MOST_BYTES: usize = 10_000_000;
/// Waits before asking again, if the server names none: doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Waits between questions whether an operation is done: doubled each time, up to the longest.
const FIRST_POLL: Duration = Duration::from_millis(250);
const LONGEST_POLL: Duration = Duration::from_secs(8);
/// What "no limit" comes to: clocks cannot tell the end of `Duration::MAX`.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Characters of a server's message that are kept.
const LONGEST_MESSAGE: usize = 500;

#[derive(Debug)]
pub(super) struct Client<'a> {
    pub(super) transport: &'a dyn HttpTransport,
    pub(super) credentials: &'a Credentials,
    /// Without a slash at the end.
    pub(super) endpoint: &'a str,
    /// For everything together.
    pub(super) timeout: Duration,
    /// How often a request is sent again.
    pub(super) retries: u32,
}

impl Client<'_> {
    /// The answer to a request; `long` asks for an operation and waits for it.
    pub(super) fn recognize(
        &self,
        request: &RecognizeRequest<'_>,
        long: bool,
    ) -> Result<RecognizeResponse, GoogleSpeechError> {
        let deadline = Instant::now() + self.timeout.min(LONGEST_TIMEOUT);
        let schema = |error: serde_json::Error| GoogleSpeechError::Schema {
            what: error.to_string(),
        };
        let body = serde_json::to_vec(request).map_err(schema)?;
        if body.len() > MOST_BYTES {
            return Err(GoogleSpeechError::TooLarge {
                bytes: body.len(),
                most: MOST_BYTES,
            });
        }
        let endpoint = self.endpoint;
        if !long {
            return self.ask(
                &format!("{endpoint}/v1/speech:recognize"),
                Some(&body),
                deadline,
            );
        }
        let url = format!("{endpoint}/v1/speech:longrunningrecognize");
        let mut operation: Operation = self.ask(&url, Some(&body), deadline)?;
        let mut wait = FIRST_POLL;
        while !operation.done {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
            if operation.name.is_empty() || !operation.name.chars().all(is_name) {
                let what = format!("{:?} is no name of an operation", operation.name);
                return Err(GoogleSpeechError::Schema { what });
            }
            if Instant::now() + wait >= deadline {
                return Err(GoogleSpeechError::NotDone {
                    after: self.timeout,
                });
            }
            sleep(wait);
            wait = (2 * wait).min(LONGEST_POLL);
            let url = format!("{endpoint}/v1/operations/{}", operation.name);
            let name = std::mem::take(&mut operation.name);
            operation = self.ask(&url, None, deadline)?;
            operation.name = name;
        }
        if let Some(error) = operation.error {
            return Err(GoogleSpeechError::Operation {
                code: error.code,
                message: shortened(error.message),
            });
        }
        Ok(operation.response.unwrap_or_default())
    }

    /// Sends a request until it is answered with success, cannot be, or time is up.
    fn ask<T: DeserializeOwned>(
        &self,
        url: &str,
        body: Option<&[u8]>,
        deadline: Instant,
    ) -> Result<T, GoogleSpeechError> {
        let mut wait = FIRST_WAIT;
        for retries_left in (0..=self.retries).rev() {
            let error = match self.ask_once(url, body, deadline) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let asked_for = match &error {
                GoogleSpeechError::Refused { retry_after, .. } => *retry_after,
                _ => None,
            };
            let pause = asked_for.unwrap_or(wait);
            let left = deadline.saturating_duration_since(Instant::now());
            if retries_left == 0 || !error.is_retryable() || pause >= left {
                return Err(error);
            }
            sleep(pause);
            // A server that asks for no pause may be asked any number of times.
            wait = wait.saturating_mul(2);
        }
        // The last round returns.
        Err(GoogleSpeechError::NotDone {
            after: self.timeout,
        })
    }

    fn ask_once<T: DeserializeOwned>(
        &self,
        url: &str,
        body: Option<&[u8]>,
        deadline: Instant,
    ) -> Result<T, GoogleSpeechError> {
        let (name, value) = self
            .credentials
            .header()
            .map_err(GoogleSpeechError::Token)?;
        let answer = self.transport.send(&HttpRequest {
            url,
            credentials: (name, &value),
            body,
            timeout: deadline.saturating_duration_since(Instant::now()),
        })?;
        if (200..300).contains(&answer.status) {
            return serde_json::from_slice(&answer.body).map_err(|error| {
                GoogleSpeechError::Schema {
                    what: error.to_string(),
                }
            });
        }
        // A proxy may answer with something else than the schema's errors.
        let body: Option<ErrorBody> = serde_json::from_slice(&answer.body).ok();
        let status = body.map(|body| body.error).unwrap_or_default();
        let retry_after = answer.retry_after.and_then(|text| text.trim().parse().ok());
        Err(GoogleSpeechError::Refused {
            status: answer.status,
            reason: status.status,
            message: shortened(status.message),
            retry_after: retry_after.map(Duration::from_secs),
        })
    }
}

fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
    if message.is_empty() {
        message.push_str("nothing");
    }
    message
}
