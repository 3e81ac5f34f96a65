//! Word times from pauses: stretches of speech and punctuation are brought together.

use std::ops::Range;

use f5_core::audio::Waveform;

use crate::{
    AlignError, Aligner, Alignment, Span, TextWord,
    proportional::{spread, weight},
    sound::Sound,
    split_words, voice,
};

/// Shorter silences are not pauses, in seconds.
const PAUSE: f64 = 0.12;
/// What a pause is worth after punctuation, and what a second of it costs elsewhere, up to a limit.
const AT_PUNCTUATION: f64 = -1.5;
const ELSEWHERE_PER_SECOND: f64 = 8.0;
const ELSEWHERE_AT_MOST: f64 = 3.0;
/// How far, in seconds of speech, words may stray from where an even pace puts them.
const STRAY: f64 = 30.0;

/// Deals the words out to the stretches of speech between pauses, so that each stretch is about as
/// long as its words and pauses fall after punctuation; within a stretch words are spread by
/// length. It knows every language and never fails on audio that has samples; every word is
/// marked [`TimingSource::Estimated`](f5_core::timing::TimingSource::Estimated).
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct EnergyAligner;

impl EnergyAligner {
    /// The aligner; it has nothing to set.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Aligner for EnergyAligner {
    fn name(&self) -> &'static str {
        "energy"
    }

    fn preflight(&self, _language: &str) -> Result<(), AlignError> {
        Ok(())
    }

    fn align(&self, audio: &Waveform, text: &str, _: &str) -> Result<Alignment, AlignError> {
        let words = split_words(text);
        let sound = Sound::of(audio, words.len())?;
        let runs = merge(voice::runs(sound, PAUSE), words.len());
        let spans: Vec<Span> = match deal(&words, &runs) {
            Some(cuts) => runs
                .iter()
                .zip(cuts.windows(2))
                .flat_map(|(run, cut)| spread(&words[cut[0]..cut[1]], run.start, run.end))
                .collect(),
            None => spread(&words, runs[0].start, runs[runs.len() - 1].end),
        };
        Ok(Alignment::assemble(
            self.name(),
            sound.duration,
            words,
            &spans,
        ))
    }
}

/// Joins the runs with the shortest pauses between them until there are no more runs than words.
fn merge(runs: Vec<Range<f64>>, words: usize) -> Vec<Range<f64>> {
    let mut gaps: Vec<usize> = (1..runs.len()).collect();
    let gap = |i: usize| runs[i].start - runs[i - 1].end;
    gaps.sort_by(|&a, &b| gap(b).total_cmp(&gap(a)));
    gaps.truncate(words.max(1) - 1);
    gaps.sort_unstable();
    let starts = [0].into_iter().chain(gaps.iter().copied());
    let ends = gaps.iter().copied().chain([runs.len()]);
    starts
        .zip(ends)
        .map(|(a, b)| runs[a].start..runs[b - 1].end)
        .collect()
}

/// The words at which each run begins, and the number of words at the end; `None` if the words
/// cannot be dealt out evenly enough.
fn deal(words: &[TextWord], runs: &[Range<f64>]) -> Option<Vec<usize>> {
    let count = words.len();
    // Where each word ends, in seconds of speech at an even pace.
    let mut pace = vec![0.0];
    for word in words {
        pace.push(pace[pace.len() - 1] + weight(&word.text));
    }
    let speech: f64 = runs.iter().map(|r| r.end - r.start).sum();
    if pace[count] == 0.0 {
        return None;
    }
    let rate = speech / pace[count];
    pace.iter_mut().for_each(|p| *p *= rate);

    let pauses: Vec<f64> = runs
        .windows(2)
        .map(|pair| pair[1].start - pair[0].end)
        .collect();
    let mut best = vec![f64::INFINITY; count + 1];
    best[0] = 0.0;
    let mut choices = Vec::with_capacity(runs.len());
    let mut spoken = 0.0;
    for (k, run) in runs.iter().enumerate() {
        let length = run.end - run.start;
        spoken += length;
        let mut next = vec![f64::INFINITY; count + 1];
        let mut choice = vec![0; count + 1];
        let low = pace.partition_point(|p| *p < spoken - STRAY).max(k + 1);
        let high = pace
            .partition_point(|p| *p <= spoken + STRAY)
            .min(count + 1);
        for j in low..high {
            let after = match pauses.get(k) {
                Some(_) if ends_phrase(&words[j - 1].text) => AT_PUNCTUATION,
                Some(pause) => (pause * ELSEWHERE_PER_SECOND).min(ELSEWHERE_AT_MOST),
                None => 0.0,
            };
            // Words of a run that would take far longer than it are not tried.
            let first = pace.partition_point(|p| *p < pace[j] - 4.0 * length - 2.0);
            for i in first..j {
                let expected = pace[j] - pace[i];
                let misfit = (length - expected).powi(2) / (0.05 * expected + 0.01);
                let total = best[i] + misfit + after;
                if total < next[j] {
                    next[j] = total;
                    choice[j] = i;
                }
            }
        }
        best = next;
        choices.push(choice);
    }
    if !best[count].is_finite() {
        return None;
    }
    let mut cuts = vec![count];
    for choice in choices.iter().rev() {
        cuts.push(choice[cuts[cuts.len() - 1]]);
    }
    cuts.reverse();
    Some(cuts)
}

/// Whether a word ends a phrase, so that a pause after it is likely.
fn ends_phrase(word: &str) -> bool {
    let closing = ['"', '\'', '”', '’', ')', ']', '»', '」', '』', '）'];
    word.trim_end_matches(closing).ends_with([
        '.', ',', ';', ':', '!', '?', '…', '—', '–', '，', '。', '！', '？', '；', '：', '、',
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_fall_after_punctuation() {
        let words = split_words("one two three, four five six");
        assert_eq!(deal(&words, &[0.0..1.1, 1.5..2.3]), Some(vec![0, 3, 6]));
        let words = split_words("one, two three four five six");
        assert_eq!(deal(&words, &[0.0..0.4, 0.7..2.3]), Some(vec![0, 1, 6]));
    }

    #[test]
    fn the_longest_pauses_survive_a_merge() {
        let runs = vec![0.0..1.0, 1.1..2.0, 2.5..3.0, 3.2..4.0];
        assert_eq!(merge(runs.clone(), 2), [0.0..2.0, 2.5..4.0]);
        assert_eq!(merge(runs.clone(), 0), [0.0..4.0]);
        assert_eq!(merge(runs.clone(), 9), runs);
    }
}
