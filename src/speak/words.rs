//! When the words of a chunk were spoken, and which of them no later chunk can move.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use f5_align::{AlignError, Aligner, Alignment, EnergyAligner, LinkReport, Verdict};
use f5_core::{audio::Waveform, timing::WordTiming};

use crate::{
    engine::Engine,
    error::Result,
    plan::Planned,
    speech::ChunkAlignment,
    spoken::{Spoken, are_one},
    timeline::seconds,
};

/// Words in order, the last of them held until it is known that they stay.
#[derive(Debug, Default)]
pub(super) struct WordQueue {
    held: VecDeque<WordTiming>,
}

impl WordQueue {
    /// Chunks overlap where they fade, and so may the last word of one and the first of the next:
    /// the later one wins. Several that are spoken for one word of the text become one.
    pub(super) fn push(&mut self, mut next: WordTiming, spoken: &Spoken) {
        if let Some(previous) = self.held.back_mut() {
            next.start = next.start.max(previous.start);
            next.end = next.end.max(next.start);
            if are_one(previous, &next) {
                *previous = spoken.joined(previous, &next);
                return;
            }
            previous.end = previous.end.min(next.start);
        }
        self.held.push_back(next);
    }

    /// The words that have ended by `end`, where the next chunk begins at the earliest, and before the
    /// character `next` of the text, with which it begins.
    pub(super) fn take_final(&mut self, end: Duration, next: usize) -> Vec<WordTiming> {
        let stays = |word: &&WordTiming| word.end <= end && word.chars.end <= next;
        let stays = self.held.iter().take_while(stays).count();
        self.held.drain(..stays).collect()
    }

    /// The words that are left when no chunk follows.
    pub(super) fn take_rest(&mut self) -> Vec<WordTiming> {
        std::mem::take(&mut self.held).into()
    }
}

/// Finds the words of a chunk in its own audio, so that an error never reaches the next one, and
/// shifts them to `start`, the chunk's first sample in the whole.
pub(super) fn align(
    engine: &Engine,
    piece: &Planned,
    wave: &[f32],
    start: usize,
) -> Result<(Vec<WordTiming>, ChunkAlignment)> {
    let rate = engine.config.mel_spec.target_sample_rate;
    let _span =
        tracing::debug_span!("f5.align", words = piece.text.split_whitespace().count()).entered();
    let audio = Waveform::new(wave.to_vec(), rate)?;
    let aligned = align_chunk(engine, &audio, &piece.text)?;
    let shift = seconds(start, rate);
    // The sum of two rounded times may be a nanosecond behind the end.
    let last = seconds(start + wave.len(), rate);
    let words = aligned.words.into_iter().map(|word| WordTiming {
        start: (word.start + shift).min(last),
        end: (word.end + shift).min(last),
        chars: piece.chars.to_text(&piece.text, &word.chars),
        ..word
    });
    let report = ChunkAlignment {
        aligner: aligned.aligner,
        quality: aligned.quality,
        trail: aligned.trail,
    };
    Ok((words.collect(), report))
}

/// Where an aligner of the caller's fails, pauses and punctuation decide: words are never lost.
pub(crate) fn align_chunk(
    engine: &Engine,
    audio: &Waveform,
    text: &str,
) -> std::result::Result<Alignment, AlignError> {
    let clock = Instant::now();
    let answer = engine.aligner.align(audio, text, &engine.language);
    let said = |verdict| LinkReport::new(engine.aligner.name(), verdict, clock.elapsed());
    match answer {
        Ok(mut aligned) => {
            if aligned.trail.is_empty() {
                aligned.trail = vec![said(Verdict::Used)];
            }
            Ok(aligned)
        }
        Err(error) => {
            let failed = said(Verdict::Failed(error));
            let last_resort = EnergyAligner::new();
            let mut aligned = last_resort.align(audio, text, &engine.language)?;
            let elapsed = clock.elapsed().saturating_sub(failed.elapsed);
            let used = LinkReport::new(last_resort.name(), Verdict::Used, elapsed);
            aligned.trail = vec![failed, used];
            Ok(aligned)
        }
    }
}

#[cfg(test)]
mod tests {
    use f5_core::{text::normalize::Normalized, timing::TimingSource};

    use super::*;

    /// Words `chars` of a text of one letter words.
    fn word(start: u64, end: u64, at: usize) -> WordTiming {
        WordTiming {
            word: "w".to_owned(),
            start: Duration::from_millis(start),
            end: Duration::from_millis(end),
            score: Some(1.0 / (at + 1) as f32),
            source: if at == 0 {
                TimingSource::Acoustic
            } else {
                TimingSource::Estimated
            },
            chars: at..at + 1,
        }
    }

    fn spans(words: &[WordTiming]) -> Vec<(u128, u128)> {
        let millis = |w: &WordTiming| (w.start.as_millis(), w.end.as_millis());
        words.iter().map(millis).collect()
    }

    fn unchanged() -> Spoken {
        Spoken::of("w w w w", Normalized::unchanged("w w w w"))
    }

    #[test]
    fn words_that_overlap_in_a_fade_are_parted() {
        let mut queue = WordQueue::default();
        for word in [word(0, 400, 0), word(300, 700, 2), word(250, 280, 4)] {
            queue.push(word, &unchanged());
        }
        let parted = [(0, 300), (300, 300), (300, 300)];
        assert_eq!(spans(&queue.take_rest()), parted);
    }

    #[test]
    fn a_word_leaves_when_nothing_can_move_it() {
        let mut queue = WordQueue::default();
        queue.push(word(0, 400, 0), &unchanged());
        queue.push(word(400, 900, 2), &unchanged());
        assert_eq!(
            spans(&queue.take_final(Duration::from_millis(800), 4)),
            [(0, 400)]
        );
        // The next chunk begins at 800 and takes the rest of the word.
        queue.push(word(820, 1000, 4), &unchanged());
        assert_eq!(
            spans(&queue.take_final(Duration::from_millis(1000), 6)),
            [(400, 820), (820, 1000)]
        );
        assert!(queue.take_rest().is_empty());
    }

    #[test]
    fn a_word_spoken_over_a_seam_waits_for_its_rest() {
        let text = "a 5 b";
        let replaced = [(2..3, "x yz".to_owned())];
        let spoken = Spoken::of(text, Normalized::with_replacements(text, replaced));
        let mut queue = WordQueue::default();
        queue.push(spoken.written(word(0, 100, 0)), &spoken);
        queue.push(spoken.written(word(100, 200, 2)), &spoken);
        // The next chunk begins with "yz", at character 2 of the text.
        let next = spoken.to_words(4..6).start;
        assert_eq!(next, 2);
        let early = queue.take_final(Duration::from_millis(500), next);
        assert_eq!(spans(&early), [(0, 100)]);
        queue.push(spoken.written(word(500, 700, 4)), &spoken);
        queue.push(spoken.written(word(800, 900, 7)), &spoken);
        let rest = queue.take_rest();
        assert_eq!(spans(&rest), [(100, 700), (800, 900)]);
        assert_eq!((rest[0].word.as_str(), rest[0].chars.clone()), ("5", 2..3));
        assert_eq!((rest[1].word.as_str(), rest[1].chars.clone()), ("b", 4..5));
        assert_eq!(rest[0].score, Some(0.2));
        assert_eq!(rest[0].source, TimingSource::Estimated);
    }
}
