//! Finds spoken words in a sound: in one exact search, or window by window where the sound is long.

use std::ops::Range;

use super::{
    features::{Features, HOP},
    graph::{Graph, least_frames},
    model::{ALL_STATES, Model, STATES, kind},
    viterbi::{self, Path},
};
use crate::english::SILENCE;

/// What was spoken: the written word it belongs to, and its pronunciations.
pub(crate) type SpokenWord = (u32, Vec<Vec<u8>>);

/// Frames whose scores are kept (480 bytes each) instead of being worked out again: five minutes.
const KEPT: usize = 30_000;
/// Frames times states that are searched in one piece: about five minutes of speech.
const ONE_PIECE: usize = 1 << 29;
/// Frames of a window, where one piece would be too much: half a minute.
const WINDOW: usize = 3000;
/// A silence of this many frames is a good place to end a window.
const PAUSE: usize = 10;
/// How much a frame's distance from the best phone counts in a word's score. Neighbouring phones
/// are often as likely as the right one, so the distance is taken softly.
const SOFTNESS: f32 = 0.1;

/// The words that were found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The written words that have a sound, in order.
    pub(crate) words: Vec<Place>,
}

/// Where a word was found.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The written word.
    pub(crate) word: u32,
    /// Its time in seconds.
    pub(crate) time: Range<f64>,
    /// How well it fits, from 0 to 1.
    pub(crate) score: f32,
    /// The times of its phones in seconds.
    pub(crate) phones: Vec<Range<f64>>,
    /// Its frames.
    frames: Range<usize>,
    /// Log-likelihood of its frames on the path, against the best state of each frame.
    behind: f32,
    /// Frames spoken, without silences inside the word.
    spoken: usize,
}

impl Found {
    /// Mean log-likelihood of a word's frames, against the best state of each. Silences are left
    /// out: they fit any text; and every word counts the same, lest one that was given a long silence
    /// speaks for all.
    pub(crate) fn log_likelihood(&self) -> f32 {
        let of_words = self.words.iter().map(|p| p.behind / p.spoken as f32);
        of_words.sum::<f32>() / self.words.len().max(1) as f32
    }
}

/// The most likely places of spoken words; `None` if there are too few frames for them.
pub(crate) fn find(model: &Model, features: &Features, spoken: &[SpokenWord]) -> Option<Found> {
    let frames = features.frames();
    // The search would find out too, but only after all of its work.
    if least_frames(spoken) > frames {
        return None;
    }
    let graph = Graph::new(spoken);
    let windowed = if frames.saturating_mul(graph.states.len()) > ONE_PIECE {
        in_windows(model, features, spoken, WINDOW)
    } else {
        None
    };
    windowed.or_else(|| search(model, features, 0..frames, &graph))
}

/// Searches window by window: the words in the first two thirds of a window are kept, and the next
/// window begins after them. Words are cut off only between written ones, at a pause if there is
/// one.
fn in_windows(
    model: &Model,
    features: &Features,
    spoken: &[SpokenWord],
    window: usize,
) -> Option<Found> {
    let mut all = Found::default();
    let mut first = 0;
    let mut rest = spoken;
    loop {
        let left = features.frames() - first;
        if left <= window + window / 2 || rest.is_empty() {
            if least_frames(rest) > left {
                return None;
            }
            let last = search(model, features, first..features.frames(), &Graph::new(rest))?;
            all.words.extend(last.words);
            return Some(all);
        }
        // Half as many words again as an even pace has in a window, and some.
        let likely = (rest.len() * window / left * 3 / 2 + 20).min(rest.len());
        let graph = Graph::with_any_end(&rest[..likely]);
        let found = search(model, features, first..first + window, &graph)?;
        let (earliest, latest) = (first + window / 3, first + window * 2 / 3);
        let count = found.words.partition_point(|p| p.frames.end <= latest);
        let pause_after = |i: usize| {
            let next = found.words.get(i).map_or(latest, |p| p.frames.start);
            let end = found.words[i - 1].frames.end;
            end >= earliest && next >= end + PAUSE
        };
        let kept = (1..=count).rev().find(|&i| pause_after(i)).unwrap_or(count);
        first = match found.words[..kept].last() {
            Some(last) => {
                rest = &rest[rest.partition_point(|(word, _)| *word <= last.word)..];
                last.frames.end
            }
            // Nothing was said for a while: go on shortly before the first word.
            None => {
                let word = found.words.first().map_or(latest, |p| p.frames.start);
                word.saturating_sub(PAUSE).clamp(earliest, latest)
            }
        };
        all.words.extend_from_slice(&found.words[..kept]);
    }
}

/// One exact search of some frames.
fn search(model: &Model, features: &Features, range: Range<usize>, graph: &Graph) -> Option<Found> {
    let fresh = |t: usize, scores: &mut [f32; ALL_STATES]| {
        model.score(&features.frame(range.start + t), scores);
    };
    let mut kept: Vec<[f32; ALL_STATES]> = Vec::new();
    if range.len() <= KEPT {
        kept.resize(range.len(), [0.0; ALL_STATES]);
        kept.iter_mut()
            .enumerate()
            .for_each(|(t, row)| fresh(t, row));
    }
    let score = |t: usize, scores: &mut [f32; ALL_STATES]| match kept.get(t) {
        Some(row) => *scores = *row,
        None => fresh(t, scores),
    };
    let path = viterbi::best_path(graph, range.len(), score)?;
    let mut found = Found::default();
    let mut scores = [0.0; ALL_STATES];
    let mut before = None;
    for (t, &index) in path.states.iter().enumerate() {
        let state = &graph.states[index as usize];
        let begins = before.replace(index) != Some(index) && usize::from(state.model) % STATES == 0;
        let Some(word) = state.word else { continue };
        score(t, &mut scores);
        let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let behind = scores[usize::from(state.model)] - best;
        if found.words.last().is_none_or(|place| place.word != word) {
            let start = boundary(model, graph, &path, range.start, t);
            let frames = range.start + t..range.start + t;
            let time = start..start;
            found.words.push(Place {
                word,
                time,
                score: 0.0,
                frames,
                phones: Vec::new(),
                behind: 0.0,
                spoken: 0,
            });
        }
        if let Some(place) = found.words.last_mut() {
            if begins {
                place
                    .phones
                    .push(boundary(model, graph, &path, range.start, t)..0.0);
            }
            if let Some(phone) = place.phones.last_mut() {
                phone.end = boundary(model, graph, &path, range.start, t + 1);
            }
            place.behind += behind;
            place.spoken += 1;
            place.frames.end = range.start + t + 1;
        }
    }
    for place in &mut found.words {
        place.score = (place.behind / place.spoken as f32 * SOFTNESS).exp();
        let after = place.frames.end - range.start;
        place.time.end = boundary(model, graph, &path, range.start, after);
    }
    Some(found)
}

/// The time of the boundary before frame `t` of a path that begins at frame `first`: half way
/// between the frames, less what the model is known to be late by.
fn boundary(model: &Model, graph: &Graph, path: &Path, first: usize, t: usize) -> f64 {
    if first + t == 0 {
        return 0.0;
    }
    let phone = |t: usize| {
        let state = path.states.get(t)?;
        Some(graph.states[*state as usize].model / STATES as u8)
    };
    let left = t.checked_sub(1).and_then(phone).unwrap_or(SILENCE);
    let right = phone(t).unwrap_or(SILENCE);
    ((first + t) as f64 - 0.5) * HOP - f64::from(model.lateness[kind(left)][kind(right)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        english::pronounce,
        hmm::{ENGLISH, features::FLOOR},
        sound::Sound,
        split_words,
    };
    use f5_core::audio::Waveform;
    use std::time::{Duration, Instant};

    fn spoken(text: &str) -> Vec<SpokenWord> {
        (0..)
            .zip(split_words(text))
            .flat_map(|(i, word)| pronounce(&word.text).into_iter().map(move |v| (i, v)))
            .collect()
    }

    #[test]
    fn too_many_words_are_refused_before_a_search() {
        let audio = Waveform::new(vec![0.1; 60 * 16_000], 16_000).expect("finite samples");
        let features = Features::of(Sound::of(&audio, 0).expect("audio"), 1.0, FLOOR);
        let model = ENGLISH.as_ref().expect("the embedded model");
        let many = vec![spoken("nobody").remove(0); 20_000];
        // What counts the words takes a millisecond, what searches half a minute and more.
        let started = Instant::now();
        assert!(find(model, &features, &many).is_none());
        assert!(in_windows(model, &features, &many, 5000).is_none());
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(2), "{taken:?}");
    }

    #[test]
    fn windows_find_what_one_piece_finds() {
        let wav = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/awb_19.wav");
        let audio = Waveform::read_wav(wav).expect("the test's audio");
        // A second of near silence after two thirds of the repetitions.
        let mut samples = Vec::new();
        for i in 0..9 {
            samples.extend_from_slice(audio.samples());
            samples.extend((0..16_000 * usize::from(i == 5)).map(|j| (j % 7) as f32 * 1e-5));
        }
        let audio = Waveform::new(samples, 16_000).expect("finite samples");
        let text = "Nobody knew where the sound was coming from. ".repeat(9);
        let spoken = spoken(&text);
        let features = Features::of(Sound::of(&audio, 0).expect("audio"), 1.0, FLOOR);
        let model = ENGLISH.as_ref().expect("the embedded model");
        let whole = search(model, &features, 0..features.frames(), &Graph::new(&spoken));
        let whole = whole.expect("enough frames").words;
        let parts = in_windows(model, &features, &spoken, 500)
            .expect("enough frames")
            .words;
        assert_eq!(whole.len(), 72);
        assert_eq!(parts.len(), 72);
        for (a, b) in whole.iter().zip(&parts) {
            assert_eq!(a.word, b.word);
            let apart = (a.time.start - b.time.start)
                .abs()
                .max((a.time.end - b.time.end).abs());
            assert!(apart <= 0.03, "{a:?} {b:?}");
        }
    }
}
