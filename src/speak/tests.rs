//! Streams that are stopped, on networks so small that a thousand runs take seconds.
#![expect(clippy::unwrap_used, reason = "tests with helpers")]

use std::{
    ops::ControlFlow,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use burn::tensor::{Device, Tensor};
use f5_align::EnergyAligner;
use f5_core::{mel::MelSpec, noise::KeyedNormal};
use f5_model::cfm::{Backbone, Cfm, Conditioning, Velocity, VelocityField};
use f5_runtime::device::DevicePreference;
use f5_vocoder::Vocoder;

use super::*;
use crate::{Error, ErrorKind, F5Tts, Speech, SynthesisParams, Voice, networks::Networks};

const STEPS: usize = 5;
/// Said often enough for several chunks.
const SENTENCE: &str = "This sentence is spoken again and again, and takes a while. ";

/// What a tiny network was asked for, and whom it tells before it answers.
#[derive(Default)]
struct Tiny {
    velocities: AtomicUsize,
    on_velocity: Mutex<Option<(usize, CancelToken)>>,
    n_mels: usize,
    vocab_size: usize,
    spec: Option<MelSpec>,
    /// A reference of so many frames gives numbers that are none.
    bad_durations: Mutex<Vec<usize>>,
}

impl std::fmt::Debug for Tiny {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tiny")
    }
}

#[derive(Debug)]
struct Network(Arc<Tiny>);

#[derive(Debug)]
struct Field(Arc<Tiny>, Conditioning);

impl Backbone for Network {
    fn n_mels(&self) -> usize {
        self.0.n_mels
    }

    fn vocab_size(&self) -> usize {
        self.0.vocab_size
    }

    fn max_frames(&self) -> Option<usize> {
        None
    }

    fn device(&self) -> Device {
        Device::flex()
    }

    fn condition<'a>(&'a self, conditioning: Conditioning) -> Box<dyn VelocityField + 'a> {
        Box::new(Field(Arc::clone(&self.0), conditioning))
    }
}

impl VelocityField for Field {
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity {
        let asked = self.0.velocities.fetch_add(1, Ordering::Relaxed);
        if let Some((at, token)) = &*self.0.on_velocity.lock().unwrap()
            && *at == asked
        {
            token.cancel();
        }
        let mut velocity = self.1.cond.clone() - x.clone() * (0.5 + time);
        let bad = self.0.bad_durations.lock().unwrap();
        for (row, duration) in self.1.durations.iter().enumerate() {
            if bad.contains(duration) {
                let [_, frames, n_mels] = velocity.dims();
                let nan = Tensor::full([1, frames, n_mels], f32::NAN, &velocity.device());
                velocity = velocity.slice_assign([row..row + 1, 0..frames, 0..n_mels], nan);
            }
        }
        Velocity {
            conditional: velocity,
            unconditional: None,
        }
    }
}

impl Vocoder for Network {
    fn mel_spec(&self) -> &MelSpec {
        self.0.spec.as_ref().unwrap()
    }

    fn device(&self) -> Device {
        Device::flex()
    }

    fn samples_for(&self, frames: usize) -> usize {
        frames * 256
    }

    fn decode(&self, mel: Tensor<3>) -> f5_vocoder::Result<Tensor<2>> {
        let [batch, _, frames] = mel.dims();
        let wave = mel.slice([0..batch, 0..1, 0..frames]).repeat_dim(1, 256);
        Ok(wave.swap_dims(1, 2).reshape([batch, frames * 256]) * 0.05)
    }
}

/// The demo voice on a network of a few operations.
static TINY: LazyLock<(F5Tts, Voice, Arc<Tiny>)> = LazyLock::new(|| {
    let builder = F5Tts::builder().aligner(Arc::new(EnergyAligner::new()));
    let builder = builder.device(DevicePreference::Cpu);
    let tts = builder.batch_frames(100_000).build().unwrap();
    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let ref_text = std::fs::read_to_string(format!("{voices}/slt.txt")).unwrap();
    let voice = tts.voice(format!("{voices}/slt.wav"), &ref_text).unwrap();
    let mut engine = tts.into_engine();
    let backbone = engine.networks.cfm.backbone();
    let tiny = Arc::new(Tiny {
        n_mels: backbone.n_mels(),
        vocab_size: backbone.vocab_size(),
        spec: Some(engine.config.mel_spec.clone()),
        ..Tiny::default()
    });
    engine.networks = Arc::new(Networks {
        cfm: Cfm::new(Arc::new(Network(Arc::clone(&tiny)))),
        vocoder: Arc::new(Network(Arc::clone(&tiny))),
        device: DevicePreference::Cpu,
        kernels: None,
        loading: engine.networks.loading.clone(),
    });
    (F5Tts::from_engine(engine), voice, tiny)
});

/// The tests count what the one network does, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn params() -> SynthesisParams {
    SynthesisParams {
        nfe_steps: STEPS,
        cfg_strength: 0.0,
        seed: Some(7),
        ..Default::default()
    }
}

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    result.map(|_| ()).unwrap_err().kind()
}

/// A pseudo-random number below `n`.
fn below(random: &mut KeyedNormal, n: usize) -> usize {
    (random.sample().abs() * 1e6) as usize % n
}

#[test]
fn a_stream_stops_within_a_step_at_a_thousand_points() {
    let _turn = turn();
    let (tts, voice, tiny) = &*TINY;
    let text = SENTENCE.repeat(14);
    let params = params();
    let whole = tts.synthesize(voice, &text, &params).unwrap();
    let chunks = whole.chunks.len();
    assert!(chunks > 2, "{chunks}");
    let mut random = KeyedNormal::new(7, 0);
    for run in 0..1000 {
        let at = below(&mut random, chunks * STEPS);
        let mut pieces = 0;
        let outcome = if run % 2 == 0 {
            // By a token, pulled while the network is at work.
            let mut stream = tts.synthesize_stream(voice, &text, &params).unwrap();
            let before = tiny.velocities.load(Ordering::Relaxed);
            *tiny.on_velocity.lock().unwrap() = Some((before + at, stream.cancel_token()));
            let mut outcome = Ok(());
            for piece in &mut stream {
                outcome = piece.map(|_| pieces += 1);
            }
            assert!(stream.next().is_none(), "the stream is over");
            assert_eq!(tiny.velocities.load(Ordering::Relaxed), before + at + 1);
            outcome
        } else {
            let mut steps = 0;
            let outcome = tts.synthesize_stream_with(voice, &text, &params, |event| {
                match event {
                    StreamEvent::Step(_) if steps == at => {
                        steps += 1;
                        return ControlFlow::Break(());
                    }
                    StreamEvent::Step(_) => steps += 1,
                    StreamEvent::Piece(_) => pieces += 1,
                }
                ControlFlow::Continue(())
            });
            assert_eq!(steps, at + 1);
            outcome.map(|_| ())
        };
        assert_eq!(kind(outcome), ErrorKind::Cancelled, "run {run} at {at}");
        assert_eq!(pieces, at / STEPS, "whole chunks before step {at}");
        *tiny.on_velocity.lock().unwrap() = None;
        if run % 10 == 0 {
            let after = tts.synthesize(voice, &text, &params).unwrap();
            assert!(after.waveform == whole.waveform && after.words == whole.words);
        }
    }
}

#[test]
fn the_first_audio_needs_the_first_chunk_only() {
    let _turn = turn();
    let (tts, voice, tiny) = &*TINY;
    for (batched, first_chunk) in [(false, None), (true, None), (true, Some(1))] {
        let first_chunk = first_chunk.map(std::time::Duration::from_secs);
        let mut engine = clone_of(tts);
        engine.batch_chunks = Some(batched);
        let tts = F5Tts::from_engine(engine);
        let params = SynthesisParams {
            first_chunk,
            ..params()
        };
        let text = SENTENCE.repeat(14);
        let whole = tts.synthesize(voice, &text, &params).unwrap();
        if first_chunk.is_some() {
            assert!(whole.chunks[0].text.len() < SENTENCE.len() / 2 + 5);
        }
        let before = tiny.velocities.load(Ordering::Relaxed);
        let mut stream = tts.synthesize_stream(voice, &text, &params).unwrap();
        assert_eq!(tiny.velocities.load(Ordering::Relaxed), before);
        let first = stream.next().unwrap().unwrap();
        assert_eq!(tiny.velocities.load(Ordering::Relaxed), before + STEPS);
        assert!(!first.samples.is_empty() && !first.is_last());
        let pieces: Vec<_> = stream.map(Result::unwrap).collect();
        let runs = if batched { 2 } else { whole.chunks.len() };
        let asked = tiny.velocities.load(Ordering::Relaxed) - before;
        assert_eq!(asked, runs * STEPS, "the others share a batch or do not");
        assert!(pieces.last().unwrap().is_last());
        let mut samples = first.samples;
        let mut words = first.words;
        for piece in pieces {
            assert_eq!(piece.first_sample, samples.len());
            samples.extend(piece.samples);
            words.extend(piece.words);
            let end = words.last().unwrap().end.as_secs_f64();
            assert!(
                end <= samples.len() as f64 / 24_000.0 + 1e-9,
                "heard before it is told"
            );
        }
        assert_eq!(
            (samples, words),
            (whole.waveform.into_samples(), whole.words)
        );
    }
}

#[test]
fn each_request_of_a_batch_keeps_its_own_error() {
    let _turn = turn();
    let (tts, voice, tiny) = &*TINY;
    let params = params();
    let other = SynthesisParams {
        nfe_steps: 3,
        ..params.clone()
    };
    let wrong = SynthesisParams {
        speed: -1.0,
        ..params.clone()
    };
    let alone = |text, params| tts.synthesize(voice, text, params);
    let texts = [
        "We walk home.",
        "The bird sat on the wall and sang.",
        "A bell rings twice.",
    ];
    let bad = alone(texts[1], &params).unwrap().chunks[0].frames;
    let requests = [
        (texts[0], &params),
        ("  ", &params),
        (texts[1], &params),
        (texts[0], &wrong),
        (texts[2], &other),
        (texts[2], &params),
    ];
    let requests = requests.map(|(gen_text, params)| Request {
        voice,
        gen_text,
        params,
    });
    let before = tiny.velocities.load(Ordering::Relaxed);
    let good = tts.synthesize_batch(&requests);
    let asked = tiny.velocities.load(Ordering::Relaxed) - before;
    assert_eq!(asked, STEPS + 3, "one batch for each number of steps");
    let ok: Vec<bool> = good.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false, true, false, true, true]);

    *tiny.bad_durations.lock().unwrap() = vec![bad];
    let results = tts.synthesize_batch(&requests);
    tiny.bad_durations.lock().unwrap().clear();
    let kinds: Vec<_> = results
        .iter()
        .map(|r| r.as_ref().err().map(Error::kind))
        .collect();
    let input = Some(ErrorKind::InvalidInput);
    assert_eq!(
        kinds,
        [
            None,
            input,
            Some(ErrorKind::CorruptModel),
            input,
            None,
            None
        ]
    );
    let same = |a: &Speech, b: &Speech| a.waveform == b.waveform && a.words == b.words;
    for (at, expected) in [(0, alone(texts[0], &params)), (4, alone(texts[2], &other))] {
        assert!(same(results[at].as_ref().unwrap(), &expected.unwrap()));
    }

    // Stopped in the second batch: the first one's speech is there.
    let mut steps = 0;
    let stopped = tts.synthesize_batch_with(&requests, |_| {
        steps += 1;
        if steps > STEPS {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let kinds: Vec<_> = stopped
        .iter()
        .map(|r| r.as_ref().err().map(Error::kind))
        .collect();
    let cancelled = Some(ErrorKind::Cancelled);
    assert_eq!(kinds, [None, input, None, input, cancelled, None]);
    assert_eq!(steps, STEPS + 1);
}

/// An engine with the same networks.
fn clone_of(tts: &F5Tts) -> crate::engine::Engine {
    let other = F5Tts::builder().aligner(Arc::new(EnergyAligner::new()));
    let mut engine = other
        .device(DevicePreference::Cpu)
        .build()
        .unwrap()
        .into_engine();
    engine.networks = Arc::clone(&tts.engine().networks);
    engine
}

#[test]
fn a_story_is_streamed_whole_and_little_of_it_is_held() {
    let _turn = turn();
    let (tts, voice, _) = &*TINY;
    let sentence = |n: usize| {
        format!(
            "Sentence {} of the story is told here, slowly.",
            "x".repeat(n % 5 + 1)
        )
    };
    let text: String = (0..400)
        .map(|n| sentence(n) + if n % 7 == 0 { "\n\n" } else { " " })
        .collect();
    let params = SynthesisParams {
        nfe_steps: 1,
        ..params()
    };
    let (mut samples, mut words, mut longest) = (0, Vec::new(), 0);
    let mut chunk_end = 0;
    for piece in tts.synthesize_stream(voice, &text, &params).unwrap() {
        let piece = piece.unwrap();
        assert_eq!(piece.first_sample, samples);
        samples += piece.samples.len();
        // What is held back is no more than the longest fade.
        assert!(piece.chunk.samples.end - samples <= 3600);
        longest = longest.max(piece.samples.len());
        chunk_end = piece.chunk.samples.end;
        words.extend(piece.words);
    }
    assert_eq!(samples, chunk_end, "no sample is left over");
    assert!(longest < 24_000 * 30, "{longest}");
    let said: Vec<&str> = words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(said, text.split_whitespace().collect::<Vec<_>>());
    assert!(words.windows(2).all(|pair| pair[0].end <= pair[1].start));
    let end = std::time::Duration::from_secs_f64(samples as f64 / 24_000.0);
    assert!(words.last().unwrap().end <= end);
}
