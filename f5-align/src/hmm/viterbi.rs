//! The most likely path of states through the audio: exact, in memory that grows with the square
//! root of the audio's length.

use super::{graph::Graph, model::ALL_STATES};

/// Log-probabilities of staying in a state, of moving on, and of moving on to another word.
const STAY: f32 = -0.5;
const MOVE: f32 = -0.9;
const ENTER: f32 = -1.2;
/// Back-pointers of a text are kept whole up to this many bytes.
const WHOLE: usize = 1 << 24;

/// The path: the state of every frame, and its log-probability.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub(crate) states: Vec<u32>,
    pub(crate) log_probability: f64,
}

/// The best path through `graph` for `frames` frames; `None` if there are too few of them.
/// `score` gives the log-likelihoods of a frame; where the audio is long it is asked twice.
pub(crate) fn best_path(
    graph: &Graph,
    frames: usize,
    score: impl FnMut(usize, &mut [f32; ALL_STATES]),
) -> Option<Path> {
    let whole = frames.saturating_mul(graph.states.len()) <= WHOLE;
    let block = if whole { frames } else { frames.isqrt().max(1) };
    best_path_in_blocks(graph, frames, block, score)
}

/// As [`best_path`], keeping back-pointers for `block` frames at a time: the scores before each
/// block are kept on the way forward, and on the way back each block is walked again.
fn best_path_in_blocks(
    graph: &Graph,
    frames: usize,
    block: usize,
    mut score: impl FnMut(usize, &mut [f32; ALL_STATES]),
) -> Option<Path> {
    if frames == 0 {
        return None;
    }
    let count = graph.states.len();
    let mut lattice = Lattice::new(graph);
    let mut checkpoints = Vec::new();
    let mut pointers = vec![0_u8; block * count];
    let last_block = (frames - 1) / block;
    for t in 0..frames {
        if t % block == 0 {
            checkpoints.push((lattice.totals.clone(), lattice.scale));
        }
        let row = (t % block) * count;
        score(t, &mut lattice.scores);
        lattice.step(t, &mut pointers[row..row + count]);
    }
    let total = |s: u32| lattice.totals[s as usize];
    let end = graph
        .ends
        .iter()
        .copied()
        .max_by(|&a, &b| total(a).total_cmp(&total(b)))?;
    if total(end) == f32::NEG_INFINITY {
        return None;
    }
    let log_probability = lattice.scale + f64::from(total(end));
    let mut states = vec![0; frames];
    let mut state = end;
    for index in (0..=last_block).rev() {
        let first = index * block;
        let after = (first + block).min(frames);
        if index != last_block {
            (lattice.totals, lattice.scale) = checkpoints.pop()?;
            for t in first..after {
                let row = (t - first) * count;
                score(t, &mut lattice.scores);
                lattice.step(t, &mut pointers[row..row + count]);
            }
        } else {
            checkpoints.pop();
        }
        for t in (first..after).rev() {
            states[t] = state;
            let pointer = pointers[(t - first) * count + state as usize];
            state = lattice.predecessor(state, pointer);
        }
    }
    Some(Path {
        states,
        log_probability,
    })
}

/// Scores of all states at one frame.
struct Lattice<'a> {
    graph: &'a Graph,
    /// Score of the best path to each state, less `scale`.
    totals: Vec<f32>,
    before: Vec<f32>,
    /// What was taken off the scores so far: without it single precision runs out on long audio.
    scale: f64,
    /// Cost of coming from the state before; minus infinity where it does not lead here.
    moves: Vec<f32>,
    models: Vec<u8>,
    scores: [f32; ALL_STATES],
}

impl<'a> Lattice<'a> {
    fn new(graph: &'a Graph) -> Self {
        let count = graph.states.len();
        let cost = |follows: bool| if follows { MOVE } else { f32::NEG_INFINITY };
        Self {
            graph,
            totals: vec![f32::NEG_INFINITY; count],
            before: vec![f32::NEG_INFINITY; count],
            scale: 0.0,
            moves: graph.states.iter().map(|s| cost(s.follows)).collect(),
            models: graph.states.iter().map(|s| s.model).collect(),
            scores: [0.0; ALL_STATES],
        }
    }

    /// Takes in the scores of frame `t` and notes where each state was reached from: 0 itself,
    /// 1 the state before, from 2 on the entries' predecessors.
    fn step(&mut self, t: usize, pointers: &mut [u8]) {
        if t == 0 {
            self.scale = 0.0;
            self.totals.fill(f32::NEG_INFINITY);
            for &start in &self.graph.starts {
                self.totals[start as usize] = self.scores[usize::from(self.models[start as usize])];
            }
            return;
        }
        std::mem::swap(&mut self.totals, &mut self.before);
        let before = &self.before;
        self.totals[0] = before[0] + STAY;
        pointers[0] = 0;
        let targets = self.totals[1..]
            .iter_mut()
            .zip(&mut pointers[1..])
            .zip(&self.moves[1..]);
        for (((total, pointer), cost), pair) in targets.zip(before.windows(2)) {
            let (stayed, moved) = (pair[1] + STAY, pair[0] + cost);
            *pointer = u8::from(moved > stayed);
            *total = stayed.max(moved);
        }
        for (state, sources) in &self.graph.entries {
            let state = *state as usize;
            for (i, &source) in sources.iter().enumerate() {
                let entered = before[source as usize] + ENTER;
                if entered > self.totals[state] {
                    self.totals[state] = entered;
                    pointers[state] = i as u8 + 2;
                }
            }
        }
        let mut best = f32::NEG_INFINITY;
        for (total, &model) in self.totals.iter_mut().zip(&self.models) {
            *total += self.scores[usize::from(model)];
            best = best.max(*total);
        }
        // Often enough that the scores keep their precision, seldom enough to cost nothing.
        if best.is_finite() && best.abs() > 4096.0 {
            self.totals.iter_mut().for_each(|total| *total -= best);
            self.scale += f64::from(best);
        }
    }

    fn predecessor(&self, state: u32, pointer: u8) -> u32 {
        match pointer {
            0 => state,
            1 => state - 1,
            other => {
                let found = self.graph.entries.binary_search_by_key(&state, |(s, _)| *s);
                found.map_or(state, |i| self.graph.entries[i].1[usize::from(other) - 2])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hmm::graph::least_frames;
    use proptest::prelude::*;

    /// The score of a path, or none if the graph does not allow it.
    fn score_of(graph: &Graph, path: &[u32], rows: &[[f32; ALL_STATES]]) -> Option<f64> {
        let mut total = 0.0;
        for (t, &state) in path.iter().enumerate() {
            let here = &graph.states[state as usize];
            total += f64::from(rows[t][usize::from(here.model)]);
            if t == 0 {
                graph.starts.contains(&state).then_some(())?;
                continue;
            }
            let before = path[t - 1];
            let entry = graph.entries.iter().find(|(s, _)| *s == state);
            total += f64::from(if before == state {
                STAY
            } else if here.follows && before + 1 == state {
                MOVE
            } else if entry.is_some_and(|(_, sources)| sources.contains(&before)) {
                ENTER
            } else {
                return None;
            });
        }
        graph.ends.contains(path.last()?).then_some(total)
    }

    /// The best score over all paths, one by one.
    fn search(graph: &Graph, path: &mut Vec<u32>, rows: &[[f32; ALL_STATES]]) -> Option<f64> {
        if path.len() == rows.len() {
            return score_of(graph, path, rows);
        }
        let mut best: Option<f64> = None;
        for state in 0..graph.states.len() as u32 {
            path.push(state);
            let last = path.len() - 1;
            let allowed = last == 0
                || path[last - 1] == state
                || graph.states[state as usize].follows && path[last - 1] + 1 == state
                || graph
                    .entries
                    .iter()
                    .any(|(s, f)| *s == state && f.contains(&path[last - 1]));
            if allowed {
                let found = search(graph, path, rows);
                best = best.into_iter().chain(found).reduce(f64::max);
            }
            path.pop();
        }
        best
    }

    fn rows(values: &[f32]) -> Vec<[f32; ALL_STATES]> {
        let row = |chunk: &[f32]| std::array::from_fn(|i| chunk[i % chunk.len()]);
        values.chunks_exact(7).map(row).collect()
    }

    proptest! {
        #[test]
        fn no_path_is_better(values in prop::collection::vec(-9.0_f32..0.0, 7..=56)) {
            let rows = rows(&values);
            let spoken = [(0, vec![vec![3], vec![5, 7]]), (1, vec![vec![9]])];
            let graph = Graph::new(&spoken);
            let found = best_path(&graph, rows.len(), |t, scores| *scores = rows[t]);
            let best = search(&graph, &mut Vec::new(), &rows);
            prop_assert_eq!(found.is_some(), best.is_some());
            prop_assert_eq!(found.is_some(), rows.len() >= least_frames(&spoken));
            if let (Some(found), Some(best)) = (found, best) {
                prop_assert!((found.log_probability - best).abs() < 1e-3);
                let again = score_of(&graph, &found.states, &rows);
                prop_assert!(again.is_some_and(|again| (again - best).abs() < 1e-3));
            }
        }

        #[test]
        fn blocks_change_nothing(
            values in prop::collection::vec(-900.0_f32..0.0, 300..1200),
            block in 1_usize..40,
        ) {
            let rows = rows(&values);
            let graph = Graph::new(&[(0, vec![vec![3, 4], vec![5, 7, 8]]), (1, vec![vec![9, 1]])]);
            let score = |t: usize, scores: &mut [f32; ALL_STATES]| *scores = rows[t];
            let whole = best_path_in_blocks(&graph, rows.len(), rows.len(), score);
            prop_assert_eq!(whole, best_path_in_blocks(&graph, rows.len(), block, score));
        }
    }
}
