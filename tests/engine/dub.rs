//! Cues are spoken at their times, texts in a given time.

use std::{collections::BTreeMap, ops::ControlFlow, time::Duration};

use f5_tts::{
    Dub, DubParams, ErrorKind, SynthesisParams, TimingFormat, Voice,
    timing::{Cue, ReadOptions},
};

use crate::{ENGINE, VOICE, quick, speech::LONG, voices};

const SENTENCE: &str = "We walk home in the morning.";

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn cue(start: u64, end: u64, text: &str) -> Cue {
    Cue {
        text: text.to_owned(),
        start: millis(start),
        end: millis(end),
        ..Cue::default()
    }
}

fn params() -> DubParams {
    DubParams {
        synthesis: quick(),
        ..Default::default()
    }
}

fn dub(cues: &[Cue], params: &DubParams) -> Dub {
    ENGINE.dub(&VOICE, cues, params).unwrap()
}

/// How long the sentence is at its own pace.
fn natural() -> f64 {
    let speech = ENGINE.synthesize(&VOICE, SENTENCE, &quick()).unwrap();
    speech.duration().as_secs_f64()
}

#[test]
fn a_text_is_spoken_in_the_time_it_is_given() {
    for (text, duration) in [
        (SENTENCE, 1500),
        (SENTENCE, 1501),
        (SENTENCE, 4000),
        (LONG, 24_017),
    ] {
        let speech = ENGINE
            .synthesize_for(&VOICE, text, millis(duration), &quick())
            .unwrap();
        assert_eq!(speech.waveform.samples().len() as u64, duration * 24);
        assert_eq!(speech.words.len(), text.split_whitespace().count());
        assert!(speech.words.last().unwrap().end <= speech.duration());
        let tail = &speech.waveform.samples()[speech.waveform.samples().len() - 512..];
        assert!(tail.iter().any(|&x| x != 0.0), "no silence was added");
    }
    let error = |duration| {
        let speech = ENGINE.synthesize_for(&VOICE, SENTENCE, duration, &quick());
        let error = speech.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.to_string()
    };
    assert!(error(Duration::ZERO).contains("duration is 0"));
    assert!(error(millis(20)).contains("20ms: the model needs"));
}

#[test]
fn cues_begin_where_they_should_to_the_sample() {
    let cues = [
        cue(0, 3000, SENTENCE),
        cue(3777, 6000, "The hill\nis green."),
        cue(6000, 7000, " \n♪ "),
        cue(8001, 10_000, SENTENCE),
    ];
    let dubbed = dub(&cues, &params());
    let samples = dubbed.waveform.samples();
    assert_eq!(samples.len(), 10_000 * 24, "as long as the last cue");
    assert_eq!(dubbed.cues.len(), 4);
    for (wanted, spoken) in cues.iter().zip(&dubbed.cues) {
        assert_eq!(spoken.wanted, wanted.start..wanted.end);
        assert_eq!(spoken.samples.start as u128, wanted.start.as_millis() * 24);
        assert_eq!(
            (spoken.start_drift(), spoken.clipped),
            (0.0, Duration::ZERO)
        );
        let end = spoken.spoken.end.as_secs_f64() - wanted.end.as_secs_f64();
        assert!((spoken.end_drift() - end).abs() < 1e-9);
        assert!(spoken.end_drift() <= 0.0);
    }
    // The audio of a cue is that of a direct call, and between cues there is silence.
    for (index, text) in [(0, SENTENCE), (1, "The hill is green."), (3, SENTENCE)] {
        let direct = ENGINE.synthesize(&VOICE, text, &quick()).unwrap();
        let cue = &dubbed.cues[index];
        assert_eq!((cue.text.as_str(), cue.speed), (text, 1.0));
        assert!(samples[cue.samples.clone()] == *direct.waveform.samples());
        assert_eq!(cue.words.len(), direct.words.len());
        for (word, alone) in cue.words.iter().zip(&direct.words) {
            assert_eq!(word.start, alone.start + cue.spoken.start);
        }
    }
    assert!(dubbed.cues[2].samples.is_empty() && dubbed.cues[2].report.is_none());
    let silence = &samples[dubbed.cues[1].samples.end..dubbed.cues[3].samples.start];
    assert!(silence.iter().all(|&x| x == 0.0));
}

#[test]
fn a_cue_hurries_then_runs_over_then_is_cut() {
    let natural = natural();
    let slot = |share: f64| (natural * share * 1000.0) as u64;
    // Into its slot; over its end, into the gap; into the next cue, which has its own time.
    let cues = [
        cue(0, slot(0.8), SENTENCE),
        cue(4000, 4000 + slot(0.5), SENTENCE),
        cue(8000, 8000 + slot(0.3), SENTENCE),
        cue(8000 + slot(0.4), 12_000, SENTENCE),
    ];
    let dubbed = dub(&cues, &params());
    let [fits, over, cut, next] = dubbed.cues.as_slice() else {
        panic!()
    };
    assert!(
        (fits.speed - 1.25).abs() < 0.01 && fits.end_drift() == 0.0,
        "{fits:?}"
    );
    let direct = ENGINE
        .synthesize_for(&VOICE, SENTENCE, millis(slot(0.8)), &quick())
        .unwrap();
    assert!(dubbed.waveform.samples()[fits.samples.clone()] == *direct.waveform.samples());

    assert!(
        (over.speed - 1.5).abs() < 0.01 && over.clipped.is_zero(),
        "{over:?}"
    );
    let late = natural / 1.5 - slot(0.5) as f64 / 1000.0;
    assert!(
        (over.end_drift() - late).abs() < 0.01,
        "{}",
        over.end_drift()
    );

    assert_eq!(cut.spoken.end, next.wanted.start);
    let lost = natural / 1.5 - slot(0.4) as f64 / 1000.0;
    assert!((cut.clipped.as_secs_f64() - lost).abs() < 0.01, "{cut:?}");
    assert!(cut.words.last().unwrap().end <= next.wanted.start);
    for cue in &dubbed.cues {
        assert_eq!(cue.start_drift(), 0.0, "drift does not add up");
    }

    // A little patience, and less is cut off; the one that waits is late by no more.
    let patient = DubParams {
        max_delay: millis(100),
        ..params()
    };
    let dubbed = dub(&cues, &patient);
    let (cut, next) = (&dubbed.cues[2], &dubbed.cues[3]);
    assert!(
        (cut.clipped.as_secs_f64() - (lost - 0.1)).abs() < 0.01,
        "{cut:?}"
    );
    assert!((next.start_drift() - 0.1).abs() < 1e-3);
    assert_eq!(next.spoken.start, cut.spoken.end);
}

#[test]
fn cues_may_have_no_time_and_last_until_they_are_said() {
    let dubbed = dub(&[cue(500, 500, SENTENCE)], &params());
    let spoken = &dubbed.cues[0];
    assert!((spoken.speed - 1.5).abs() < 0.01 && spoken.clipped.is_zero());
    assert_eq!(dubbed.waveform.samples().len(), spoken.samples.end);

    let short = DubParams {
        duration: Some(millis(1000)),
        ..params()
    };
    let dubbed = dub(&[cue(500, 500, SENTENCE)], &short);
    assert_eq!(dubbed.waveform.samples().len(), 24_000);
    assert_eq!(dubbed.cues[0].spoken.end, millis(1000));
    assert!(dubbed.cues[0].clipped > millis(100));

    let slow = DubParams {
        min_speed: 0.8,
        ..params()
    };
    let dubbed = dub(&[cue(0, 60_000, SENTENCE)], &slow);
    assert!((dubbed.cues[0].speed - 0.8).abs() < 0.01);
    assert_eq!(dubbed.duration(), Duration::from_secs(60));
}

#[test]
fn speakers_have_their_voices_and_may_speak_at_once() {
    let ref_text = std::fs::read_to_string(voices().join("rms.txt")).unwrap();
    let rms: Voice = ENGINE.voice(voices().join("rms.wav"), &ref_text).unwrap();
    let vtt = format!(
        "WEBVTT\n\n00:00.500 --> 00:03.500\n<v Ann>{SENTENCE}\n\n\
         00:01.000 --> 00:04.000\n<v Bob>{SENTENCE}\n\n00:05.000 --> 00:08.000\n{SENTENCE}\n"
    );
    let document = TimingFormat::Vtt.parse(vtt.as_bytes(), &ReadOptions::default());
    let params = DubParams {
        speakers: BTreeMap::from([("Bob".to_owned(), rms.clone())]),
        ..params()
    };
    let dubbed = dub(&document.unwrap().cues, &params);
    let ann = ENGINE.synthesize(&VOICE, SENTENCE, &quick()).unwrap();
    let bob = ENGINE.synthesize(&rms, SENTENCE, &quick()).unwrap();
    let mut mixed = vec![0.0; dubbed.waveform.samples().len()];
    for (start, speech) in [(12_000, &ann), (24_000, &bob), (120_000, &ann)] {
        let samples = speech.waveform.samples();
        mixed[start..start + samples.len()]
            .iter_mut()
            .zip(samples)
            .for_each(|(mixed, sample)| *mixed += sample);
    }
    assert!(dubbed.waveform.samples() == mixed);

    let track = dubbed.timings().unwrap();
    assert_eq!(track.len(), 18);
    assert_eq!(track.speakers(), ["Ann", "Bob"]);
    assert_eq!(track.get(17).unwrap().speaker, None);
    let mut out = Vec::new();
    track.write(TimingFormat::Vtt, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("<v Bob>"));
}

#[test]
fn cues_that_make_no_sense_are_refused() {
    let refused = |cues: &[Cue], params: &DubParams, evidence: &str| {
        let error = ENGINE.dub(&VOICE, cues, params).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let text = format!("{error}: {source:?}");
        assert!(text.contains(evidence), "{evidence:?} is not in {text:?}");
    };
    refused(&[], &params(), "no cues");
    refused(&[cue(900, 800, "Yes.")], &params(), "cue 0");
    refused(
        &[cue(0, 800, "Yes."), cue(900, 999, "жж")],
        &params(),
        "cue 1 at 900ms",
    );
    refused(&[cue(900_000_000, 900_000_001, "Yes.")], &params(), "4 GiB");
    let with = |change: fn(&mut DubParams)| {
        let mut params = params();
        change(&mut params);
        params
    };
    let cues = [cue(900, 999, "Yes.")];
    refused(&cues, &with(|p| p.max_speed = 0.9), "max_speed is 0.9");
    refused(&cues, &with(|p| p.max_speed = f64::NAN), "max_speed");
    refused(&cues, &with(|p| p.min_speed = 1.1), "min_speed is 1.1");
    refused(
        &cues,
        &with(|p| p.duration = Some(millis(500))),
        "cue 0 starts at 900ms",
    );
    let nothing = SynthesisParams {
        nfe_steps: 0,
        ..quick()
    };
    refused(
        &cues,
        &DubParams {
            synthesis: nothing,
            ..params()
        },
        "nfe_steps",
    );
}

#[test]
fn a_dub_tells_of_steps_and_can_be_stopped() {
    let cues = [cue(0, 3000, SENTENCE), cue(3000, 6000, SENTENCE)];
    let mut steps = Vec::new();
    let dubbed = ENGINE.dub_with(&VOICE, &cues, &params(), |progress| {
        steps.push((progress.chunk, progress.chunks, progress.step));
        if steps.len() == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(dubbed.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(steps, [(0, 2, 1), (0, 2, 2), (1, 2, 1)]);
}

#[test]
fn any_delay_means_that_nothing_is_cut_off_before_the_end() {
    let cues = [cue(0, 100, SENTENCE), cue(100, 200, SENTENCE)];
    let params = DubParams {
        max_delay: Duration::MAX,
        ..params()
    };
    let dubbed = dub(&cues, &params);
    assert!(dubbed.cues.iter().all(|cue| cue.clipped.is_zero()));
    assert_eq!(dubbed.cues[1].samples.start, dubbed.cues[0].samples.end);
    // The end of the audio counts all the same.
    let duration = Some(millis(500));
    let dubbed = dub(&cues, &DubParams { duration, ..params });
    assert_eq!(dubbed.duration(), millis(500));
    assert!(dubbed.cues.iter().all(|cue| !cue.clipped.is_zero()));
}
