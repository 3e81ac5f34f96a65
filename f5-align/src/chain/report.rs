//! What the links of a chain said about a text.

use std::{fmt, time::Duration};

use crate::AlignError;

/// What one link of a chain said, and how long it took.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LinkReport {
    /// Name of the link.
    pub aligner: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

/// What came of a link.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Its times are the answer.
    Used,
    /// It cannot work here or in this language, and was not asked for times.
    Unavailable(AlignError),
    /// It was asked and gave an error.
    Failed(AlignError),
    /// It gave times that the chain does not believe.
    Refused(Refusal),
}

/// Why times are not believed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Words are missing, out of order or outside the audio.
    #[error("word {index} is missing, out of order or outside the audio")]
    Broken {
        /// The first such word, from 0.
        index: usize,
    },
    /// Too few of the words were found.
    #[error("{found:.2} of the words were found, at least {least:.2} have to be")]
    Coverage {
        /// Share of the words that were found.
        found: f32,
        /// The least that is believed.
        least: f32,
    },
    /// The audio does not sound like the text.
    #[error(
        "the audio does not sound like the text: log-likelihood {found:.1}, not below {least:.1} is believed"
    )]
    LogLikelihood {
        /// Mean log-likelihood of the frames.
        found: f32,
        /// The least that is believed.
        least: f32,
    },
    /// The words together are spoken faster or slower than people do.
    #[error("{found:.2} words per second, {least:.2} to {most:.2} are believed")]
    WordsPerSecond {
        /// Words per second.
        found: f32,
        /// The least that is believed.
        least: f32,
        /// The most that is believed.
        most: f32,
    },
    /// Too many words are spoken at another pace than the rest.
    #[error("{found:.2} of the words are out of pace with the rest, at most {most:.2} may be")]
    OddPace {
        /// Share of the words out of pace.
        found: f32,
        /// The most that is believed.
        most: f32,
    },
}

impl LinkReport {
    /// A report, for those who chain aligners in their own way.
    #[must_use]
    pub fn new(aligner: &'static str, verdict: Verdict, elapsed: Duration) -> Self {
        Self {
            aligner,
            verdict,
            elapsed,
        }
    }

    /// The reports in one line, for an error message.
    pub(crate) fn list(trail: &[Self]) -> String {
        trail.iter().map(|link| format!("; {link}")).collect()
    }
}

impl fmt::Display for LinkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.aligner, self.verdict)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Used => f.write_str("used"),
            Self::Unavailable(error) => write!(f, "unavailable, {error}"),
            Self::Failed(error) => {
                write!(f, "failed, {error}")?;
                let mut cause = std::error::Error::source(error);
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
            Self::Refused(refusal) => write!(f, "not believed, {refusal}"),
        }
    }
}
