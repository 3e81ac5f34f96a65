//! Recordings whose words are changed: what stays is the recording, what comes is spoken.

use std::{
    ops::{ControlFlow, Range},
    sync::LazyLock,
    time::Duration,
};

use f5_tts::{
    Edit, EditOutput, EditParams, EditSpan, Edited, Error, ErrorKind,
    core::audio::{Waveform, crossfade::join},
};

use crate::{ENGINE, quick, voices};

fn read(name: &str) -> (Waveform, String) {
    let wave = Waveform::read_wav(voices().join(format!("{name}.wav"))).unwrap();
    let text = std::fs::read_to_string(voices().join(format!("{name}.txt"))).unwrap();
    (wave, text.trim().to_owned())
}

/// "The old house by the river was quiet, and the morning light came slowly through the open window."
static SLT: LazyLock<(Waveform, String)> = LazyLock::new(|| read("slt"));

fn params() -> EditParams {
    EditParams {
        synthesis: quick(),
        context: Duration::from_secs(1),
        ..Default::default()
    }
}

fn edit(edits: &[Edit]) -> Edited {
    let (recording, text) = &*SLT;
    ENGINE.edit(recording, text, edits, &params()).unwrap()
}

/// Checks what holds for every edited recording.
fn check(recording: &Waveform, edited: &Edited) {
    let (old, new) = (recording.samples(), edited.waveform.samples());
    let rate = recording.sample_rate();
    assert_eq!(edited.waveform.sample_rate(), rate);
    let words: Vec<&str> = edited.words.iter().map(|w| w.word.as_str()).collect();
    assert_eq!(
        words,
        edited.text.split_whitespace().collect::<Vec<_>>(),
        "every word, in order"
    );
    let mut before = Duration::ZERO;
    let chars: Vec<char> = edited.text.chars().collect();
    for word in &edited.words {
        assert!(before <= word.start && word.start <= word.end, "{word:?}");
        assert_eq!(
            chars[word.chars.clone()].iter().collect::<String>(),
            word.word
        );
        before = word.end;
    }
    assert!(before <= edited.duration());

    let fade = rate as usize / 40;
    let (mut at, mut new_at) = (0, 0);
    for (index, span) in edited.report.spans.iter().enumerate() {
        let kept = at..span.old.start;
        assert_eq!(kept.len(), span.new.start - new_at, "what stays is as long");
        let before = if index == 0 { 0 } else { fade };
        assert_same(old, new, kept, new_at, (before, fade));
        (at, new_at) = (span.old.end, span.new.end);
    }
    assert_eq!(old.len() - at, new.len() - new_at);
    let before = if edited.report.spans.is_empty() {
        0
    } else {
        fade
    };
    assert_same(old, new, at..old.len(), new_at, (before, 0));

    let jump = |samples: &[f32]| {
        let jumps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        jumps.fold(0.0, f32::max)
    };
    for span in &edited.report.spans {
        for seam in [span.new.start, span.new.end] {
            let around = seam.saturating_sub(fade)..(seam + fade).min(new.len());
            assert!(jump(&new[around]) <= jump(old), "a click at {seam}");
        }
    }
}

/// Bit for bit, but for the seams at both ends.
fn assert_same(
    old: &[f32],
    new: &[f32],
    kept: Range<usize>,
    new_at: usize,
    (start, end): (usize, usize),
) {
    if kept.len() > start + end {
        let inner = kept.start + start..kept.end - end;
        let length = inner.len();
        assert!(
            old[inner] == new[new_at + start..][..length],
            "{kept:?} is not the recording"
        );
    }
}

#[test]
fn a_word_is_replaced_and_the_rest_is_the_recording() {
    let (recording, text) = &*SLT;
    let edited = edit(&[Edit::replace(1..3, "green hill")]);
    assert_eq!(edited.text, text.replace("old house", "green hill"));
    check(recording, &edited);
    let [span] = edited.report.spans.as_slice() else {
        panic!("{:?}", edited.report.spans)
    };
    assert_eq!(
        (span.old_words.clone(), span.words.clone()),
        (Some(1..3), 1..3)
    );
    assert!(
        span.rms > 1e-3 && (0.5..=2.0).contains(&span.gain),
        "{span:?}"
    );
    // The new words lie in the new span, and as many letters last about as long.
    for word in &edited.words[1..3] {
        assert!(word.start.as_secs_f64() * 24e3 >= span.new.start as f64 - 1.0);
        assert!(word.end.as_secs_f64() * 24e3 <= span.new.end as f64 + 1.0);
    }
    let ratio = span.new.len() as f64 / span.old.len() as f64;
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
    // A second of context on each side, not the whole recording.
    let [heard] = edited.report.heard.as_slice() else {
        panic!("{:?}", edited.report.heard)
    };
    assert!(heard.len() < span.old.len() + 48_000 + 9_600);
    assert_eq!(edited.report.located.as_ref().unwrap().aligner, "hmm");
    assert!(!edited.report.device.is_empty());
}

#[test]
fn words_are_inserted_and_cut_out_anywhere() {
    let (recording, text) = &*SLT;
    let last = text.split_whitespace().count();
    let edited = edit(&[
        Edit::insert(0, "Now"),
        Edit::delete(1..2),
        Edit::insert(8, "and cold,").lasting(Duration::from_millis(800)),
        Edit::delete(12..13),
        Edit::insert(last, "We walk home."),
    ]);
    assert_eq!(
        edited.text,
        "Now The house by the river was quiet, and cold, and the morning light slowly through the \
         open window. We walk home."
    );
    check(recording, &edited);
    let spans = &edited.report.spans;
    assert_eq!(spans[2].new.len(), 75 * 256, "800 ms are 75 frames");
    assert!(spans[0].old.is_empty() && spans[1].new.is_empty());
    assert_eq!(spans[1].alignment, None);
}

#[test]
fn cutting_out_needs_no_model() {
    let (recording, _) = &*SLT;
    let edited = edit(&[Edit::delete(0..1), Edit::delete(15..18)]);
    check(recording, &edited);
    assert!(edited.report.heard.is_empty() && edited.report.device.is_empty());
    let same = edit(&[]);
    assert_eq!(same.waveform, *recording);
    check(recording, &same);
}

#[test]
fn a_text_says_the_same_as_its_edits() {
    let (recording, text) = &*SLT;
    let target = text
        .replace("old house", "green hill")
        .replace("slowly ", "");
    let by_text = ENGINE.edit_to(recording, text, &target, &params()).unwrap();
    let edits = [Edit::replace(1..3, "green hill"), Edit::delete(13..14)];
    let by_words = edit(&edits);
    assert_eq!(by_text.text, by_words.text);
    assert_eq!(by_text.waveform, by_words.waveform);
    assert_eq!(by_text.words, by_words.words);
}

#[test]
fn long_recordings_are_heard_near_their_edits_alone() {
    let (rms, rms_text) = read("rms");
    let (slt, text) = &*SLT;
    let mut waves = [slt.samples(), rms.samples()].repeat(4);
    waves.push(slt.samples());
    let recording = Waveform::new(join(&waves, 0).samples, 24_000).unwrap();
    let all = format!("{text} {rms_text} ").repeat(4) + text;
    assert!(recording.duration() > Duration::from_secs(35));
    let count = all.split_whitespace().count();
    let edits = [
        Edit::replace(2..3, "hill"),
        Edit::replace(count / 2..count / 2 + 1, "green"),
        Edit::replace(count - 1..count, "door."),
    ];
    let edited = ENGINE.edit(&recording, &all, &edits, &params()).unwrap();
    check(&recording, &edited);
    assert_eq!(edited.report.heard.len(), 3);
    let heard: usize = edited.report.heard.iter().map(Range::len).sum();
    assert!(heard < recording.samples().len() / 3, "{heard}");
}

#[test]
fn other_rates_stay_what_they_are() {
    let (slt, text) = &*SLT;
    for rate in [16_000, 44_100] {
        let recording = slt.resample(rate).unwrap();
        let edits = [Edit::replace(2..3, "hill"), Edit::delete(10..11)];
        let edited = ENGINE.edit(&recording, text, &edits, &params()).unwrap();
        check(&recording, &edited);
    }
}

#[test]
fn spans_are_spoken_as_long_as_they_were_or_as_asked() {
    let (recording, text) = &*SLT;
    let millis = Duration::from_millis;
    let span = |start, end, fix_duration| EditSpan {
        start: millis(start),
        end: millis(end),
        fix_duration,
    };
    let spans = [span(500, 1000, None), span(2000, 2400, Some(millis(800)))];
    let edited = ENGINE
        .edit_spans(recording, text, &spans, &params())
        .unwrap();
    check(recording, &edited);
    // Frames 46.875 and 93.75, 187.5 and 225, rounded with halves to even; 75 of them come.
    let [first, second] = edited.report.spans.as_slice() else {
        panic!("{:?}", edited.report.spans)
    };
    assert_eq!(
        (first.old.clone(), first.new.len()),
        (47 * 256..94 * 256, 47 * 256)
    );
    assert_eq!(
        (second.old.clone(), second.new.len()),
        (188 * 256..225 * 256, 75 * 256)
    );
    assert!(first.words.start > 0 && first.words.end > first.words.start);

    let whole = EditParams {
        output: EditOutput::Vocoded,
        ..params()
    };
    let vocoded = ENGINE.edit_spans(recording, text, &spans, &whole).unwrap();
    let frames = recording.samples().len() / 256 + 1 - 37 + 75;
    assert_eq!(
        vocoded.waveform.samples().len(),
        frames * 256,
        "one frame more is spoken"
    );
    assert_eq!(vocoded.report.spans[1].new, second.new);
}

#[test]
fn a_vocoded_result_has_the_same_words() {
    let (recording, text) = &*SLT;
    let whole = EditParams {
        output: EditOutput::Vocoded,
        ..params()
    };
    let edits = [Edit::replace(2..3, "hill"), Edit::delete(10..11)];
    let vocoded = ENGINE.edit(recording, text, &edits, &whole).unwrap();
    let words: Vec<&str> = vocoded.words.iter().map(|w| w.word.as_str()).collect();
    assert_eq!(words, vocoded.text.split_whitespace().collect::<Vec<_>>());
    assert!(
        vocoded
            .words
            .windows(2)
            .all(|pair| pair[0].end <= pair[1].start)
    );
    let whole = 0..recording.samples().len();
    assert_eq!(vocoded.report.heard, vec![whole]);
}

#[test]
fn a_text_that_is_not_said_is_reported() {
    let (recording, _) = &*SLT;
    let text = "Seven brown foxes jumped quickly over fourteen sleepy blue elephants yesterday \
        evening without asking anybody first.";
    let edits = [Edit::replace(2..3, "dogs")];
    let edited = ENGINE.edit(recording, text, &edits, &params()).unwrap();
    let located = edited.report.located.as_ref().unwrap();
    assert_eq!((located.aligner, located.trail.len()), ("energy", 2));
    check(recording, &edited);
}

fn assert_refused(error: &Error, evidence: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    let text = error.to_string();
    for evidence in evidence {
        assert!(text.contains(evidence), "{evidence:?} is not in {text:?}");
    }
}

#[test]
fn edits_that_make_no_sense_are_refused() {
    let (recording, text) = &*SLT;
    let last = text.split_whitespace().count();
    let error = |edits: &[Edit]| ENGINE.edit(recording, text, edits, &params()).unwrap_err();
    assert_refused(
        &error(&[Edit::replace(3..last + 1, "x")]),
        &["edit 0", "3..19", "18 words"],
    );
    #[allow(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    let reversed = Edit::delete(5..4);
    assert_refused(&error(&[reversed]), &["5..4"]);
    assert_refused(&error(&[Edit::insert(last + 1, "x")]), &["19..19"]);
    assert_refused(&error(&[Edit::delete(3..3)]), &["deletes no words"]);
    assert_refused(
        &error(&[Edit::replace(3..4, " ")]),
        &["empty", "Edit::delete"],
    );
    let overlap = [
        Edit::replace(2..5, "a"),
        Edit::insert(0, "b"),
        Edit::delete(4..6),
    ];
    assert_refused(&error(&overlap), &["edit 2", "4..6", "edit 0", "2..5"]);
    assert_refused(&error(&[Edit::delete(0..last)]), &["empty"]);
    let long = Edit::replace(2..3, "and the road along the river was dry ".repeat(30));
    assert_refused(&error(&[long]), &["at most 30s", "split"]);

    let edit = |recording: &Waveform, text: &str| {
        ENGINE
            .edit(recording, text, &[Edit::insert(0, "Now")], &params())
            .unwrap_err()
    };
    assert_refused(&edit(recording, "  "), &["original_text is empty"]);
    let wave = |samples| Waveform::new(samples, 24_000).unwrap();
    assert_refused(&edit(&wave(vec![]), text), &["audio is empty"]);
    assert_refused(&edit(&wave(vec![0.1; 900]), text), &["900 samples", "1024"]);
    assert_refused(&edit(&wave(vec![0.0; 48_000]), text), &["silent"]);
    let unknown = ENGINE
        .edit_to(recording, text, "жж жж", &params())
        .unwrap_err();
    assert_refused(&unknown, &["vocabulary"]);
}

#[test]
fn spans_that_make_no_sense_are_refused() {
    let (recording, text) = &*SLT;
    let error = |spans: &[(u64, u64)]| {
        let spans: Vec<EditSpan> = spans
            .iter()
            .map(|&(start, end)| EditSpan {
                start: Duration::from_millis(start),
                end: Duration::from_millis(end),
                fix_duration: None,
            })
            .collect();
        ENGINE
            .edit_spans(recording, text, &spans, &params())
            .unwrap_err()
    };
    assert_refused(&error(&[(900, 800)]), &["span 0", "900ms", "800ms"]);
    assert_refused(
        &error(&[(100, 200), (150, 400)]),
        &["span 1", "150ms", "200ms"],
    );
    assert_refused(&error(&[(100, 90_000)]), &["span 0", "90s"]);
}

#[test]
fn numbers_are_spoken_and_stay_numbers_in_the_text() {
    let (recording, _) = &*SLT;
    let written = edit(&[Edit::replace(17..18, "21st window.")]);
    let spelled = edit(&[Edit::replace(17..18, "twenty first window.")]);
    check(recording, &written);
    assert_eq!(written.words[17].word, "21st");
    assert!(
        written.waveform == spelled.waveform,
        "the network reads the same, and it lasts as long"
    );
    let mut params = params();
    params.synthesis.normalize_text = false;
    let (recording, text) = &*SLT;
    let edits = [Edit::replace(17..18, "21st window.")];
    let raw = ENGINE.edit(recording, text, &edits, &params).unwrap();
    assert!(
        !raw.report.unknown.is_empty(),
        "the demo model knows no digits"
    );
}

#[test]
fn an_edit_stops_at_the_step_where_it_is_told_to() {
    let (recording, text) = &*SLT;
    let edits = [Edit::replace(1..3, "green hill"), Edit::insert(17, "very")];
    let run = |stop: usize| {
        let mut told = Vec::new();
        let edited = ENGINE.edit_with(recording, text, &edits, &params(), |progress| {
            told.push(progress);
            match told.len() > stop {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        (edited, told)
    };
    let (whole, told) = run(usize::MAX);
    let whole = whole.unwrap();
    let last = told.last().unwrap();
    assert_eq!((last.chunk + 1, last.step), (last.chunks, last.steps));
    assert_eq!(told.len(), whole.report.heard.len() * last.steps);
    for stop in 0..told.len() {
        let (edited, heard) = run(stop);
        assert_eq!(edited.unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(heard, told[..=stop]);
    }
    let again = edit(&edits);
    assert!(again.waveform.samples() == whole.waveform.samples());
}

#[test]
fn the_longest_seam_takes_the_room_there_is() {
    let (recording, text) = &*SLT;
    let params = EditParams {
        seam: Duration::MAX,
        ..params()
    };
    let target = text.replace("quiet", "very old");
    let edited = ENGINE.edit_to(recording, text, &target, &params).unwrap();
    assert_eq!(edited.text, target);
}
