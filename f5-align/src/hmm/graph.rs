//! The states that a text passes through when it is spoken.

use super::model::STATES;
use crate::english::{Phone, SILENCE};

/// A state of a text and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// State of the acoustic model: three times the phone plus the place within it.
    pub(crate) model: u8,
    /// The written word it is part of; none for silence.
    pub(crate) word: Option<u32>,
    /// Whether the state before it in the list leads here.
    pub(crate) follows: bool,
}

/// The states of a text in the order in which they can be passed, with silences that may be left
/// out before, between and after the words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) states: Vec<State>,
    /// States that do not (only) follow the one before them, each with all that lead to it.
    pub(crate) entries: Vec<(u32, Vec<u32>)>,
    /// States that the audio may begin with.
    pub(crate) starts: Vec<u32>,
    /// States that the audio may end with.
    pub(crate) ends: Vec<u32>,
}

/// The fewest frames in which words can be spoken, known without their graph.
pub(crate) fn least_frames(spoken: &[(u32, Vec<Vec<Phone>>)]) -> usize {
    let shortest = |variants: &Vec<Vec<Phone>>| variants.iter().map(Vec::len).min().unwrap_or(0);
    let phones: usize = spoken.iter().map(|(_, variants)| shortest(variants)).sum();
    phones * STATES
}

impl Graph {
    /// Builds the graph of spoken words: which written word each belongs to, and its
    /// pronunciations.
    pub(crate) fn new(spoken: &[(u32, Vec<Vec<Phone>>)]) -> Self {
        let mut graph = Self::default();
        let silence = graph.push(&[SILENCE], None, &[]);
        graph.starts.push(0);
        graph.ends = vec![silence];
        for (index, (word, variants)) in spoken.iter().enumerate() {
            let before = std::mem::take(&mut graph.ends);
            let mut ends = Vec::new();
            for phones in variants {
                let entry = graph.states.len() as u32;
                ends.push(graph.push(phones, Some(*word), &before));
                if index == 0 {
                    graph.starts.push(entry);
                }
            }
            let silence = graph.push(&[SILENCE], None, &ends);
            ends.push(silence);
            graph.ends = ends;
        }
        graph
    }

    /// As [`new`](Self::new), but the audio may end after any of the words, or before them.
    pub(crate) fn with_any_end(spoken: &[(u32, Vec<Vec<Phone>>)]) -> Self {
        let mut graph = Self::new(spoken);
        graph
            .ends
            .extend(graph.entries.iter().flat_map(|(_, sources)| sources));
        graph.ends.sort_unstable();
        graph.ends.dedup();
        graph
    }

    /// Appends a sequence of phones that can follow any of `before`, and gives its last state.
    fn push(&mut self, phones: &[Phone], word: Option<u32>, before: &[u32]) -> u32 {
        let entry = self.states.len() as u32;
        for &phone in phones {
            for state in 0..STATES as u8 {
                let model = phone * STATES as u8 + state;
                self.states.push(State {
                    model,
                    word,
                    follows: true,
                });
            }
        }
        self.states[entry as usize].follows = false;
        if !before.is_empty() {
            self.entries.push((entry, before.to_vec()));
        }
        self.states.len() as u32 - 1
    }
}
