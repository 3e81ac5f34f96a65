//! Why cues cannot be dubbed, or a text not be spoken in a time.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Why cues cannot be dubbed, or a text not be spoken in a time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DubError {
    #[error("there are no cues to speak; read some from a subtitle file with TimingFormat::parse")]
    NoCues,
    #[error("cue {index} ends at {end:?}, before it starts at {start:?}")]
    Reversed {
        index: usize,
        start: Duration,
        end: Duration,
    },
    #[error("cue {index} starts at {start:?}, but the audio shall last {duration:?}")]
    TooLate {
        index: usize,
        start: Duration,
        duration: Duration,
    },
    #[error("cue {index} at {start:?} cannot be spoken")]
    Cue {
        index: usize,
        start: Duration,
        source: Box<Error>,
    },
    #[error(
        "the text cannot be spoken in {duration:?}: the model needs a frame for each character, \
         {least:?} in all; shorten it"
    )]
    TooShort { duration: Duration, least: Duration },
}

impl DubError {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Cue { source, .. } => source.kind(),
            _ => ErrorKind::InvalidInput,
        }
    }
}
