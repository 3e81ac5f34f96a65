//! Bytes from elsewhere: what the store asks for, and what it is answered.

#[cfg(feature = "hub")]
mod http;

#[cfg(feature = "hub")]
pub use http::{HttpFetcher, HttpOptions, hugging_face_url};

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use crate::retry::{Classify, ErrorClass};

/// Gets the body behind a URL, from some byte on.
pub trait Fetcher: Send + Sync {
    /// Asks for the body.
    ///
    /// # Errors
    ///
    /// [`FetchError`] if there is none; failures while reading the body are errors of the reader.
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<FetchResponse, FetchError>;
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchRequest<'a> {
    /// Where the body is.
    pub url: &'a str,
    /// First byte that is wanted; those before it are here already.
    pub offset: u64,
    /// Tag of the version that the earlier bytes are of; of another version, everything is wanted.
    pub etag: Option<&'a str>,
}

/// A body that can be read.
pub struct FetchResponse {
    /// Position of the first byte of `body`: what was asked for, or 0 if everything comes.
    pub offset: u64,
    /// Length of everything, where it is told.
    pub total: Option<u64>,
    /// Tag of this version, where it is told.
    pub etag: Option<String>,
    /// The bytes.
    pub body: Box<dyn Read + Send>,
}

impl fmt::Debug for FetchResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchResponse")
            .field("offset", &self.offset)
            .field("total", &self.total)
            .field("etag", &self.etag)
            .finish_non_exhaustive()
    }
}

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The server answered with an error.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked.
        url: String,
        /// Status of the answer.
        status: u16,
        /// How long the server asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// The URL, or one that it redirects to, must not be asked.
    #[error("refused to ask {url}: {why}")]
    Refused {
        /// The URL.
        url: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// More redirects than allowed.
    #[error("{url} redirects more than {limit} times")]
    TooManyRedirects {
        /// What was asked first.
        url: String,
        /// Redirects that are allowed.
        limit: u32,
    },
    /// The answer does not follow the protocol.
    #[error("{url} gave an answer that makes no sense: {what}")]
    BadAnswer {
        /// What was asked.
        url: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// The server cannot show that it is who it should be.
    #[error("no trusted connection to {url}: {message}")]
    Tls {
        /// What was asked.
        url: String,
        /// Why not.
        message: String,
    },
    /// The connection failed.
    #[error("cannot reach {url}")]
    Connection {
        /// What was asked.
        url: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Classify for FetchError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Status {
                status: 408 | 425 | 429 | 500 | 502..=504,
                ..
            }
            | Self::Connection { .. } => ErrorClass::Transient,
            Self::BadAnswer { .. } => ErrorClass::Corrupt,
            Self::Status { .. }
            | Self::Refused { .. }
            | Self::TooManyRedirects { .. }
            | Self::Tls { .. } => ErrorClass::Permanent,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
