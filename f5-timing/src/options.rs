//! Choices that change what is written.

use crate::cue::CueOptions;

/// How a track is written; the default is one cue per word, raw text, no marks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WriteOptions {
    /// What a cue of a subtitle format holds.
    pub cues: CueMode,
    /// SRT: players obey markup found in words, and the format has no escape. Puts U+2060 (word
    /// joiner, invisible) behind every `<`, `{` and `\` so that they are shown instead.
    pub neutralise_markup: bool,
}

/// What a cue holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum CueMode {
    /// One word; words that share a tick share a cue.
    #[default]
    Words,
    /// Lines of text that can be read, see [`CueOptions`].
    Segmented(CueOptions),
}
