//! Which aligner times the words, and what the report says about it.

use std::sync::Arc;

use f5_tts::{
    DevicePreference, F5Tts, Speech, SynthesisParams,
    align::{AlignError, Aligner, HmmAligner, Verdict},
};

use crate::{ENGINE, VOICE, quick};

const TEXT: &str = "Der grüne Hügel steht am Fluss.";

fn speak(engine: &F5Tts) -> Speech {
    engine.synthesize(&VOICE, TEXT, &quick()).unwrap()
}

fn engine(aligner: Option<Arc<dyn Aligner>>) -> F5Tts {
    let mut builder = F5Tts::builder()
        .device(DevicePreference::Cpu)
        .language("de");
    if let Some(aligner) = aligner {
        builder = builder.aligner(aligner);
    }
    builder.build().unwrap()
}

#[test]
fn every_chunk_says_who_was_asked() {
    let speech = speak(&ENGINE);
    let [chunk] = speech.report.alignment.as_slice() else {
        panic!("{:?}", speech.report.alignment)
    };
    assert_eq!(chunk.trail[0].aligner, "hmm");
    let last = chunk.trail.last().unwrap();
    assert_eq!(
        (last.aligner, &last.verdict),
        (chunk.aligner, &Verdict::Used)
    );
    assert!(speech.report.aligning >= last.elapsed);
    assert!(speech.report.aligning <= speech.report.elapsed);
}

#[test]
fn another_language_falls_to_pauses_and_says_why() {
    let hmm: Arc<dyn Aligner> = Arc::new(HmmAligner::new());
    for (aligner, is_chain) in [(None, true), (Some(hmm), false)] {
        let speech = speak(&engine(aligner));
        assert_eq!(speech.words.len(), TEXT.split_whitespace().count());
        assert!(speech.words.iter().all(|word| word.is_interpolated()));
        let chunk = &speech.report.alignment[0];
        assert_eq!(chunk.aligner, "energy");
        let reason = match &chunk.trail[0].verdict {
            Verdict::Unavailable(error) if is_chain => error,
            Verdict::Failed(error) if !is_chain => error,
            other => panic!("{other:?}"),
        };
        assert!(
            matches!(reason, AlignError::Language { language, .. } if language == "de"),
            "{reason}"
        );
    }
}

#[test]
fn without_word_timings_nothing_is_aligned() {
    let params = SynthesisParams {
        word_timings: false,
        ..quick()
    };
    let silent = ENGINE.synthesize(&VOICE, TEXT, &params).unwrap();
    assert!(silent.words.is_empty() && silent.report.alignment.is_empty());
    assert!(silent.timings().unwrap().is_empty());
    assert_eq!(silent.waveform, speak(&ENGINE).waveform);
}
