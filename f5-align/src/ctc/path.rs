//! The most likely path of a text's tokens through the frames: torchaudio's
//! [`forced_align`](https://docs.pytorch.org/audio/stable/generated/torchaudio.functional.forced_align.html)
//! (Viterbi over the CTC graph of [Kürzinger et al.](https://arxiv.org/abs/2007.09127)), in memory that
//! grows with the square root of the audio's length.

use std::ops::Range;

use super::{Emissions, PathError};

/// Back-pointers are kept whole up to this many bytes.
const WHOLE: usize = 1 << 24;

/// A path: what each frame says.
#[derive(Debug, Clone, PartialEq)]
pub struct CtcPath {
    /// Which token of the text each frame says, from 0; none where it says the blank.
    pub tokens: Vec<Option<usize>>,
    /// The log-probability of what it says.
    pub scores: Vec<f32>,
}

/// The frames of one token.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSpan {
    /// Which token of the text, from 0.
    pub token: usize,
    /// Its frames, one after the other.
    pub frames: Range<usize>,
}

impl CtcPath {
    /// The frames of every token, in order (torchaudio's `merge_tokens`).
    #[must_use]
    pub fn spans(&self) -> Vec<TokenSpan> {
        let mut spans: Vec<TokenSpan> = Vec::new();
        for (t, token) in self.tokens.iter().enumerate() {
            let Some(token) = *token else { continue };
            match spans.last_mut() {
                Some(span) if span.token == token => span.frames.end = t + 1,
                _ => spans.push(TokenSpan {
                    token,
                    frames: t..t + 1,
                }),
            }
        }
        spans
    }
}

/// Lays `tokens`, which are classes of `emissions`, over the frames, with blanks wherever they are
/// likelier: the path that torchaudio takes, also where several are equally likely.
///
/// # Errors
///
/// [`PathError::Token`] for a blank or unknown class, [`PathError::TooFewFrames`] if there are fewer
/// frames than tokens and repeats.
pub fn forced_align(
    emissions: &Emissions,
    tokens: &[usize],
    blank: usize,
) -> Result<CtcPath, PathError> {
    let (frames, states) = (emissions.frames(), 2 * tokens.len() + 1);
    let whole = frames.saturating_mul(states) <= WHOLE;
    // A checkpoint is eight times as large as a row of back-pointers.
    let block = if whole { frames } else { (8 * frames).isqrt() };
    align_in_blocks(emissions, tokens, blank, block.max(1))
}

/// As [`forced_align`], keeping back-pointers for `block` frames at a time: the scores before each
/// block are kept on the way forward, and on the way back each block is walked again.
fn align_in_blocks(
    emissions: &Emissions,
    tokens: &[usize],
    blank: usize,
    block: usize,
) -> Result<CtcPath, PathError> {
    let mut lattice = Lattice::new(emissions, tokens, blank)?;
    let frames = emissions.frames();
    let mut pointers = Pointers::new(block, tokens.len());
    let mut checkpoints = Vec::new();
    for t in 0..frames {
        if t % block == 0 {
            checkpoints.push(lattice.totals.clone());
        }
        lattice.step(t, &mut pointers, t % block);
    }
    let mut state = lattice.last_state();
    let mut path = CtcPath {
        tokens: vec![None; frames],
        scores: vec![0.0; frames],
    };
    for (index, before) in checkpoints.into_iter().enumerate().rev() {
        let first = index * block;
        let after = (first + block).min(frames);
        // The last block's pointers are those that are still there.
        if after != frames {
            lattice.totals = before;
            for t in first..after {
                lattice.step(t, &mut pointers, t - first);
            }
        }
        for t in (first..after).rev() {
            let token = (state % 2 == 1).then_some(state / 2);
            path.tokens[t] = token;
            path.scores[t] = emissions.frame(t)[token.map_or(blank, |token| tokens[token])];
            state -= usize::from(pointers.at(t - first, state));
        }
    }
    Ok(path)
}

/// Scores of the best paths that end with each blank and each token.
#[derive(Debug, Clone)]
struct Totals {
    /// Blanks before, between and after the tokens.
    blanks: Vec<f64>,
    tokens: Vec<f64>,
}

/// How many states back the best path to each state comes from, for some frames.
struct Pointers {
    blanks: Vec<u8>,
    tokens: Vec<u8>,
    count: usize,
}

impl Pointers {
    fn new(frames: usize, count: usize) -> Self {
        Self {
            blanks: vec![0; frames * (count + 1)],
            tokens: vec![0; frames * count],
            count,
        }
    }

    fn at(&self, row: usize, state: usize) -> u8 {
        match state % 2 {
            0 => self.blanks[row * (self.count + 1) + state / 2],
            _ => self.tokens[row * self.count + state / 2],
        }
    }
}

struct Lattice<'a> {
    emissions: &'a Emissions,
    tokens: &'a [usize],
    blank: usize,
    totals: Totals,
    before: Totals,
    /// Cost of coming from the token before without a blank: infinite between equal ones.
    skips: Vec<f64>,
}

impl<'a> Lattice<'a> {
    fn new(emissions: &'a Emissions, tokens: &'a [usize], blank: usize) -> Result<Self, PathError> {
        let classes = emissions.classes();
        let is_bad = |token: usize| token >= classes || token == blank;
        if let Some(index) = tokens.iter().position(|token| is_bad(*token)) {
            return Err(PathError::Token {
                index,
                token: tokens[index],
                classes,
                blank,
            });
        }
        let repeats = tokens.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let frames = emissions.frames();
        if frames < tokens.len() + repeats {
            return Err(PathError::TooFewFrames {
                frames,
                tokens: tokens.len(),
                repeats,
            });
        }
        let nothing = Totals {
            blanks: vec![f64::NEG_INFINITY; tokens.len() + 1],
            tokens: vec![f64::NEG_INFINITY; tokens.len()],
        };
        let skip = |pair: &[usize]| {
            if pair[0] == pair[1] {
                f64::NEG_INFINITY
            } else {
                0.0
            }
        };
        Ok(Self {
            emissions,
            tokens,
            blank,
            totals: nothing.clone(),
            before: nothing,
            skips: tokens.windows(2).map(skip).collect(),
        })
    }

    /// Takes in frame `t` and notes in a row of `pointers` where each state was reached from.
    ///
    /// A state is only left for another one that is better than both others: torchaudio stays where
    /// two are equal, and what it returns is what others expect.
    fn step(&mut self, t: usize, pointers: &mut Pointers, row: usize) {
        let frame = self.emissions.frame(t);
        let blank = f64::from(frame[self.blank]);
        std::mem::swap(&mut self.totals, &mut self.before);
        let (before, now) = (&self.before, &mut self.totals);
        let count = self.tokens.len();
        let from_blanks = &mut pointers.blanks[row * (count + 1)..][..=count];
        let from_tokens = &mut pointers.tokens[row * count..][..count];
        if t == 0 {
            now.blanks.fill(f64::NEG_INFINITY);
            now.tokens.fill(f64::NEG_INFINITY);
            now.blanks[0] = blank;
            if let (Some(total), Some(&token)) = (now.tokens.first_mut(), self.tokens.first()) {
                *total = f64::from(frame[token]);
            }
            return;
        }
        now.blanks[0] = before.blanks[0] + blank;
        from_blanks[0] = 0;
        for k in 0..count {
            let (stayed, moved) = (before.blanks[k + 1], before.tokens[k]);
            from_blanks[k + 1] = u8::from(moved > stayed);
            now.blanks[k + 1] = stayed.max(moved) + blank;
        }
        for k in 0..count {
            let (stayed, moved) = (before.tokens[k], before.blanks[k]);
            let skipped = match k {
                0 => f64::NEG_INFINITY,
                _ => before.tokens[k - 1] + self.skips[k - 1],
            };
            let (total, back) = if skipped > moved && skipped > stayed {
                (skipped, 2)
            } else if moved > stayed && moved > skipped {
                (moved, 1)
            } else {
                (stayed, 0)
            };
            from_tokens[k] = back;
            now.tokens[k] = total + f64::from(frame[self.tokens[k]]);
        }
    }

    /// The state that the path ends in: the last token, unless the blank after it is better.
    fn last_state(&self) -> usize {
        let count = self.tokens.len();
        match self.totals.tokens.last() {
            Some(token) if self.totals.blanks[count] <= *token => 2 * count - 1,
            _ => 2 * count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn emissions(values: &[f32], classes: usize) -> Emissions {
        let whole = values.len() / classes * classes;
        Emissions::new(values[..whole].to_vec(), classes).expect("finite rows")
    }

    /// The tokens that the frames of a path say, which have to be all of them, in order.
    fn said(path: &CtcPath, tokens: &[usize]) -> Vec<usize> {
        path.spans().iter().map(|span| tokens[span.token]).collect()
    }

    /// Best score of all sequences of classes that collapse to the tokens, one by one.
    fn search(emissions: &Emissions, tokens: &[usize]) -> f64 {
        let (frames, classes) = (emissions.frames(), emissions.classes());
        (0..classes.pow(frames as u32))
            .filter_map(|number| {
                let class = |t: usize| number / classes.pow(t as u32) % classes;
                let mut said: Vec<usize> = (0..frames).map(class).collect();
                let score = |t: usize| f64::from(emissions.frame(t)[class(t)]);
                let total: f64 = (0..frames).map(score).sum();
                said.dedup();
                said.retain(|class| *class != 0);
                (said == tokens).then_some(total)
            })
            .fold(f64::NEG_INFINITY, f64::max)
    }

    proptest! {
        #[test]
        fn no_path_is_better(
            values in prop::collection::vec(-9.0_f32..0.0, 3..=24),
            tokens in prop::collection::vec(1_usize..3, 0..5),
        ) {
            let emissions = emissions(&values, 3);
            let best = search(&emissions, &tokens);
            match forced_align(&emissions, &tokens, 0) {
                Ok(path) => {
                    prop_assert_eq!(said(&path, &tokens), tokens);
                    let total: f64 = path.scores.iter().map(|s| f64::from(*s)).sum();
                    prop_assert!((total - best).abs() < 1e-4);
                }
                Err(error) => {
                    let too_few = matches!(error, PathError::TooFewFrames { .. });
                    prop_assert!(too_few && best == f64::NEG_INFINITY);
                }
            }
        }

        #[test]
        fn blocks_change_nothing(
            // Few values, so that many paths are equally likely.
            values in prop::collection::vec((-4_i8..0).prop_map(f32::from), 200..800),
            tokens in prop::collection::vec(1_usize..4, 0..40),
            block in 1_usize..40,
        ) {
            let emissions = emissions(&values, 4);
            let whole = align_in_blocks(&emissions, &tokens, 0, emissions.frames());
            prop_assert_eq!(whole, align_in_blocks(&emissions, &tokens, 0, block));
        }

        #[test]
        fn blanks_before_the_text_shift_it(
            values in prop::collection::vec(-9.0_f32..0.0, 80..200),
            tokens in prop::collection::vec(1_usize..4, 1..8),
            shift in 1_usize..20,
        ) {
            let mut later = [0.0, -5e3, -5e3, -5e3].repeat(shift);
            later.extend(&values);
            let plain = forced_align(&emissions(&values, 4), &tokens, 0).expect("enough frames");
            let later = forced_align(&emissions(&later, 4), &tokens, 0).expect("enough frames");
            prop_assert_eq!(&plain.tokens[..], &later.tokens[shift..]);
        }
    }

    #[test]
    fn tokens_that_are_no_class_are_named() {
        let emissions = emissions(&[-1.0; 12], 3);
        for (tokens, index, token) in [(vec![1, 0], 1, 0), (vec![3], 0, 3)] {
            let expected = PathError::Token {
                index,
                token,
                classes: 3,
                blank: 0,
            };
            assert_eq!(forced_align(&emissions, &tokens, 0), Err(expected));
        }
    }

    #[test]
    fn too_few_frames_are_counted() {
        let emissions = emissions(&[-1.0; 9], 3);
        let expected = PathError::TooFewFrames {
            frames: 3,
            tokens: 3,
            repeats: 1,
        };
        assert_eq!(
            expected.to_string(),
            "3 tokens with 1 repeats take 4 frames, but there are 3"
        );
        assert_eq!(forced_align(&emissions, &[1, 1, 2], 0), Err(expected));
        assert!(forced_align(&emissions, &[1, 2, 1], 0).is_ok());
    }
}
