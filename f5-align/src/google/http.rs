//! How requests reach the server: one trait, and ureq behind it.

use std::{fmt, io::Read, time::Duration};

use ureq::{
    Agent,
    http::{HeaderName, HeaderValue, Request, header::RETRY_AFTER},
};

/// Longer answers are refused: an hour of words is a tenth of this.
const MAX_BODY: u64 = 32 << 20;

/// Sends requests. Implement it to go through a proxy or a client of your own.
pub trait HttpTransport: fmt::Debug + Send + Sync {
    /// Sends one request and waits for the whole answer, whatever its status.
    ///
    /// # Errors
    ///
    /// An [`HttpError`] if there is no whole answer.
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError>;
}

/// One request.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    /// Where to.
    pub url: &'a str,
    /// A header that says who asks, name and value. The value is a secret.
    pub credentials: (&'static str, &'a str),
    /// JSON to be sent with `POST`; `GET` without.
    pub body: Option<&'a [u8]>,
    /// The longest the answer may take, its body included.
    pub timeout: Duration,
}

impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("url", &self.url)
            .field("body", &self.body.map(<[u8]>::len))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The answer took too long.
    #[error("no answer within {after:?}")]
    Timeout {
        /// The longest it might take.
        after: Duration,
    },
    /// The server cannot be reached, or the connection broke.
    #[error("no connection to the server: {reason}")]
    Connection {
        /// What the client said.
        reason: String,
    },
    /// The request cannot be sent as it is, or the answer is none.
    #[error("the exchange with the server is not valid: {reason}")]
    Protocol {
        /// What the client said.
        reason: String,
    },
}

/// Sends requests with [ureq](https://docs.rs/ureq), TLS in Rust, over connections that stay open. It
/// follows no redirects, so that credentials and audio go nowhere else.
#[derive(Debug, Clone)]
pub struct UreqTransport {
    agent: Agent,
}

impl Default for UreqTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl UreqTransport {
    /// A transport that uses no proxy.
    #[must_use]
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("f5-align/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.new_agent(),
        }
    }
}

impl HttpTransport for UreqTransport {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError> {
        let failed = |error: ureq::Error| match error {
            ureq::Error::Timeout(_) => HttpError::Timeout {
                after: request.timeout,
            },
            ureq::Error::Io(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
                HttpError::Connection {
                    reason: error.to_string(),
                }
            }
            other => HttpError::Protocol {
                reason: other.to_string(),
            },
        };
        let (name, value) = request.credentials;
        let invalid = |reason: &str| HttpError::Protocol {
            reason: reason.to_owned(),
        };
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| invalid("the credentials' header has no valid name"))?;
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| invalid("the credentials hold characters that no header may hold"))?;
        value.set_sensitive(true);
        let builder = Request::builder().uri(request.url).header(name, value);
        let sent = match request.body {
            Some(body) => {
                let builder = builder
                    .method("POST")
                    .header("content-type", "application/json");
                let built = builder.body(body).map_err(ureq::Error::Http);
                built.and_then(|built| {
                    let config = self.agent.configure_request(built);
                    self.agent
                        .run(config.timeout_global(Some(request.timeout)).build())
                })
            }
            None => builder
                .body(())
                .map_err(ureq::Error::Http)
                .and_then(|built| {
                    let config = self.agent.configure_request(built);
                    self.agent
                        .run(config.timeout_global(Some(request.timeout)).build())
                }),
        };
        let response = sent.map_err(failed)?;
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let mut reader = response.into_body().into_reader().take(MAX_BODY + 1);
        reader
            .read_to_end(&mut body)
            .map_err(|error| failed(error.into()))?;
        if body.len() as u64 > MAX_BODY {
            return Err(invalid("the answer is longer than 32 MiB"));
        }
        Ok(HttpResponse {
            status,
            retry_after,
            body,
        })
    }
}
