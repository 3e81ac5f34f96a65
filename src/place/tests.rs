//! Devices that fail while speaking, played by networks that fail as Burn lets them.
#![expect(clippy::unwrap_used, reason = "tests with helpers")]

use std::{
    ops::ControlFlow,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use burn::tensor::{Device, Tensor};
use f5_core::mel::MelSpec;
use f5_model::cfm::{Backbone, Cfm, Conditioning, Velocity, VelocityField};
use f5_vocoder::Vocoder;

use super::*;
use crate::{F5Tts, Speech, SynthesisParams, Voice};

const GONE: &str = "out of device memory allocating 4096 bytes\nbacktrace";
/// Said often enough for two chunks.
const SENTENCE: &str = "This sentence is spoken wherever there is room for it, and takes a while. ";

/// Which part of a network fails, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Backbone(&'static str),
    Vocoder(&'static str),
}

/// Networks that fail in the calls of this range, counted from 0 over the life of the engine.
#[derive(Debug)]
struct Failing {
    inner: Arc<Networks>,
    fault: Fault,
    calls: AtomicUsize,
    fails: std::ops::Range<usize>,
}

impl Failing {
    fn is_due(&self) -> bool {
        self.fails
            .contains(&self.calls.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct Field<'a>(Box<dyn VelocityField + 'a>, Option<&'static str>);

impl VelocityField for Field<'_> {
    fn velocity(&self, x: &Tensor<3>, time: f32) -> Velocity {
        if let Some(message) = self.1 {
            panic!("{message}");
        }
        self.0.velocity(x, time)
    }
}

/// One trait each, because both name their device.
#[derive(Debug)]
struct FailingBackbone(Arc<Failing>);

impl Backbone for FailingBackbone {
    fn n_mels(&self) -> usize {
        self.0.inner.cfm.backbone().n_mels()
    }

    fn vocab_size(&self) -> usize {
        self.0.inner.cfm.backbone().vocab_size()
    }

    fn max_frames(&self) -> Option<usize> {
        self.0.inner.cfm.backbone().max_frames()
    }

    fn device(&self) -> Device {
        self.0.inner.cfm.backbone().device()
    }

    fn condition<'a>(&'a self, conditioning: Conditioning) -> Box<dyn VelocityField + 'a> {
        let fault = match self.0.fault {
            Fault::Backbone(message) if self.0.is_due() => Some(message),
            _ => None,
        };
        Box::new(Field(
            self.0.inner.cfm.backbone().condition(conditioning),
            fault,
        ))
    }
}

#[derive(Debug)]
struct FailingVocoder(Arc<Failing>);

impl Vocoder for FailingVocoder {
    fn mel_spec(&self) -> &MelSpec {
        self.0.inner.vocoder.mel_spec()
    }

    fn device(&self) -> Device {
        self.0.inner.vocoder.device()
    }

    fn samples_for(&self, frames: usize) -> usize {
        self.0.inner.vocoder.samples_for(frames)
    }

    fn decode(&self, mel: Tensor<3>) -> f5_vocoder::Result<Tensor<2>> {
        match self.0.fault {
            Fault::Vocoder(message) if self.0.is_due() => {
                Err(f5_vocoder::Error::Device(message.into()))
            }
            _ => self.0.inner.vocoder.decode(mel),
        }
    }
}

static SOUND: LazyLock<(F5Tts, Voice)> = LazyLock::new(|| {
    let tts = F5Tts::builder()
        .device(DevicePreference::Cpu)
        .build()
        .unwrap();
    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let ref_text = std::fs::read_to_string(format!("{voices}/slt.txt")).unwrap();
    let voice = tts.voice(format!("{voices}/slt.wav"), &ref_text).unwrap();
    (tts, voice)
});

fn params() -> SynthesisParams {
    SynthesisParams {
        nfe_steps: 1,
        cfg_strength: 0.0,
        word_timings: false,
        seed: Some(7),
        ..Default::default()
    }
}

/// An engine on a device called Vulkan that fails.
fn engine(fault: Fault, fails: std::ops::Range<usize>, wish: DeviceWish) -> F5Tts {
    let tts = F5Tts::builder()
        .device(DevicePreference::Cpu)
        .build()
        .unwrap();
    let mut engine = tts.into_engine();
    let failing = Arc::new(Failing {
        inner: Arc::clone(&engine.networks),
        fault,
        calls: AtomicUsize::new(0),
        fails,
    });
    engine.networks = Arc::new(Networks {
        cfm: Cfm::new(Arc::new(FailingBackbone(Arc::clone(&failing)))),
        vocoder: Arc::new(FailingVocoder(failing)),
        device: DevicePreference::Vulkan,
        kernels: None,
        loading: engine.networks.loading.clone(),
    });
    engine.wish = wish;
    F5Tts::from_engine(engine)
}

fn vulkan(allow_fallback: bool) -> DeviceWish {
    DeviceWish {
        preference: DevicePreference::Vulkan,
        allow_fallback,
        ..DeviceWish::default()
    }
}

fn speak(tts: &F5Tts) -> Result<Speech> {
    tts.synthesize(&SOUND.1, &SENTENCE.repeat(5), &params())
}

#[test]
fn a_call_goes_on_on_the_processor_and_says_so() {
    let sound = speak(&SOUND.0).unwrap();
    assert!(sound.chunks.len() > 1 && sound.report.moves.is_empty());
    let any = DeviceWish::default();
    for (fault, wish, reason) in [
        (
            Fault::Backbone(GONE),
            vulkan(true),
            "vulkan ran out of memory: out of device memory",
        ),
        (Fault::Vocoder(GONE), any, "vulkan ran out of memory"),
        (Fault::Vocoder("device lost"), vulkan(true), "device lost"),
    ] {
        // Everything after the first chunk fails on the device.
        let speech = speak(&engine(fault, 1..1000, wish)).unwrap();
        assert_eq!(speech.waveform, sound.waveform, "{fault:?}");
        assert_eq!(speech.report.device, "cpu");
        let [moved] = &speech.report.moves[..] else {
            panic!("{:?}", speech.report.moves);
        };
        assert_eq!(
            (moved.chunk, moved.from, moved.to),
            (1, DevicePreference::Vulkan, DevicePreference::Cpu)
        );
        assert!(moved.reason.contains(reason), "{}", moved.reason);
        assert!(moved.loading > Duration::ZERO);
    }
}

#[test]
fn the_next_call_tries_the_device_again() {
    let tts = engine(Fault::Backbone(GONE), 0..2, vulkan(true));
    let calls: Vec<Speech> = (0..3).map(|_| speak(&tts).unwrap()).collect();
    let moves: Vec<usize> = calls
        .iter()
        .map(|speech| speech.report.moves.len())
        .collect();
    assert_eq!(moves, [1, 1, 0]);
    assert_eq!(calls[2].report.device, "vulkan");
    // The networks on the processor are kept for the next time.
    assert!(calls[0].report.moves[0].loading > Duration::ZERO);
    assert_eq!(calls[1].report.moves[0].loading, Duration::ZERO);
    assert_eq!(calls[0].waveform, calls[2].waveform);
}

#[test]
fn without_leave_the_error_tells_what_to_do() {
    let tts = engine(Fault::Backbone(GONE), 0..1, vulkan(false));
    let error = speak(&tts).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    let text = error.to_string();
    assert!(
        text.contains("vulkan") && text.contains("allow_fallback"),
        "{text}"
    );
    // The engine is as good as before.
    assert!(speak(&tts).unwrap().report.moves.is_empty());
    let lost = engine(Fault::Vocoder("device lost"), 0..1, vulkan(false));
    assert_eq!(speak(&lost).unwrap_err().kind(), ErrorKind::Device);
}

#[test]
fn the_processor_has_nowhere_to_go() {
    let wish = DeviceWish::default();
    let tts = engine(Fault::Backbone(GONE), 0..1000, wish);
    let mut engine = tts.into_engine();
    let mut networks = Arc::try_unwrap(engine.networks).unwrap();
    networks.device = DevicePreference::Cpu;
    engine.networks = Arc::new(networks);
    let error = speak(&F5Tts::from_engine(engine)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
}

#[test]
fn panics_of_the_caller_stay_the_callers() {
    let tts = engine(Fault::Backbone(GONE), 1000..1000, vulkan(true));
    let caught = catch_unwind(AssertUnwindSafe(|| {
        tts.synthesize_with(&SOUND.1, SENTENCE, &params(), |_| -> ControlFlow<()> {
            panic!("my own")
        })
    }));
    assert_eq!(panic_message(caught.unwrap_err().as_ref()), "my own");
}
