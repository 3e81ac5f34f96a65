//! When the words of an edited recording are spoken.

use std::{ops::Range, time::Duration};

use f5_core::{audio::Waveform, timing::WordTiming};

use crate::{
    engine::Engine, error::Result, speak::align_chunk, speech::ChunkAlignment, timeline::seconds,
};

use super::{
    result::EditedSpan,
    script::{Origin, Script},
};

/// Kept words where they were found in the recording, moved by what changed before them; new ones
/// where they are found in their span.
pub(super) fn words(
    engine: &Engine,
    script: &Script,
    found: &[WordTiming],
    rate: u32,
    edited: &Waveform,
    spans: &mut [EditedSpan],
) -> Result<Vec<WordTiming>> {
    let new_rate = edited.sample_rate();
    let mut new_words = Vec::with_capacity(spans.len());
    for (change, span) in script.changes.iter().zip(spans.iter_mut()) {
        if change.new.is_empty() {
            new_words.push(Vec::new());
            continue;
        }
        let texts = script.new_words[change.new.clone()].iter();
        let text = texts
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        let audio = Waveform::new(edited.samples()[span.new.clone()].to_vec(), new_rate)?;
        let aligned = align_chunk(engine, &audio, &text)?;
        let start = seconds(span.new.start, new_rate);
        let mut words = aligned.words;
        for word in &mut words {
            (word.start, word.end) = (word.start + start, word.end + start);
        }
        new_words.push(words);
        span.alignment = Some(ChunkAlignment {
            aligner: aligned.aligner,
            quality: aligned.quality,
            trail: aligned.trail,
        });
    }
    let moved = |time: Duration, word: usize| {
        let before = script
            .changes
            .iter()
            .take_while(|change| change.old.end <= word);
        let Some(last) = before.count().checked_sub(1).map(|last| &spans[last]) else {
            return time;
        };
        (time + seconds(last.new.end, new_rate)).saturating_sub(seconds(last.old.end, rate))
    };
    let timed = script
        .origins
        .iter()
        .enumerate()
        .filter_map(|(index, origin)| match *origin {
            Origin::Kept(word) => found.get(word).map(|timing| WordTiming {
                start: moved(timing.start, word),
                end: moved(timing.end, word),
                ..timing.clone()
            }),
            Origin::New(change) => new_words[change]
                .get(index - script.changes[change].new.start)
                .cloned(),
        });
    let mut words: Vec<WordTiming> = timed.collect();
    let mut earliest = Duration::ZERO;
    for (word, text) in words.iter_mut().zip(&script.new_words) {
        (word.word, word.chars) = (text.text.clone(), text.chars.clone());
        // A cut may lie a little inside a word.
        word.start = word.start.clamp(earliest, edited.duration().max(earliest));
        word.end = word
            .end
            .clamp(word.start, edited.duration().max(word.start));
        earliest = word.end;
    }
    Ok(words)
}

/// The words whose middle lies in a span.
pub(super) fn inside(words: &[WordTiming], span: Range<Duration>) -> Range<usize> {
    let before = |time: Duration| words.partition_point(|word| (word.start + word.end) / 2 < time);
    before(span.start)..before(span.end)
}
