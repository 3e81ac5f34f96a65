//! How words are grouped into cues.

use std::time::Duration;

/// Limits that a segmented cue keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct CueOptions {
    /// Widest line, in columns: a wide character (CJK, emoji) takes two.
    pub max_columns: usize,
    /// Most lines in a cue.
    pub max_lines: usize,
    /// Most words in a cue, where there is a limit.
    pub max_words: Option<usize>,
    /// Reading speed that is aimed at, in characters (grapheme clusters) per second; times win
    /// over it.
    pub max_cps: f64,
    /// Shortest cue that is aimed at.
    pub min_duration: Duration,
    /// Longest cue; a single word may take longer.
    pub max_duration: Duration,
    /// Least distance to the next cue that an extended cue keeps.
    pub min_gap: Duration,
    /// Ends a cue early rather than leave less than `min_gap` to the next one. Off, a cue never
    /// ends before its last word does.
    pub enforce_gap: bool,
    /// Silence that always ends a cue.
    pub max_pause: Duration,
    /// Longest time a cue stays after its last word.
    pub max_extension: Duration,
    /// Wraps lines that begin right-to-left in U+2067 and U+2069, for players that assume
    /// left-to-right.
    pub isolate_rtl: bool,
}

impl Default for CueOptions {
    /// Netflix's English limits, with every cue up for as long as its words are heard.
    fn default() -> Self {
        Self {
            max_columns: 42,
            max_lines: 2,
            max_words: None,
            max_cps: 17.0,
            min_duration: Duration::from_nanos(833_333_333),
            max_duration: Duration::from_secs(7),
            min_gap: Duration::from_millis(83),
            enforce_gap: false,
            max_pause: Duration::from_secs(3),
            max_extension: Duration::from_millis(500),
            isolate_rtl: false,
        }
    }
}

impl CueOptions {
    /// Netflix: 42 columns, 2 lines, 17 characters a second, two frames (24 a second) between cues.
    #[must_use]
    pub fn netflix() -> Self {
        Self {
            enforce_gap: true,
            ..Self::default()
        }
    }

    /// BBC: 37 columns, 2 lines, about 180 words a minute.
    #[must_use]
    pub fn bbc() -> Self {
        Self {
            max_columns: 37,
            max_cps: 15.0,
            ..Self::default()
        }
    }

    /// Chinese and Japanese: 16 wide characters, 2 lines, 9 characters a second.
    #[must_use]
    pub fn cjk() -> Self {
        Self {
            max_columns: 32,
            max_cps: 9.0,
            ..Self::default()
        }
    }

    /// Short vertical video: one to three words in one line.
    #[must_use]
    pub fn shorts() -> Self {
        Self {
            max_columns: 24,
            max_lines: 1,
            max_words: Some(3),
            min_duration: Duration::from_millis(300),
            max_duration: Duration::from_secs(3),
            max_pause: Duration::from_millis(700),
            ..Self::default()
        }
    }
}
