//! The voices of a script by their names.

use std::collections::BTreeMap;

use crate::Voice;

use super::{ScriptError, ScriptLine};

/// The voice of lines that name none.
pub(super) const MAIN: &str = "main";
/// The same in upstream's page for several speech types.
const REGULAR: &str = "Regular";

/// The voices of a script by their names. `main` speaks lines that name nobody; where there is none,
/// `Regular` does, or whoever is alone.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    voices: BTreeMap<String, (Voice, Option<f64>)>,
}

impl Cast {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a voice, in place of one of the same name.
    #[must_use]
    pub fn with(self, name: impl Into<String>, voice: Voice) -> Self {
        self.insert(name, voice, None)
    }

    /// Adds a voice that speaks at this speed where its lines do not say otherwise.
    #[must_use]
    pub fn with_speed(self, name: impl Into<String>, voice: Voice, speed: f64) -> Self {
        self.insert(name, voice, Some(speed))
    }

    pub(super) fn insert(
        mut self,
        name: impl Into<String>,
        voice: Voice,
        speed: Option<f64>,
    ) -> Self {
        self.voices.insert(name.into(), (voice, speed));
        self
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.voices.keys().map(String::as_str)
    }

    /// The voice of this name.
    #[must_use]
    pub fn voice(&self, name: &str) -> Option<&Voice> {
        Some(&self.voices.get(name)?.0)
    }

    /// Who speaks a line: name, voice and speed.
    pub(super) fn speaker(
        &self,
        line: &ScriptLine,
    ) -> Result<(&str, &Voice, Option<f64>), ScriptError> {
        let known = || self.voices.keys().cloned().collect();
        let found = match &line.voice {
            Some(name) => self.voices.get_key_value(name.as_str()),
            None => {
                let alone = || (self.voices.len() == 1).then(|| self.voices.iter().next())?;
                let named = |name: &str| self.voices.get_key_value(name);
                named(MAIN).or_else(|| named(REGULAR)).or_else(alone)
            }
        };
        match (found, &line.voice) {
            (Some((name, (voice, speed))), _) => Ok((name, voice, *speed)),
            (None, Some(name)) => Err(ScriptError::UnknownVoice {
                at: line.at,
                name: name.clone(),
                known: known(),
            }),
            (None, None) => Err(ScriptError::NoMainVoice {
                at: line.at,
                known: known(),
            }),
        }
    }
}
