//! Word times against the times that the synthesiser of the audio knows.
//!
//! Six utterances are by voices that the model was trained on (Festival's kal and slt, with other
//! sentences), one by a voice that it has never heard (Flite's awb); see `data/README.md`.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests state their expectations"
)]

use std::path::Path;

use f5_align::{Aligner, Alignment, EnergyAligner, HmmAligner, ProportionalAligner};
use f5_core::{audio::Waveform, timing::TimingSource};

struct Case {
    audio: Waveform,
    text: String,
    /// Starts and ends of the words in turn, in seconds.
    times: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let lines = std::fs::read_to_string(folder.join("eval.jsonl")).unwrap();
    let cases: Vec<Case> = lines
        .lines()
        .map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let words = case["words"].as_array().unwrap();
            Case {
                audio: Waveform::read_wav(folder.join(case["wav"].as_str().unwrap())).unwrap(),
                text: case["text"].as_str().unwrap().into(),
                times: words
                    .iter()
                    .flat_map(|w| [w["start"].as_f64().unwrap(), w["end"].as_f64().unwrap()])
                    .collect(),
            }
        })
        .collect();
    assert_eq!(cases.len(), 7);
    cases
}

fn errors(alignment: &Alignment, case: &Case) -> Vec<f64> {
    let times = alignment
        .words
        .iter()
        .flat_map(|w| [w.start.as_secs_f64(), w.end.as_secs_f64()]);
    assert_eq!(alignment.words.len() * 2, case.times.len());
    times
        .zip(&case.times)
        .map(|(found, truth)| (found - truth).abs())
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn the_hmm_aligner_is_right_to_20_ms_on_average() {
    for case in cases() {
        let found = HmmAligner::new()
            .align(&case.audio, &case.text, "en-US")
            .unwrap();
        let errors = errors(&found, &case);
        assert!(
            mean(&errors) <= 0.02 && errors.iter().all(|e| *e <= 0.1),
            "{errors:?}"
        );
        assert!(
            found
                .words
                .iter()
                .all(|w| w.source == TimingSource::Acoustic)
        );
        assert_eq!(found.quality.coverage, 1.0);
    }
}

/// What `.ci/run` asks of the example `align` too.
#[test]
fn the_hmm_aligner_reaches_its_goals() {
    let errors = cases().into_iter().flat_map(|case| {
        let found = HmmAligner::new().align(&case.audio, &case.text, "en");
        errors(&found.unwrap(), &case)
    });
    let errors: Vec<f64> = errors.collect();
    let near = errors.iter().filter(|e| **e <= 0.05).count();
    let share = near as f64 / errors.len() as f64;
    assert!(
        mean(&errors) <= 0.015 && share >= 0.95,
        "{share}: {errors:?}"
    );
}

#[test]
fn each_aligner_is_better_than_the_next() {
    let aligners: [&dyn Aligner; 3] = [
        &HmmAligner::new(),
        &EnergyAligner::new(),
        &ProportionalAligner::new(),
    ];
    let means = aligners.map(|aligner| {
        let errors = cases()
            .iter()
            .flat_map(|case| errors(&aligner.align(&case.audio, &case.text, "en").unwrap(), case))
            .collect::<Vec<_>>();
        mean(&errors)
    });
    assert!(
        means[0] < means[1] && means[1] <= means[2] && means[2] < 0.25,
        "{means:?}"
    );
}

#[test]
fn the_wrong_text_scores_lower() {
    for case in cases() {
        let aligner = HmmAligner::new();
        let score = |text: &str| {
            let quality = aligner.align(&case.audio, text, "en").unwrap().quality;
            (quality.log_likelihood.unwrap(), quality.score.unwrap())
        };
        let wrong = "Seven purple cats share six big boxes daily";
        let (right, wrong) = (score(&case.text), score(wrong));
        assert!(
            wrong.0 < 1.3 * right.0 && wrong.1 < right.1,
            "{right:?} {wrong:?}"
        );
    }
}

#[test]
fn words_without_a_sound_stand_between_their_neighbours() {
    for case in cases() {
        let plain = HmmAligner::new()
            .align(&case.audio, &case.text, "en")
            .unwrap();
        let text = format!("… {} 你 \u{1F600}", case.text.replacen(' ', " — ", 1));
        let found = HmmAligner::new().align(&case.audio, &text, "en").unwrap();
        let (silent, spoken): (Vec<_>, Vec<_>) = found
            .words
            .iter()
            .partition(|w| w.source == TimingSource::Interpolated);
        let names: Vec<_> = silent.iter().map(|w| w.word.as_str()).collect();
        assert_eq!(names, ["…", "—", "你", "\u{1F600}"]);
        assert!(silent.iter().all(|w| w.score.is_none()));
        let times = |words: Vec<&f5_core::timing::WordTiming>| -> Vec<_> {
            words
                .iter()
                .map(|w| (w.word.clone(), w.start, w.end))
                .collect()
        };
        assert_eq!(times(spoken), times(plain.words.iter().collect()));
    }
}

#[test]
fn other_rates_give_the_same_times() {
    for case in cases() {
        let at_16k = HmmAligner::new()
            .align(&case.audio, &case.text, "en")
            .unwrap();
        for rate in [24_000, 44_100] {
            let audio = case.audio.resample(rate).unwrap();
            let found = HmmAligner::new().align(&audio, &case.text, "en").unwrap();
            for (a, b) in at_16k.words.iter().zip(&found.words) {
                assert!(
                    a.start.abs_diff(b.start).as_secs_f64() <= 0.025,
                    "{rate} {a:?} {b:?}"
                );
            }
        }
    }
}
