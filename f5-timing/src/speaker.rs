//! Who says a word: names kept once for a track, and how they are told to formats that have a place
//! for them (WebVTT's `<v>`, the `Name` of ASS, `speaker` in JSON).

use f5_core::timing::WordTiming;

use crate::{error::Result, text, track::Track};

impl Track {
    /// Adds words that one speaker says, as [`push`](Self::push) does; `None` is nobody in particular.
    ///
    /// Formats without a place for speakers leave them out. A cue never holds words of two speakers.
    ///
    /// # Errors
    ///
    /// As [`Track::from_words`]; the words before the one that is refused are in the track.
    pub fn push_words_of(&mut self, speaker: Option<&str>, words: &[WordTiming]) -> Result<()> {
        for word in words {
            self.push(&word.word, word.start, word.end, word.score)?;
            self.name_last(speaker);
        }
        Ok(())
    }

    /// The names of the speakers, in the order in which they first speak.
    #[must_use]
    pub fn speakers(&self) -> &[String] {
        &self.speakers
    }

    /// Says who speaks the word that was added last; a blank name is nobody's.
    pub(crate) fn name_last(&mut self, speaker: Option<&str>) {
        let speaker = speaker.map(text::clean).filter(|name| !name.is_empty());
        let known = |name: &str| self.speakers.iter().position(|known| known == name);
        let number = match speaker {
            None => 0,
            Some(name) => match known(&name) {
                Some(at) => at + 1,
                None => {
                    self.speakers.push(name.into());
                    self.speakers.len()
                }
            },
        };
        if let Some(last) = self.spans.last_mut() {
            last.speaker = u32::try_from(number).unwrap_or(0);
        }
    }

    /// A number that words of one speaker share; 0 is nobody in particular.
    #[inline]
    pub(crate) fn speaker_number(&self, index: usize) -> u32 {
        self.spans[index].speaker
    }

    #[inline]
    pub(crate) fn speaker_of(&self, index: usize) -> Option<&str> {
        let number = self.spans[index].speaker as usize;
        let name = self.speakers.get(number.checked_sub(1)?)?;
        Some(name)
    }
}
