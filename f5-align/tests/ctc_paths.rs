//! CTC paths and scores against torchaudio's own (see `data/ctc/README.md`).
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests state their expectations"
)]

use f5_align::ctc::{Emissions, PathError, forced_align};
use serde_json::Value as Json;

fn cases() -> Vec<Json> {
    serde_json::from_str(include_str!("data/ctc/paths.json")).unwrap()
}

fn numbers(list: &Json) -> Vec<usize> {
    let list = list.as_array().unwrap().iter();
    list.map(|n| n.as_u64().unwrap() as usize).collect()
}

fn emissions(case: &Json) -> Emissions {
    let values = case["log_probs"].as_array().unwrap().iter();
    let values = values.map(|p| p.as_f64().unwrap() as f32).collect();
    Emissions::new(values, case["classes"].as_u64().unwrap() as usize).unwrap()
}

#[test]
fn paths_spans_and_scores_are_torchaudios() {
    let (mut repeats, mut ties) = (0, 0);
    let cases = cases();
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| !case["path"].is_null())
        .collect();
    assert_eq!(cases.len(), 48);
    for case in cases {
        let tokens = numbers(&case["tokens"]);
        let path = forced_align(&emissions(case), &tokens, 0).unwrap();
        let classes = path.tokens.iter().map(|t| t.map_or(0, |t| tokens[t]));
        assert_eq!(
            classes.collect::<Vec<_>>(),
            numbers(&case["path"]),
            "{case}"
        );
        let scores = case["scores"].as_array().unwrap();
        assert_eq!(scores.len(), path.scores.len());
        for (score, expected) in path.scores.iter().zip(scores) {
            assert!(
                (f64::from(*score) - expected.as_f64().unwrap()).abs() <= 1e-4,
                "{case}"
            );
        }
        let spans = path.spans();
        let merged = case["spans"].as_array().unwrap();
        assert_eq!((spans.len(), merged.len()), (tokens.len(), tokens.len()));
        for (index, (span, merged)) in spans.iter().zip(merged).enumerate() {
            assert_eq!(span.token, index);
            let mean = path.scores[span.frames.clone()]
                .iter()
                .map(|s| f64::from(s.exp()))
                .sum::<f64>()
                / span.frames.len() as f64;
            let (class, frames) = (tokens[index], span.frames.clone());
            let expected = numbers(&Json::from(&merged.as_array().unwrap()[..3]));
            assert_eq!([class, frames.start, frames.end], expected[..], "{case}");
            assert!((mean - merged[3].as_f64().unwrap()).abs() <= 1e-4, "{case}");
        }
        repeats += tokens.windows(2).filter(|pair| pair[0] == pair[1]).count();
        ties += usize::from(case["log_probs"][0].as_f64().unwrap() * 2.0 % 1.0 == 0.0);
    }
    // The cases are worth something.
    assert!(repeats > 20 && ties > 20, "{repeats} {ties}");
}

#[test]
fn texts_that_torchaudio_refuses_are_refused() {
    let cases = cases();
    let refused: Vec<_> = cases.iter().filter(|case| case["path"].is_null()).collect();
    assert_eq!(refused.len(), 3);
    for case in refused {
        let found = forced_align(&emissions(case), &numbers(&case["tokens"]), 0);
        assert!(
            matches!(found, Err(PathError::TooFewFrames { .. })),
            "{case}"
        );
    }
}
