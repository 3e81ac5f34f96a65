//! Speech that is heard while the rest is still being made.

use std::{ops::ControlFlow, time::Duration};

use f5_tts::{CancelToken, Chunking, ErrorKind, StreamEvent, SynthesisParams};

use crate::{ENGINE, VOICE, quick, speech::LONG};

fn streamed(params: &SynthesisParams) {
    let whole = ENGINE.synthesize(&VOICE, LONG, params).unwrap();
    let mut stream = ENGINE.synthesize_stream(&VOICE, LONG, params).unwrap();
    assert_eq!(stream.chunks(), whole.chunks.len());
    assert_eq!(
        (stream.seed(), stream.sample_rate()),
        (whole.seed, whole.sample_rate)
    );
    let (mut samples, mut words, mut chunks, mut mel) = (vec![], vec![], vec![], vec![]);
    for piece in &mut stream {
        let piece = piece.unwrap();
        assert_eq!(piece.first_sample, samples.len());
        assert_eq!(piece.progress.chunk, chunks.len());
        samples.extend(piece.samples);
        words.extend(piece.words);
        mel.extend(piece.mel.into_data());
        chunks.push(piece.chunk);
    }
    assert_eq!(samples, whole.waveform.samples());
    assert_eq!((words, chunks), (whole.words, whole.chunks));
    assert_eq!(mel, whole.mel.into_data());
    assert_eq!(stream.report().alignment.len(), stream.chunks());
}

#[test]
fn pieces_are_the_whole_bit_for_bit() {
    let upstream = SynthesisParams::upstream();
    for params in [
        quick(),
        SynthesisParams {
            first_chunk: Some(Duration::from_secs(2)),
            ..quick()
        },
        SynthesisParams {
            nfe_steps: 2,
            seed: Some(7),
            ..upstream
        },
        SynthesisParams {
            chunking: Chunking::Upstream,
            cross_fade_duration: Duration::ZERO,
            pauses: None,
            first_chunk: Some(Duration::from_millis(1)),
            ..quick()
        },
    ] {
        streamed(&params);
    }
}

#[test]
fn a_first_chunk_of_a_second_is_short_and_loses_nothing() {
    let params = SynthesisParams {
        first_chunk: Some(Duration::from_secs(1)),
        ..quick()
    };
    let (plain, early) = (
        ENGINE.synthesize(&VOICE, LONG, &quick()).unwrap(),
        ENGINE.synthesize(&VOICE, LONG, &params).unwrap(),
    );
    assert!(early.chunks[0].text.len() < plain.chunks[0].text.len() / 2);
    let words: Vec<&str> = early.words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(words, LONG.split_whitespace().collect::<Vec<_>>());
    let chars: Vec<char> = LONG.chars().collect();
    for word in &early.words {
        assert_eq!(
            chars[word.chars.clone()].iter().collect::<String>(),
            word.word
        );
    }
}

#[test]
fn callback_hears_of_steps_and_pieces_in_order() {
    let mut heard = Vec::new();
    let report = ENGINE
        .synthesize_stream_with(&VOICE, LONG, &quick(), |event| {
            heard.push(match event {
                StreamEvent::Step(step) => (step.chunk, step.step, false),
                StreamEvent::Piece(piece) => (piece.progress.chunk, piece.progress.step, true),
                _ => unreachable!(),
            });
            ControlFlow::Continue(())
        })
        .unwrap();
    let chunks = report.alignment.len();
    let expected =
        (0..chunks).flat_map(|chunk| [(chunk, 1, false), (chunk, 2, false), (chunk, 2, true)]);
    assert_eq!(heard, expected.collect::<Vec<_>>());
}

#[test]
fn one_token_stops_streams_before_they_compute() {
    let token = CancelToken::default();
    let stream = || ENGINE.synthesize_stream(&VOICE, LONG, &quick()).unwrap();
    let mut first = stream().with_cancel_token(&token);
    assert!(first.next().unwrap().is_ok());
    token.clone().cancel();
    for mut stream in [first, stream().with_cancel_token(&token)] {
        assert_eq!(
            stream.next().unwrap().unwrap_err().kind(),
            ErrorKind::Cancelled
        );
        assert!(stream.next().is_none());
    }
    assert!(stream().next().unwrap().is_ok());
}

#[test]
fn a_token_stops_a_stream_of_another_thread() {
    let stream = ENGINE.synthesize_stream(&VOICE, LONG, &quick()).unwrap();
    let token = stream.cancel_token();
    let listener = std::thread::spawn(move || stream.map(|piece| piece.map(|_| ())).last());
    token.cancel();
    let last = listener.join().unwrap().unwrap();
    assert_eq!(last.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn streams_refuse_what_needs_the_whole_audio() {
    let params = SynthesisParams {
        remove_silence: true,
        ..quick()
    };
    let error = ENGINE.synthesize_stream(&VOICE, LONG, &params).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("remove_silence"), "{error}");
}

#[test]
fn a_token_is_too_late_for_a_stream_that_is_over() {
    let mut stream = ENGINE
        .synthesize_stream(&VOICE, "We walk home.", &quick())
        .unwrap();
    assert!(stream.next().unwrap().unwrap().is_last());
    stream.cancel_token().cancel();
    assert!(stream.next().is_none());
}
