//! PyTorch's own files, as torch 2.15 writes them (`data/make.py`): read exactly, never run, and
//! refused with a typed error whatever is broken in them.
#![expect(clippy::unwrap_used, reason = "tests with helpers")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use f5_core::weights::{Checkpoint, TensorSpec, WeightsError};
use f5_weights::open;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// What `make.py` puts into a state dict: names, shapes and values.
fn expected() -> Vec<(TensorSpec, Vec<f32>)> {
    let counting = |count: usize, start: f32| (0..count).map(|i| start + i as f32).collect();
    vec![
        (TensorSpec::new("brain", [4]), counting(4, -2.0)),
        (TensorSpec::new("empty", [0, 4]), vec![]),
        (TensorSpec::new("half", [4]), counting(4, 0.5)),
        (TensorSpec::new("head", [2]), counting(2, 100.0)),
        (TensorSpec::new("plain", [2, 3]), counting(6, 0.0)),
        (TensorSpec::new("scalar", []), vec![7.5]),
        (TensorSpec::new("tail", [4]), counting(4, 108.0)),
        (
            TensorSpec::new("turned", [3, 2]),
            vec![10.0, 13.0, 11.0, 14.0, 12.0, 15.0],
        ),
    ]
}

fn assert_is_expected(checkpoint: Checkpoint) {
    let integer = |name: &str| name == "counter";
    if checkpoint.shape("counter").is_some() {
        let error = checkpoint.tensor_f32("counter").unwrap_err();
        assert!(
            matches!(&error, WeightsError::Dtype { got, .. } if got == "I64"),
            "{error}"
        );
    }
    let checkpoint = checkpoint.ignore(integer);
    let specs: Vec<_> = expected().into_iter().map(|(spec, _)| spec).collect();
    checkpoint.check(&specs).unwrap();
    for (spec, values) in expected() {
        assert_eq!(checkpoint.tensor_f32(&spec.name).unwrap(), values, "{spec}");
    }
}

#[test]
fn state_dicts_of_both_formats_are_read_exactly() {
    for file in ["state.pt", "legacy.pt"] {
        assert_is_expected(open(data(file)).unwrap());
    }
}

#[test]
fn the_averaged_weights_are_picked_from_a_training_state() {
    let checkpoint = open(data("training.pt"))
        .unwrap()
        .strip_prefixes(&["ema_model.", "transformer."])
        .unwrap()
        .ignore(|name| matches!(name, "initted" | "step"));
    assert_is_expected(checkpoint);
}

#[test]
fn sets_under_other_names_are_found() {
    assert_is_expected(open(data("generator.pt")).unwrap());
}

/// torch itself would run `touch` on this file.
#[test]
fn code_is_never_run() {
    let checkpoint = open(data("hostile.pt")).unwrap();
    assert_eq!(checkpoint.tensor_f32("weight").unwrap(), [0.0, 0.0]);
    assert!(!Path::new("/tmp/f5-weights-pickle-was-run").exists());
}

#[test]
fn files_without_tensors_are_told() {
    let error = open(data("no_tensors.pt")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("no_tensors.pt") && text.contains("no tensors"),
        "{text}"
    );
    assert!(text.contains("save_file"), "a remedy: {text}");
}

#[test]
fn safetensors_are_still_read_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    fs::write(&path, b"\x02\0\0\0\0\0\0\0{}").unwrap();
    assert_eq!(open(&path).unwrap().tensors().count(), 0);
    fs::write(&path, b"neither of the two").unwrap();
    assert!(matches!(open(&path), Err(WeightsError::Header { .. })));
    let missing = open(dir.path().join("absent.pt"));
    assert!(matches!(missing, Err(WeightsError::Open { .. })));
}

/// Damage of every kind: a typed error, or a checkpoint all of whose tensors can be asked for.
#[test]
fn damaged_files_end_in_typed_errors() {
    const EACH: u64 = 1000;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.pt");
    let (mut refused, mut opened) = (0, 0);
    for file in [
        "state.pt",
        "legacy.pt",
        "training.pt",
        "hostile.pt",
        "generator.pt",
    ] {
        let good = fs::read(data(file)).unwrap();
        for case in 0..EACH {
            fs::write(&path, damaged(&good, case)).unwrap();
            match open(&path) {
                Ok(checkpoint) => {
                    opened += 1;
                    for spec in checkpoint.tensors() {
                        match checkpoint.tensor_f32(&spec.name) {
                            Ok(values) => {
                                assert_eq!(values.len(), spec.shape.iter().product::<usize>());
                            }
                            Err(error) => assert!(!error.to_string().is_empty()),
                        }
                    }
                }
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().contains("model.pt"), "{error}");
                }
            }
        }
    }
    assert!(
        refused > 1000 && opened > 250,
        "{refused} refused, {opened} opened"
    );
    assert!(!Path::new("/tmp/f5-weights-pickle-was-run").exists());
}

/// A copy with some bytes changed, cut off, doubled or overwritten.
fn damaged(good: &[u8], case: u64) -> Vec<u8> {
    let mut state = case;
    let mut random = |below: usize| {
        // splitmix64 of S. Vigna.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    };
    let mut bad = good.to_vec();
    match case % 5 {
        0 => bad.truncate(random(good.len())),
        1 => {
            let at = random(good.len() - 8);
            bad[at..at + 8].fill(0xff);
        }
        2 => {
            let (from, to) = (random(good.len() - 64), random(good.len() - 64));
            let piece = good[from..from + 64].to_vec();
            bad[to..to + 64].copy_from_slice(&piece);
        }
        _ => {
            for _ in 0..=random(6) {
                let at = random(good.len());
                bad[at] ^= 1 << random(8);
            }
        }
    }
    bad
}
