//! Lines of a cue: as few as the words need, and balanced.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::{
    CueOptions,
    language::{self, Break},
};
use crate::{
    text::{self, is_blank, wants_space},
    track::Track,
};

/// Finds where lines after the first begin, as a word and a byte of it.
///
/// Lines break between words; a word that is wider than a line breaks between its grapheme
/// clusters.
pub(crate) fn lay_out(
    track: &Track,
    words: Range<usize>,
    options: &CueOptions,
    breaks: &mut Vec<(usize, usize)>,
) {
    breaks.clear();
    let columns = options.max_columns.max(1);
    let mut boxes = Vec::new();
    let mut last: Option<String> = None;
    for index in words {
        let raw = track.text_of(index);
        if is_blank(raw) {
            continue;
        }
        let text = text::clean(raw).into_owned();
        let (width, _) = language::measure(&text);
        if width > columns {
            return wrap_wide(track, index, columns, boxes.is_empty(), breaks);
        }
        let (space, kind) = match &last {
            Some(last) => (wants_space(last, &text), language::classify(last, &text)),
            None => (false, Break::None),
        };
        boxes.push(Piece {
            index,
            width,
            space,
            kind,
        });
        last = Some(text);
    }
    balance(&boxes, columns, breaks);
}

#[derive(Debug)]
struct Piece {
    index: usize,
    width: usize,
    space: bool,
    /// What lies in front.
    kind: Break,
}

/// Least cost over all ways to fill as few lines as a greedy fill takes.
fn balance(boxes: &[Piece], columns: usize, breaks: &mut Vec<(usize, usize)>) {
    let lines = fill(boxes, columns);
    if lines < 2 {
        return;
    }
    let count = boxes.len();
    // best[l][i]: cost of the first i pieces in l lines, and where the last of them begins.
    let mut best = vec![vec![(f64::INFINITY, 0); count + 1]; lines + 1];
    best[0][0].0 = 0.0;
    for line in 1..=lines {
        for end in 1..=count {
            let mut width = 0;
            for from in (0..end).rev() {
                width += boxes[from].width;
                if from + 1 < end {
                    width += usize::from(boxes[from + 1].space);
                }
                if width > columns && from + 1 < end {
                    break;
                }
                let cost =
                    best[line - 1][from].0 + line_cost(width, columns, line, lines, from, boxes);
                if cost < best[line][end].0 {
                    best[line][end] = (cost, from);
                }
            }
        }
    }
    let mut end = count;
    for line in (2..=lines).rev() {
        end = best[line][end].1;
        breaks.push((boxes[end].index, 0));
    }
    breaks.reverse();
}

/// Squares favour equal lines; the last line may be a little longer than the first.
fn line_cost(
    width: usize,
    columns: usize,
    line: usize,
    lines: usize,
    from: usize,
    boxes: &[Piece],
) -> f64 {
    let share = width as f64 / columns as f64;
    let heavy = if line < lines { 0.02 * share } else { 0.0 };
    let place = match boxes[from].kind {
        _ if from == 0 => 0.0,
        Break::Sentence => 0.0,
        Break::Clause => 0.02,
        Break::BeforeConjunction => 0.06,
        Break::None => 0.12,
        Break::AfterArticle => 0.25,
    };
    share * share + heavy + place
}

fn fill(boxes: &[Piece], columns: usize) -> usize {
    let (mut lines, mut column) = (1, 0);
    for (i, piece) in boxes.iter().enumerate() {
        let wanted = column + usize::from(piece.space && i > 0) + piece.width;
        if wanted <= columns {
            column = wanted;
        } else {
            lines += usize::from(i > 0);
            column = piece.width;
        }
    }
    lines
}

fn wrap_wide(
    track: &Track,
    index: usize,
    columns: usize,
    first: bool,
    breaks: &mut Vec<(usize, usize)>,
) {
    if !first {
        breaks.push((index, 0));
    }
    let raw = track.text_of(index);
    let mut column = 0;
    // Bytes and width of the cluster before, to take along when a line must not begin with a closer.
    let mut before = (0, 0);
    for (byte, cluster) in raw.grapheme_indices(true) {
        let width = language::cluster_width(cluster);
        if column > 0 && column + width > columns {
            if language::is_closer(cluster) && before.0 > 0 && before.1 < column {
                breaks.push((index, before.0));
                column = before.1;
            } else {
                breaks.push((index, byte));
                column = 0;
            }
        }
        column += width;
        before = (byte, width);
    }
}
