//! What comes out: audio, words, chunks, reports.

use std::{ops::ControlFlow, thread, time::Duration};

use f5_tts::{
    Chunking, ErrorKind, F5Tts, SeedPolicy, Speech, SynthesisParams, TimingFormat, Voice,
};

use crate::{ENGINE, VOICE, quick};

const TEXT: &str = "The green hill stands near the river.";
pub(crate) const LONG: &str = "The old house was quiet. In the morning the light came slowly, and the garden was wet.\n\n\
    A small bird sat on the wall and sang. Then the door opened, and an old man walked to the gate. He \
    looked at the green hill and smiled. He had a long way to go, but the day was warm, and the wind was \
    gentle, and the road along the river was dry and easy to walk on.";

fn speak(text: &str, params: &SynthesisParams) -> Speech {
    ENGINE.synthesize(&VOICE, text, params).unwrap()
}

fn samples(speech: &Speech) -> &[f32] {
    speech.waveform.samples()
}

#[test]
fn engine_and_voice_can_be_shared() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<F5Tts>();
    shared::<Voice>();
}

#[test]
fn speech_is_audible_and_of_the_planned_length() {
    let speech = speak(TEXT, &quick());
    assert_eq!(speech.sample_rate, 24_000);
    assert!(
        speech.waveform.rms() > 1e-3,
        "rms {}",
        speech.waveform.rms()
    );
    let ref_frames = VOICE.mel().frames() - 1;
    let [chunk] = speech.chunks.as_slice() else {
        panic!("{:?}", speech.chunks)
    };
    assert_eq!(speech.mel.frames(), chunk.frames - ref_frames);
    assert_eq!(samples(&speech).len(), (speech.mel.frames() - 1) * 256);
    assert_eq!(chunk.samples, 0..samples(&speech).len());
}

#[test]
fn same_seed_gives_the_same_samples_and_another_one_others() {
    let (first, again) = (speak(TEXT, &quick()), speak(TEXT, &quick()));
    assert_eq!(samples(&first), samples(&again));
    let other = speak(
        TEXT,
        &SynthesisParams {
            seed: Some(8),
            ..quick()
        },
    );
    assert_ne!(samples(&first), samples(&other));
}

#[test]
fn drawn_seed_is_returned_and_replays() {
    let drawn = speak(
        TEXT,
        &SynthesisParams {
            seed: None,
            ..quick()
        },
    );
    let replayed = speak(
        TEXT,
        &SynthesisParams {
            seed: Some(drawn.seed),
            ..quick()
        },
    );
    assert_eq!(samples(&drawn), samples(&replayed));
}

#[test]
fn fixed_seed_policy_is_used_when_the_call_has_none() {
    let tts = F5Tts::builder()
        .seed_policy(SeedPolicy::Fixed(7))
        .build()
        .unwrap();
    let speech = tts
        .synthesize(
            &VOICE,
            TEXT,
            &SynthesisParams {
                seed: None,
                ..quick()
            },
        )
        .unwrap();
    assert_eq!(speech.seed, 7);
    assert_eq!(samples(&speech), samples(&speak(TEXT, &quick())));
}

#[test]
fn threads_do_not_disturb_each_other() {
    let alone = speak(TEXT, &quick());
    thread::scope(|scope| {
        let speakers: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| speak(TEXT, &quick())))
            .collect();
        for speaker in speakers {
            assert_eq!(samples(&speaker.join().unwrap()), samples(&alone));
        }
    });
}

#[test]
fn every_word_is_timed_in_order() {
    for text in [TEXT, LONG] {
        let speech = speak(text, &quick());
        let words: Vec<&str> = speech.words.iter().map(|word| word.word.as_str()).collect();
        assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
        let mut before = Duration::ZERO;
        let chars: Vec<char> = text.chars().collect();
        for word in &speech.words {
            assert!(before <= word.start && word.start <= word.end, "{word:?}");
            assert_eq!(
                chars[word.chars.clone()].iter().collect::<String>(),
                word.word
            );
            before = word.end;
        }
        assert!(before <= speech.duration());
    }
}

#[test]
fn long_text_is_spoken_in_chunks_that_cover_it() {
    for (chunking, pauses) in [
        (Chunking::Sentences, quick().pauses),
        (Chunking::Upstream, None),
    ] {
        let speech = speak(
            LONG,
            &SynthesisParams {
                chunking,
                pauses,
                ..quick()
            },
        );
        assert!(speech.chunks.len() > 1);
        let visible = |text: &str| text.split_whitespace().collect::<String>();
        let spoken: String = speech
            .chunks
            .iter()
            .map(|chunk| visible(&chunk.text))
            .collect();
        assert_eq!(spoken, visible(LONG));
        for pair in speech.chunks.windows(2) {
            assert!(pair[0].chars.end <= pair[1].chars.start);
            let overlap = pair[0].samples.end as i64 - pair[1].samples.start as i64;
            match chunking {
                Chunking::Upstream => assert_eq!(overlap, 3600, "150 ms"),
                // At most a pause of 700 ms lies between, at most 150 ms of silence overlap.
                _ => assert!((-16_800..=3600).contains(&overlap), "{overlap}"),
            }
        }
        assert_eq!(
            speech.chunks.last().unwrap().samples.end,
            samples(&speech).len()
        );
    }
}

#[test]
fn order_of_chunks_does_not_change_their_audio() {
    let params = SynthesisParams {
        cross_fade_duration: Duration::ZERO,
        pauses: None,
        ..quick()
    };
    let whole = speak(LONG, &params);
    let first = &whole.chunks[0];
    let alone = speak(&first.text, &params);
    assert_eq!(samples(&alone), &samples(&whole)[first.samples.clone()]);
}

#[test]
fn speed_and_fix_duration_decide_the_length() {
    let normal = speak(TEXT, &quick()).duration().as_secs_f64();
    let fast = speak(
        TEXT,
        &SynthesisParams {
            speed: 2.0,
            ..quick()
        },
    )
    .duration()
    .as_secs_f64();
    assert!((normal / fast - 2.0).abs() < 0.05, "{normal} {fast}");

    let fix_duration = Some(Duration::from_secs(9));
    let fixed = speak(
        TEXT,
        &SynthesisParams {
            fix_duration,
            ..quick()
        },
    )
    .duration()
    .as_secs_f64();
    let ref_seconds = VOICE.ref_audio().duration().as_secs_f64();
    assert!(
        (fixed + ref_seconds - 9.0).abs() < 0.03,
        "{fixed} {ref_seconds}"
    );
}

#[test]
fn short_text_lasts_long_enough_to_be_said() {
    let speech = speak("Yes.", &quick());
    assert!(
        speech.duration() >= Duration::from_millis(780),
        "{:?}",
        speech.duration()
    );
}

#[test]
fn without_guidance_the_speech_is_another_one() {
    let free = speak(
        TEXT,
        &SynthesisParams {
            cfg_strength: 0.0,
            ..quick()
        },
    );
    assert_ne!(samples(&free), samples(&speak(TEXT, &quick())));
}

#[test]
fn quiet_reference_gives_quiet_speech() {
    let mut pcm = f5_tts::core::audio::Pcm::read_wav(crate::voices().join("slt.wav")).unwrap();
    let quieter = pcm.samples().iter().map(|sample| sample / 8).collect();
    pcm = f5_tts::core::audio::Pcm::new(quieter, pcm.sample_width(), 1, pcm.sample_rate()).unwrap();
    let voice = ENGINE.voice_from_pcm(&pcm, VOICE.ref_text()).unwrap();
    let quiet = ENGINE.synthesize(&voice, TEXT, &quick()).unwrap();
    let ratio = quiet.waveform.rms() / speak(TEXT, &quick()).waveform.rms();
    assert!(ratio < 0.5, "{ratio}");
}

#[test]
fn shortened_pauses_move_the_words_along() {
    let params = SynthesisParams {
        remove_silence: true,
        ..quick()
    };
    let speech = speak(LONG, &params);
    assert_eq!(speech.words.len(), LONG.split_whitespace().count());
    assert!(
        speech
            .words
            .windows(2)
            .all(|pair| pair[0].end <= pair[1].start)
    );
    assert!(speech.words.last().unwrap().end <= speech.duration());
}

#[test]
fn unknown_characters_are_reported_by_place() {
    let params = SynthesisParams {
        normalize_text: false,
        ..quick()
    };
    let speech = speak("We walk 7 km home.", &params);
    let unknown: Vec<_> = speech.report.unknown.iter().map(|u| (u.ch, u.at)).collect();
    assert_eq!(unknown, [('7', 8)]);
}

#[test]
fn progress_counts_steps_and_can_stop_the_run() {
    let mut steps = Vec::new();
    let params = SynthesisParams {
        nfe_steps: 3,
        ..quick()
    };
    ENGINE
        .synthesize_with(&VOICE, TEXT, &params, |progress| {
            steps.push((progress.chunk, progress.step, progress.steps));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(steps, [(0, 1, 3), (0, 2, 3), (0, 3, 3)]);

    let mut calls = 0;
    let error = ENGINE
        .synthesize_with(&VOICE, TEXT, &params, |_| {
            calls += 1;
            ControlFlow::Break(())
        })
        .unwrap_err();
    assert_eq!((error.kind(), calls), (ErrorKind::Cancelled, 1));
    assert_eq!(
        samples(&speak(TEXT, &quick())),
        samples(&speak(TEXT, &quick()))
    );
}

#[test]
fn files_hold_what_was_spoken() {
    let dir = tempfile::tempdir().unwrap();
    let speech = speak(TEXT, &quick());
    speech.save_wav(dir.path().join("out.wav")).unwrap();
    let read = f5_tts::core::audio::Waveform::read_wav(dir.path().join("out.wav")).unwrap();
    assert_eq!(
        (read.sample_rate(), read.samples().len()),
        (24_000, samples(&speech).len())
    );

    speech
        .timings()
        .unwrap()
        .save(dir.path().join("out.srt"))
        .unwrap();
    let srt = std::fs::read_to_string(dir.path().join("out.srt")).unwrap();
    let mut written = Vec::new();
    speech
        .timings()
        .unwrap()
        .write(TimingFormat::Srt, &mut written)
        .unwrap();
    assert_eq!(srt.as_bytes(), written);
    assert_eq!(
        srt.matches(" --> ").count(),
        TEXT.split_whitespace().count()
    );
}

#[test]
fn a_whole_text_is_one_chunk_as_it_stands() {
    let text =
        " The old house was quiet.  In the morning the light came slowly.\nThe garden was wet. ";
    let params = SynthesisParams {
        chunking: Chunking::Whole,
        normalize_text: false,
        first_chunk: Some(Duration::from_secs(1)),
        ..quick()
    };
    let speech = speak(text, &params);
    let [chunk] = speech.chunks.as_slice() else {
        panic!("{:?}", speech.chunks)
    };
    assert_eq!(chunk.text, text);
    let words: Vec<_> = speech.words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
}
