//! Explicit spans against upstream's recipe, laid out by hand.

use std::{ops::ControlFlow, time::Duration};

use f5_core::{
    audio::{
        Waveform,
        loudness::{TARGET_RMS, boost_to_target_rms, restore_rms},
    },
    mel::Mel,
    noise::keyed_normal,
};
use f5_model::cfm::SampleRow;
use f5_runtime::device::DevicePreference;

use super::{EditOutput, EditParams, EditSpan};
use crate::{F5Tts, SynthesisParams};

#[test]
fn explicit_spans_are_upstreams_masked_sample() {
    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let recording = Waveform::read_wav(format!("{voices}/slt.wav")).unwrap();
    let target =
        "The green hill stands near the river, and the light came slowly through the window.";
    let builder = F5Tts::builder().device(DevicePreference::Cpu);
    let tts = builder.build().unwrap();
    let params = EditParams {
        synthesis: SynthesisParams {
            nfe_steps: 2,
            seed: Some(7),
            word_timings: false,
            ..Default::default()
        },
        output: EditOutput::Vocoded,
        ..Default::default()
    };
    let seconds = Duration::from_secs_f64;
    let spans = [
        EditSpan {
            start: seconds(0.5),
            end: seconds(1.0),
            fix_duration: None,
        },
        // 1.536 s are 144 frames, 2.0 s 187.5 and 0.8 s 75.
        EditSpan {
            start: seconds(1.536),
            end: seconds(2.0),
            fix_duration: Some(seconds(0.8)),
        },
    ];
    let edited = tts.edit_spans(&recording, target, &spans, &params).unwrap();

    let engine = tts.engine();
    let mut heard = recording.clone();
    let rms = boost_to_target_rms(&mut heard, TARGET_RMS).unwrap();
    let mel = engine.mel.extract(heard.samples()).unwrap();
    let (frames, bands) = (mel.frames(), mel.n_mels());
    let kept = |from: usize, to: usize| mel.data()[from * bands..to * bands].to_vec();
    let zeros = |frames: usize| vec![0.0; frames * bands];
    let cond = [
        kept(0, 47),
        zeros(47),
        kept(94, 144),
        zeros(75),
        kept(188, frames),
    ]
    .concat();
    let edit_mask = [
        vec![true; 47],
        vec![false; 47],
        vec![true; 50],
        vec![false; 75],
        vec![true; frames - 188],
    ]
    .concat();
    let cond = Mel::new(cond, bands);
    let text = engine.config.tokenizer.encode(target, &engine.vocab).ids;
    let duration = cond.frames() + 1;
    let noise = keyed_normal(7, 0, duration * bands);
    let row = SampleRow {
        cond: &cond,
        text: &text,
        duration,
        noise: &noise,
        edit_mask: Some(&edit_mask),
    };
    let networks = &engine.networks;
    let sampling = params.synthesis.sampling();
    let sampled = networks
        .cfm
        .sample(&[row], &sampling, |_| ControlFlow::Continue(()));
    let mut expected = networks.vocode(&sampled.unwrap()[0]).unwrap();
    restore_rms(&mut expected, rms, TARGET_RMS);
    assert!(edited.waveform.samples() == expected);
    assert_eq!(edited.report.spans[1].new, 144 * 256..219 * 256);
    assert!(edited.words.is_empty() && edited.report.located.is_none());
}
