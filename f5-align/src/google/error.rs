//! What can go wrong between here and the server.

use std::time::Duration;

use super::HttpError;
use crate::Cause;

/// Why the server's words could not be had; the cause of an [`AlignError::Failed`](crate::AlignError).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GoogleSpeechError {
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] HttpError),
    /// The server refused.
    #[error("the server says {status} {reason}: {message}{}", seconds(.retry_after))]
    Refused {
        /// HTTP status; 429 is a quota that is used up.
        status: u16,
        /// The server's name for the error, such as `RESOURCE_EXHAUSTED`.
        reason: String,
        /// What the server says about it.
        message: String,
        /// How long to wait before asking again.
        retry_after: Option<Duration>,
    },
    /// A long-running operation ended with an error.
    #[error("the operation ended with error {code} of google.rpc.Code: {message}")]
    Operation {
        /// A code of `google.rpc.Code`.
        code: u16,
        /// What the server says about it.
        message: String,
    },
    /// The answer is not the schema's.
    #[error("the answer is not of the published schema: {what}")]
    Schema {
        /// What is wrong with it.
        what: String,
    },
    /// A long-running operation was not done in time.
    #[error("the operation was not done after {after:?}; allow more time")]
    NotDone {
        /// The time it might take.
        after: Duration,
    },
    /// The audio is larger than a request may be.
    #[error("the request has {bytes} bytes, at most {most} are accepted; align shorter pieces")]
    TooLarge {
        /// Bytes of the request.
        bytes: usize,
        /// Bytes that are accepted.
        most: usize,
    },
    /// There is no token.
    #[error("the provider of access tokens failed")]
    Token(#[source] Cause),
    /// The server understood no word.
    #[error("no word was recognised in the audio")]
    NothingRecognized,
}

fn seconds(wait: &Option<Duration>) -> String {
    match wait {
        Some(wait) => format!("; ask again after {} s", wait.as_secs()),
        None => String::new(),
    }
}

impl GoogleSpeechError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(error) => !matches!(error, HttpError::Protocol { .. }),
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500 | 502..=504),
            // Deadline exceeded, resource exhausted, aborted, internal, unavailable.
            Self::Operation { code, .. } => matches!(code, 4 | 8 | 10 | 13 | 14),
            Self::NotDone { .. } | Self::Token(_) => true,
            Self::Schema { .. } | Self::TooLarge { .. } | Self::NothingRecognized => false,
        }
    }
}
