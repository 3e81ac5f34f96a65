//! How scripts are performed: seeds, lines that say nothing, what is told on the way.

use std::{error::Error, ops::ControlFlow, time::Duration};

use f5_tts::{
    Cast, DevicePreference, ErrorKind, F5Tts, Performance, Script, SeedPolicy, SynthesisParams,
};

use crate::{ENGINE, VOICE, quick, speech::LONG};

fn cast() -> Cast {
    Cast::new().with("main", VOICE.clone())
}

fn perform(script: &str, params: &SynthesisParams) -> Performance {
    let script = Script::parse(script).unwrap();
    ENGINE.perform(&script, &cast(), params).unwrap()
}

#[test]
fn lines_count_on_from_one_seed_unless_they_draw_their_own() {
    let builder = F5Tts::builder().device(DevicePreference::Cpu);
    let tts = builder.seed_policy(SeedPolicy::Fixed(5)).build().unwrap();
    let script = Script::parse(
        "Yes. [main] No. {\"name\": \"main\", \"seed\": -1} Yes. [main] No. \
         {\"name\": \"main\", \"seed\": 5} Yes.",
    );
    let script = script.unwrap();
    let seeds = |seed: Option<u64>| {
        let params = SynthesisParams { seed, ..quick() };
        let performance = tts.perform(&script, &cast(), &params).unwrap();
        let seeds = performance.lines.iter().map(|line| line.seed);
        seeds.collect::<Vec<_>>()
    };
    let (by_policy, by_params) = (seeds(None), seeds(Some(70)));
    for (seeds, expected) in [(&by_policy, [5, 6, 8, 5]), (&by_params, [70, 71, 73, 5])] {
        assert_eq!([seeds[0], seeds[1], seeds[3], seeds[4]], expected);
    }
    // Two of 2^32.
    assert_ne!(by_policy[2], by_params[2]);
}

#[test]
fn lines_are_looked_at_before_anything_is_spoken() {
    let script = Script::parse("We walk home.\n[main] жж жж [main] Yes.").unwrap();
    let error = ENGINE
        .perform_stream(&script, &cast(), &quick())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let text = error.to_string();
    assert!(text.contains("line 2, column 8"), "{text}");
    let why = error.source().unwrap().to_string();
    assert!(why.contains("none of the 4 characters"), "{why}");
}

#[test]
fn what_fails_on_the_way_says_in_which_line() {
    let script = Script::parse("We walk home.\n[main] Yes.").unwrap();
    for remove_silence in [false, true] {
        let params = SynthesisParams {
            remove_silence,
            ..quick()
        };
        let mut stream = ENGINE.perform_stream(&script, &cast(), &params).unwrap();
        stream.next().unwrap().unwrap();
        stream.cancel_token().cancel();
        let error = stream.next().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(error.to_string().contains("line 2, column 8"), "{error}");
    }
    let params = SynthesisParams {
        fix_duration: Some(Duration::from_secs(100)),
        ..quick()
    };
    let error = ENGINE.perform(&script, &cast(), &params).unwrap_err();
    assert!(error.to_string().contains("line 1, column 1"), "{error}");
    assert!(error.source().unwrap().to_string().contains("8192"));
}

#[test]
fn lines_without_a_word_are_silence() {
    // Seeds of their own: lines count on from one seed.
    let [walk, bird] = [
        "{\"name\": \"main\", \"seed\": 3} We walk home.",
        "{\"name\": \"main\", \"seed\": 4} The bird sang.",
    ];
    for params in [
        quick(),
        SynthesisParams {
            remove_silence: true,
            ..quick()
        },
        SynthesisParams {
            pauses: None,
            ..quick()
        },
    ] {
        let plain = perform(&format!("{walk} {bird} [pause 1s]"), &params);
        let notes = format!("♪♪ {walk} [main] — [main] ♪ {bird} [pause 1s] [main] …");
        let noted = perform(&notes, &params);
        assert_eq!(noted.waveform, plain.waveform);
        assert_eq!(noted.words, plain.words);
        let said = |line: usize| noted.lines[line].samples.clone();
        assert_eq!(noted.lines.len(), 6);
        assert!([0, 2, 3, 5].iter().all(|&line| said(line).is_empty()));
        assert_eq!(said(1), plain.lines[0].samples);
        assert_eq!(said(4), plain.lines[1].samples);
        assert_eq!(noted.timings().unwrap(), plain.timings().unwrap());
    }
}

#[test]
fn pauses_beside_silent_lines_add_up() {
    let script = "♪♪ [pause 1s] — [pause 500ms] Yes. [pause 1s] ♪ [main] No.";
    let performance = perform(script, &quick());
    let samples = |line: usize| performance.lines[line].samples.clone();
    assert_eq!((samples(0), samples(1)), (0..0, 24_000..24_000));
    assert_eq!(samples(2).start, 36_000);
    assert_eq!(samples(3).start, samples(2).end + 24_000);
    // The pause of a sentence.
    assert_eq!(samples(4).start, samples(3).end + 7200);
    for (script, length) in [
        ("♪♪", 0),
        ("♪ [pause 1s]", 24_000),
        ("[pause 1s] ♪", 24_000),
    ] {
        let performance = perform(script, &quick());
        assert_eq!(
            performance.waveform.samples(),
            vec![0.0; length],
            "{script}"
        );
        assert!(performance.words.is_empty());
    }
}

#[test]
fn a_performance_tells_of_steps_and_can_be_stopped() {
    let script = Script::parse("We walk home. [main] ♪ [main] Yes.").unwrap();
    for remove_silence in [false, true] {
        let params = SynthesisParams {
            remove_silence,
            ..quick()
        };
        let perform = |most: usize| {
            let mut steps = Vec::new();
            let performed = ENGINE.perform_with(&script, &cast(), &params, |progress| {
                steps.push((progress.chunk, progress.chunks, progress.step));
                match steps.len() {
                    told if told == most => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                }
            });
            (performed, steps)
        };
        let (performed, steps) = perform(9);
        let plain = ENGINE.perform(&script, &cast(), &params).unwrap();
        assert_eq!(performed.unwrap().waveform, plain.waveform);
        assert_eq!(steps, [(0, 3, 1), (0, 3, 2), (2, 3, 1), (2, 3, 2)]);
        let (performed, steps) = perform(3);
        assert_eq!(performed.unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(steps, [(0, 3, 1), (0, 3, 2), (2, 3, 1)]);
    }
}

#[test]
fn lines_report_how_they_came_about() {
    let text = format!("We walk жome for $5. [main] ♪ [main] {LONG}");
    for remove_silence in [false, true] {
        let params = SynthesisParams {
            remove_silence,
            ..quick()
        };
        let performance = perform(&text, &params);
        let [first, notes, long] = &performance.lines[..] else {
            panic!("{:?}", performance.lines)
        };
        assert_eq!(notes.report, None);
        let (first, long) = (
            first.report.as_ref().unwrap(),
            long.report.as_ref().unwrap(),
        );
        assert_eq!((first.unknown[0].ch, first.unknown[0].at), ('ж', 8));
        let spoken = first.spoken_text.as_ref().unwrap();
        assert!(spoken.contains("five dollars"), "{spoken}");
        assert!(long.unknown.is_empty() && long.alignment.len() > 1);
        for report in [first, long] {
            assert!(!report.sampling.is_zero() && report.elapsed >= report.sampling);
        }
    }
    // In a stream, a line's report comes with its last piece.
    let script = Script::parse(&text).unwrap();
    let stream = ENGINE.perform_stream(&script, &cast(), &quick()).unwrap();
    let pieces: Vec<_> = stream.map(Result::unwrap).collect();
    for pair in pieces.windows(2) {
        let said = pair[0].report.is_some();
        let is_last = pair[0].line != pair[1].line && pair[0].line != 1;
        assert_eq!(said, is_last, "line {}", pair[0].line);
    }
    let last = pieces.last().unwrap();
    assert!(last.report.is_some() && pieces.len() > script.lines.len());
}
