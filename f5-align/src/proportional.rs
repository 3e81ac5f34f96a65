//! Word times guessed from the length of the words alone, between the first and the last sound.

use f5_core::{audio::Waveform, timing::TimingSource};

use crate::{
    AlignError, Aligner, Alignment, Span,
    sound::Sound,
    split_words, voice,
    words::{TextWord, is_spoken, is_unspaced},
};

/// Spreads the words between the first and the last sound, in proportion to how long they take to
/// say. The last resort: it knows every language, never fails on audio that has samples, and
/// marks every word [`TimingSource::Estimated`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ProportionalAligner;

impl ProportionalAligner {
    /// The aligner; it has nothing to set.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Aligner for ProportionalAligner {
    fn name(&self) -> &'static str {
        "proportional"
    }

    fn preflight(&self, _language: &str) -> Result<(), AlignError> {
        Ok(())
    }

    fn align(&self, audio: &Waveform, text: &str, _: &str) -> Result<Alignment, AlignError> {
        let words = split_words(text);
        let sound = Sound::of(audio, words.len())?;
        let runs = voice::runs(sound, 0.12);
        let (start, end) = (runs[0].start, runs[runs.len() - 1].end);
        let spans = spread(&words, start, end);
        Ok(Alignment::assemble(
            self.name(),
            sound.duration,
            words,
            &spans,
        ))
    }
}

/// Gives each word its share of the time from `start` to `end`.
pub(crate) fn spread(words: &[TextWord], start: f64, end: f64) -> Vec<Span> {
    let weights: Vec<f64> = words.iter().map(|w| weight(&w.text)).collect();
    let total: f64 = weights.iter().sum();
    // Only marks, nothing to say: all words are equal.
    let share = |w: f64| {
        if total > 0.0 {
            w / total
        } else {
            1.0 / weights.len() as f64
        }
    };
    let mut at = start;
    let mut before = 0.0;
    weights
        .iter()
        .map(|&weight| {
            before += share(weight);
            let from = at;
            at = start + (end - start) * before;
            Span {
                time: from..at,
                score: None,
                source: TimingSource::Estimated,
            }
        })
        .collect()
}

/// How long a word takes to say, in units of roughly one letter; zero for bare punctuation.
pub(crate) fn weight(word: &str) -> f64 {
    let mut letters = 0.0;
    let mut syllables: f64 = 0.0;
    let mut previous = None;
    let is_vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    for c in word
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|&c| is_spoken(c))
    {
        if is_unspaced(c) {
            letters += 1.5;
            syllables += 1.0;
        } else if c.is_numeric() {
            // A digit is read as a word of about one and a half syllables.
            letters += 3.0;
            syllables += 1.5;
        } else {
            // Doubled letters and the second half of th, sh, ch, ph, wh, gh, ck and ng are silent.
            let silent = match (previous, c) {
                (Some(p), c) if p == c => true,
                (Some('t' | 's' | 'c' | 'p' | 'w' | 'g'), 'h') | (Some('c'), 'k') => true,
                (Some('n'), 'g') => true,
                _ => false,
            };
            letters += f64::from(!silent);
            syllables += f64::from(is_vowel(c) && !previous.is_some_and(is_vowel));
        }
        previous = Some(c);
    }
    if previous == Some('e') && syllables > 1.0 && !word.ends_with("le") {
        letters -= 1.0;
        syllables -= 1.0;
    }
    if previous.is_none() {
        0.0
    } else {
        0.6 * letters + 0.9 * syllables.max(1.0)
    }
}
