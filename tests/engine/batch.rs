//! Several texts at once come out as they would alone.

use std::sync::LazyLock;

use f5_tts::{CpuEngine, DevicePreference, F5Tts, Request, Speech, SynthesisParams, Voice};

use crate::{ENGINE, VOICE, quick, speech::LONG, voices};

static OTHER: LazyLock<Voice> = LazyLock::new(|| {
    let ref_text = std::fs::read_to_string(voices().join("rms.txt")).unwrap();
    ENGINE.voice(voices().join("rms.wav"), &ref_text).unwrap()
});

fn assert_close(batched: &Speech, alone: &Speech) {
    let (a, b) = (batched.waveform.samples(), alone.waveform.samples());
    assert_eq!(a.len(), b.len());
    let apart = a
        .iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(apart <= 1e-4, "{apart}");
    assert_eq!(batched.chunks, alone.chunks);
    let words = |speech: &Speech| {
        speech
            .words
            .iter()
            .map(|w| w.word.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(words(batched), words(alone));
}

/// Float32 on Burn's own engine: bf16 would round rows of different lengths differently.
fn engine(batch_frames: usize) -> F5Tts {
    let builder = F5Tts::builder().device(DevicePreference::Cpu);
    let builder = builder
        .cpu_engine(CpuEngine::Burn)
        .batch_frames(batch_frames);
    builder.batch_chunks(false).build().unwrap()
}

#[test]
fn a_batch_of_four_is_four_single_runs() {
    let other_seed = SynthesisParams {
        seed: Some(11),
        speed: 1.2,
        ..quick()
    };
    let quick = quick();
    let requests = [
        (&*VOICE, "The green hill stands near the river.", &quick),
        (&*OTHER, "We walk home.", &other_seed),
        (
            &*OTHER,
            "In the morning the light came slowly, and the garden was wet.",
            &quick,
        ),
        (&*VOICE, "Yes.", &other_seed),
    ]
    .map(|(voice, gen_text, params)| Request {
        voice,
        gen_text,
        params,
    });
    let tts = engine(8192);
    let mut steps = Vec::new();
    let batched = tts.synthesize_batch_with(&requests, |progress| {
        steps.push((progress.chunk, progress.chunks, progress.step));
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(steps, [(0, 4, 1), (0, 4, 2)], "one batch");
    for (batched, request) in batched.iter().zip(&requests) {
        let alone = tts.synthesize(request.voice, request.gen_text, request.params);
        assert_close(batched.as_ref().unwrap(), &alone.unwrap());
    }
}

#[test]
fn chunks_of_a_text_share_batches_where_asked() {
    let builder = F5Tts::builder().device(DevicePreference::Cpu);
    let builder = builder.cpu_engine(CpuEngine::Burn).batch_chunks(true);
    let batching = builder.build().unwrap();
    let text = [LONG; 2].join(" ");
    let mut steps = Vec::new();
    let batched = batching
        .synthesize_with(&VOICE, &text, &quick(), |progress| {
            steps.push((progress.chunk, progress.step));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert!(batched.chunks.len() > 2);
    assert_eq!(steps, [(0, 1), (0, 2), (1, 1), (1, 2)]);
    assert_close(
        &batched,
        &engine(8192).synthesize(&VOICE, &text, &quick()).unwrap(),
    );
}

#[test]
fn a_small_limit_makes_every_chunk_go_alone() {
    let quick = quick();
    let request = Request {
        voice: &VOICE,
        gen_text: "We walk home.",
        params: &quick,
    };
    let tts = engine(1);
    let mut steps = Vec::new();
    let speeches = tts.synthesize_batch_with(&[request, request], |progress| {
        steps.push(progress.chunk);
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(steps, [0, 0, 1, 1]);
    assert!(speeches.iter().all(Result::is_ok));
    assert!(tts.synthesize_batch(&[]).is_empty());
}
