//! Choices that change what is written and what is read.

use crate::cue::CueOptions;

/// How a track is written; the default is one cue per word, raw text, no marks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WriteOptions {
    /// What a cue of a subtitle format holds.
    pub cues: CueMode,
    /// ASS, WebVTT, LRC, TTML: times of the words inside their cue. Other formats have no such
    /// thing and ignore it.
    pub karaoke: Option<Karaoke>,
    /// SRT, WebVTT, ASS, TTML: repeats a cue for each of its words with that word marked. Goes
    /// before `karaoke`; other formats ignore it.
    pub highlight: bool,
    /// CSV: puts `'` in front of cells that a spreadsheet would run as a formula.
    /// [`ReadOptions::formula_guard`] takes it away again.
    pub formula_guard: bool,
    /// SRT: players obey markup found in words, and the format has no escape. U+2060 (word joiner,
    /// invisible) always stands behind a `<` or `{` that begins what looks like a tag (`<i>`, `</x`,
    /// `{\an8}`), so that it is shown and read back; this puts one behind every `<`, `{` and `\`.
    pub neutralise_markup: bool,
    /// JSON Lines: a first line with schema, language and title.
    pub header_line: bool,
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

/// How a player shows the words of a cue in turn. Only ASS tells the kinds apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Karaoke {
    /// A word changes colour at once (`\k`).
    Instant,
    /// Colour runs through the word (`\kf`).
    #[default]
    Sweep,
    /// A word gets its outline at once (`\ko`).
    Outline,
}

/// How a file is read; the default is strict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadOptions {
    /// Reads what players read, not just what the format allows: the table of the crate says what
    /// for each format. Bytes that are
    /// not UTF-8 become U+FFFD.
    pub lenient: bool,
    /// CSV: takes one `'` from the front of every word, as the guarded writer puts it.
    pub formula_guard: bool,
    /// JSON: what happens to words without times, which WhisperX writes for numerals.
    pub missing: MissingTimes,
}

impl ReadOptions {
    /// Reads whatever has a meaning.
    #[must_use]
    pub fn lenient() -> Self {
        Self {
            lenient: true,
            ..Self::default()
        }
    }
}

/// What a reader does with words that have no times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MissingTimes {
    /// Refuses them.
    #[default]
    Reject,
    /// Spreads them evenly between the neighbours that have times.
    Interpolate,
}
