//! What a subscriber of `tracing` and an observer see of an engine.

use std::sync::{Arc, LazyLock, Mutex};

use f5_tts::{DevicePreference, F5Tts, Observer};

use crate::{VOICE, quick, recorder::record};

const TEXT: &str = "We walk home. The old house by the river was quiet, and the morning light came slowly \
    through the open window. The green hill stands near the river, and the wind is gentle there.";

#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn step(&self, chunk: usize, done: usize, steps: usize) {
        let told = format!("chunk {chunk} step {done}/{steps}");
        self.0.lock().unwrap().push(told);
    }

    fn chunk(&self, done: usize, chunks: usize) {
        self.0.lock().unwrap().push(format!("{done}/{chunks}"));
    }
}

#[test]
fn loading_and_speaking_are_spans_and_the_observer_is_told_of_every_step() {
    let told = Arc::new(Told::default());
    let builder = || F5Tts::builder().device(DevicePreference::Cpu);
    let (tts, seen) = record(|| builder().observer(told.clone()).build().unwrap());
    assert_eq!(seen, ["f5.probe", "f5.load"]);

    // Prepared now, or loading would be seen below.
    LazyLock::force(&VOICE);
    let (speech, seen) = record(|| {
        tts.synthesize(&VOICE, &[TEXT; 3].join(" "), &quick())
            .unwrap()
    });
    let chunks = speech.chunks.len();
    assert!(chunks > 1, "a text of one chunk shows little");
    // Entered once for each chunk: it is spoken when it is asked for.
    let inside = ["", "/f5.sample", "/f5.vocode", "/f5.align"];
    let expected: Vec<String> = (0..chunks)
        .flat_map(|_| inside.map(|path| format!("f5.synthesize{path}")))
        .collect();
    assert_eq!(seen, expected);

    let expected: Vec<String> = (0..chunks)
        .flat_map(|chunk| {
            let step = |done| format!("chunk {chunk} step {done}/2");
            [step(1), step(2), format!("{}/{chunks}", chunk + 1)]
        })
        .collect();
    assert_eq!(*told.0.lock().unwrap(), expected);
}

#[test]
fn a_refused_device_is_an_event() {
    let wish = F5Tts::builder().device(DevicePreference::Cuda(77));
    let (tts, seen) = record(|| wish.allow_fallback(true).build().unwrap());
    let refused = tts.report().device.refused.len();
    let events = seen.iter().filter(|path| path.ends_with("INFO")).count();
    assert_eq!(events, refused, "{seen:?}");
}
