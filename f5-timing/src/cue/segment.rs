//! Cues by least cost: dynamic programming over a window that moves with the words.
//!
//! A boundary between two words can only be followed by a cue that keeps the limits, so just the
//! last few boundaries are alive. As soon as the best paths to all of them share their first cue,
//! no later word can change it and it leaves; memory stays bounded however long the track is.

use std::{collections::VecDeque, ops::Range, time::Duration};

use super::{
    CueOptions,
    language::{self, Break},
};
use crate::text::{self, wants_space};

/// Most words in a cue whatever the options say, and most words that wait for a decision.
const MAX_WORDS: usize = 256;
const NANOS: f64 = 1e9;

/// Words of one cue and its times in nanoseconds; the end includes the extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) words: Range<usize>,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// Finds cues in a stream of words.
#[derive(Debug)]
pub(crate) struct Segmenter {
    limits: Limits,
    /// Words from the last decided boundary on, and the number of words before them.
    words: VecDeque<Word>,
    base: usize,
    /// Boundaries: `nodes[i]` stands before `words[i]`, the last one behind the last word but one.
    nodes: VecDeque<Node>,
    /// Starts of cues that the last word could still belong to, oldest first.
    open: VecDeque<Open>,
    last_text: String,
    ready: VecDeque<Cut>,
}

#[derive(Debug)]
struct Limits {
    columns: usize,
    lines: usize,
    words: usize,
    cps: f64,
    min: u64,
    max: u64,
    gap: u64,
    pause: u64,
    extension: u64,
    enforce_gap: bool,
}

#[derive(Debug, Clone, Copy)]
struct Word {
    index: usize,
    start: u64,
    end: u64,
    /// Grapheme clusters, a space in front included.
    chars: u32,
}

/// Best way to cut everything before a boundary; positions count words of the whole stream.
#[derive(Debug, Clone, Copy)]
struct Node {
    cost: f64,
    previous: usize,
    /// First boundary behind the decided ones on the way here; the node's own if none is between.
    root: usize,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    at: usize,
    start: u64,
    cost: f64,
    /// What sentence ends and pauses inside have cost.
    inside: f64,
    chars: u32,
    line: usize,
    column: usize,
}

impl Segmenter {
    pub(crate) fn new(options: &CueOptions) -> Self {
        let nanos = |d: Duration| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX / 4);
        let limits = Limits {
            columns: options.max_columns.max(1),
            lines: options.max_lines.max(1),
            words: options.max_words.unwrap_or(MAX_WORDS).clamp(1, MAX_WORDS),
            cps: if options.max_cps > 0.1 {
                options.max_cps
            } else {
                0.1
            },
            min: nanos(options.min_duration),
            max: nanos(options.max_duration),
            gap: nanos(options.min_gap),
            pause: nanos(options.max_pause),
            extension: nanos(options.max_extension),
            enforce_gap: options.enforce_gap,
        };
        Self {
            limits,
            words: VecDeque::new(),
            base: 0,
            nodes: VecDeque::from([Node {
                cost: 0.0,
                previous: 0,
                root: 0,
            }]),
            open: VecDeque::new(),
            last_text: String::new(),
            ready: VecDeque::new(),
        }
    }

    /// Takes a word that shows something; `index` is what cuts will call it. A cue ends before the
    /// words of another speaker.
    pub(crate) fn push(
        &mut self,
        index: usize,
        text: &str,
        (start, end): (u64, u64),
        other_speaker: bool,
    ) {
        let text = text::clean(text);
        let spaced = wants_space(&self.last_text, &text);
        if let Some(last) = self.words.back() {
            let gap = start - last.end;
            let kind = language::classify(&self.last_text, &text);
            let hard = other_speaker || gap >= self.limits.pause;
            self.close(Some(start), boundary_cost(kind, gap));
            if hard {
                self.decide(self.base + self.words.len(), Some(start));
            } else {
                let inside = inside_cost(kind, gap);
                self.open.iter_mut().for_each(|open| open.inside += inside);
            }
        }
        let (width, chars) = language::measure(&text);
        let space = u32::from(spaced);
        self.words.push_back(Word {
            index,
            start,
            end,
            chars: chars + space,
        });
        self.extend(width, chars, spaced, end);
        let at = self.base + self.words.len() - 1;
        let cost = self.nodes[at - self.base].cost;
        let line = if width > self.limits.columns {
            self.limits.lines
        } else {
            1
        };
        let column = if width > self.limits.columns {
            usize::MAX / 2
        } else {
            width
        };
        self.open.push_back(Open {
            at,
            start,
            cost,
            inside: 0.0,
            chars,
            line,
            column,
        });
        self.settle();
        self.last_text.clear();
        self.last_text.push_str(&text);
    }

    /// Decides everything that is left.
    pub(crate) fn finish(&mut self) {
        if !self.words.is_empty() {
            self.close(None, 0.0);
            self.decide(self.base + self.words.len(), None);
        }
        self.last_text.clear();
    }

    /// The next cue that is decided.
    pub(crate) fn pop(&mut self) -> Option<Cut> {
        self.ready.pop_front()
    }

    /// The first word that is not in a decided cue.
    pub(crate) fn first_pending(&self) -> Option<usize> {
        let ready = self.ready.front().map(|cut| cut.words.start);
        ready.or_else(|| self.words.front().map(|word| word.index))
    }

    /// Finds the best cue that ends with the last word.
    fn close(&mut self, next: Option<u64>, boundary: f64) {
        let end = self.words.back().map_or(0, |word| word.end);
        let count = self.base + self.words.len();
        let mut best = Node {
            cost: f64::INFINITY,
            previous: self.base,
            root: count,
        };
        for open in &self.open {
            let cost = open.cost
                + open.inside
                + boundary
                + self
                    .limits
                    .cost(open.start, end, open.chars, count - open.at, next);
            if cost < best.cost {
                best.cost = cost;
                best.previous = open.at;
            }
        }
        if best.previous != self.base {
            best.root = self.nodes[best.previous - self.base].root;
        }
        self.nodes.push_back(best);
    }

    /// Adds the last word to every open cue that has room for it.
    fn extend(&mut self, width: usize, chars: u32, spaced: bool, end: u64) {
        let limits = &self.limits;
        let at = self.base + self.words.len() - 1;
        self.open.retain_mut(|open| {
            let column = open.column + usize::from(spaced) + width;
            if column <= limits.columns {
                open.column = column;
            } else {
                open.line += 1;
                open.column = width;
            }
            open.chars += chars + u32::from(spaced);
            open.line <= limits.lines
                && width <= limits.columns
                && at - open.at < limits.words
                && end - open.start <= limits.max
        });
    }

    /// Lets go of cues that all paths share; forces the best when too many words wait.
    fn settle(&mut self) {
        loop {
            let Some(first) = self.open.front() else {
                return;
            };
            if first.at == self.base {
                return;
            }
            let root = self.nodes[first.at - self.base].root;
            let shared = self
                .open
                .iter()
                .all(|open| self.nodes[open.at - self.base].root == root);
            if !shared {
                if self.words.len() <= 2 * MAX_WORDS {
                    return;
                }
                let best = self.open.iter().min_by(|a, b| a.cost.total_cmp(&b.cost));
                let Some(best) = best.map(|open| self.nodes[open.at - self.base].root) else {
                    return;
                };
                let (nodes, base) = (&self.nodes, self.base);
                self.open.retain(|open| nodes[open.at - base].root == best);
                self.decide_one(best, None);
                continue;
            }
            self.decide_one(root, None);
        }
    }

    /// Cuts everything before a boundary along its best path; `next` is when the word behind starts.
    fn decide(&mut self, boundary: usize, next: Option<u64>) {
        let mut path = vec![boundary];
        let mut at = boundary;
        while self.nodes[at - self.base].previous > self.base {
            at = self.nodes[at - self.base].previous;
            path.push(at);
        }
        for at in path.into_iter().rev() {
            self.decide_one(at, next);
        }
        self.open.clear();
    }

    /// Cuts the words from the last decided boundary to `boundary` as one cue.
    ///
    /// `next` is for a word behind them that is not among the words yet.
    fn decide_one(&mut self, boundary: usize, next: Option<u64>) {
        let count = boundary - self.base;
        let cue = self.words.range(..count);
        let chars = cue.map(|word| word.chars).sum::<u32>();
        let (first, last) = (self.words[0], self.words[count - 1]);
        let next = self.words.get(count).map_or(next, |word| Some(word.start));
        let end = self.limits.end(first.start, last.end, chars, next);
        self.ready.push_back(Cut {
            words: first.index..last.index + 1,
            start: first.start,
            end,
        });
        self.words.drain(..count);
        self.nodes.drain(..count);
        self.base = boundary;
        for (i, node) in self.nodes.iter_mut().enumerate() {
            node.previous = node.previous.max(boundary);
            node.root = boundary + i;
        }
        // Roots again from the front: a node's way is its predecessor's.
        for i in 1..self.nodes.len() {
            let previous = self.nodes[i].previous - boundary;
            if previous > 0 {
                self.nodes[i].root = self.nodes[previous].root;
            }
        }
    }
}

impl Limits {
    /// When a cue leaves the screen: after its last word, later if there is more to read than time
    /// and nothing follows too soon.
    fn end(&self, start: u64, last: u64, chars: u32, next: Option<u64>) -> u64 {
        let reading = (f64::from(chars) / self.cps * NANOS) as u64;
        let wanted = start + self.min.max(reading.min(self.max));
        let mut end = wanted.min(last + self.extension).max(last);
        if let Some(next) = next {
            let limit = next.saturating_sub(self.gap);
            if end > limit {
                let floor = start + (last - start) / 2;
                end = if self.enforce_gap && limit > floor {
                    limit
                } else {
                    limit.max(last)
                };
            }
        }
        end
    }

    fn cost(&self, start: u64, last: u64, chars: u32, words: usize, next: Option<u64>) -> f64 {
        /// Shorter cues cannot be shown at all.
        const LEAST: u64 = 10_000_000;
        let end = self.end(start, last, chars, next);
        let shown = (end - start) as f64 / NANOS;
        let mut cost = 1.0;
        if last - start < LEAST {
            cost += 1000.0;
        }
        let excess = f64::from(chars) / self.cps / shown.max(0.01) - 1.0;
        cost += 4.0 * excess.clamp(0.0, 5.0);
        let min = self.min as f64 / NANOS;
        if shown < min {
            cost += 6.0 * (1.0 - shown / min);
        }
        if words == 1 {
            cost += 0.5;
        }
        cost
    }
}

/// What it costs to end a cue here.
fn boundary_cost(kind: Break, gap: u64) -> f64 {
    let pause = if gap > 500_000_000 {
        0.3
    } else {
        f64::INFINITY
    };
    let text = match kind {
        Break::Sentence => 0.0,
        Break::Clause => 1.2,
        Break::BeforeConjunction => 1.8,
        Break::None => 3.0,
        Break::AfterArticle => 4.5,
    };
    f64::min(text, pause)
}

/// What it costs to go on here although it would be a good place to end.
fn inside_cost(kind: Break, gap: u64) -> f64 {
    let sentence = if kind == Break::Sentence { 1.5 } else { 0.0 };
    let pause = gap as f64 / NANOS;
    sentence
        + if pause > 0.5 {
            (pause * 2.0).min(6.0)
        } else {
            0.0
        }
}
