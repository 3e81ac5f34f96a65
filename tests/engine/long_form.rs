//! Long texts: nothing is lost or said twice where chunks meet, and nothing clicks.

use std::time::{Duration, Instant};

use f5_tts::{Pauses, SynthesisParams};

use crate::{ENGINE, VOICE, quick, speech::LONG};

#[test]
fn every_word_is_there_once_and_seams_do_not_click() {
    let text = [LONG; 3].join("\n\n");
    let pauses = Pauses::default();
    let speech = ENGINE.synthesize(&VOICE, &text, &quick()).unwrap();
    assert!(speech.chunks.len() > 3, "{}", speech.chunks.len());
    let words: Vec<&str> = speech.words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
    let samples = speech.waveform.samples();
    assert_eq!(speech.chunks.last().unwrap().samples.end, samples.len());

    let step = |at: usize| (samples[at] - samples[at - 1]).abs();
    let chars: Vec<char> = text.chars().collect();
    for pair in speech.chunks.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        // Words of a chunk stay in its samples.
        let seconds = |at: usize| Duration::from_secs_f64(at as f64 / 24_000.0);
        for word in speech
            .words
            .iter()
            .filter(|word| before.chars.contains(&word.chars.start))
        {
            assert!(
                word.start >= seconds(before.samples.start)
                    && word.end <= seconds(before.samples.end)
            );
        }
        // A blank line is a longer pause.
        let between: String = chars[before.chars.end..after.chars.start].iter().collect();
        let wanted = match between.contains("\n\n") {
            true => pauses.paragraph,
            false => pauses.sentence,
        };
        let silent = |range: std::ops::Range<usize>| samples[range].iter().all(|s| s.abs() < 0.05);
        if let Some(gap) = after.samples.start.checked_sub(before.samples.end) {
            assert!(seconds(gap) <= wanted);
            assert!(silent(before.samples.end..after.samples.start));
        }
        // No step at the seam is larger than those of the speech around it.
        let near = |at: usize| (at - 200..at + 200).map(step).fold(0.0, f32::max);
        let speech = before.samples.start + 400..before.samples.end - 400;
        let loudest = speech.map(step).fold(0.0, f32::max);
        for at in [before.samples.end - 200, after.samples.start] {
            assert!(near(at) <= loudest, "{} above {loudest} at {at}", near(at));
        }
    }
}

#[test]
fn pauses_are_silence_and_can_be_switched_off() {
    let params = SynthesisParams {
        pauses: Some(Pauses {
            sentence: Duration::from_secs(2),
            paragraph: Duration::from_secs(2),
            clause: Duration::from_secs(2),
        }),
        word_timings: false,
        ..quick()
    };
    let none = SynthesisParams {
        pauses: None,
        ..params.clone()
    };
    let speak = |params| ENGINE.synthesize(&VOICE, LONG, params).unwrap();
    let (long, faded) = (speak(&params), speak(&none));
    for pair in long.chunks.windows(2) {
        let gap = pair[1].samples.start - pair[0].samples.end;
        assert!((1..=48_000).contains(&gap), "{gap}");
    }
    for pair in faded.chunks.windows(2) {
        assert_eq!(pair[0].samples.end - pair[1].samples.start, 3600);
    }
    // Two seconds of their own, and no overlap, for each seam; silence of the chunks counts.
    let seams = long.chunks.len() as f64 - 1.0;
    let apart = long.duration().as_secs_f64() - faded.duration().as_secs_f64();
    assert!(apart <= seams * 2.15 + 1e-6 && apart > seams, "{apart}");
}

#[test]
fn a_long_book_is_planned_at_once() {
    // 600 kB with something to write out in every sentence.
    let text = "We paid $3 for it and walked home. ".repeat(17_200);
    let clock = Instant::now();
    let stream = ENGINE.synthesize_stream(&VOICE, &text, &quick()).unwrap();
    let elapsed = clock.elapsed();
    assert!(stream.chunks() > 2000, "{}", stream.chunks());
    assert!(elapsed < Duration::from_secs(6), "{elapsed:?}");
}
