//! Weight norm is undone where both halves of a weight are there, and found by the check where not.

use super::*;

#[test]
fn weight_norm_is_undone_under_both_names() {
    // Rows (3, 4) and (0, 2) of lengths 10 and -1.
    let v = || f32_bytes(&[3.0, 4.0, 0.0, 2.0]);
    let g = || f32_bytes(&[10.0, -1.0]);
    let checkpoint = TempCheckpoint::new(&[
        ("a.weight_g", Dtype::F32, &[2, 1], g()),
        ("a.weight_v", Dtype::F32, &[2, 2], v()),
        (
            "b.parametrizations.weight.original0",
            Dtype::F32,
            &[2, 1],
            g(),
        ),
        (
            "b.parametrizations.weight.original1",
            Dtype::F32,
            &[2, 2],
            v(),
        ),
        ("c.weight", Dtype::F32, &[2, 2], v()),
    ]);
    let checkpoint = checkpoint.open().unwrap().fuse_weight_norm();
    let expected = ["a.weight", "b.weight", "c.weight"].map(|name| TensorSpec::new(name, [2, 2]));
    checkpoint.check(&expected).unwrap();
    for name in ["a.weight", "b.weight"] {
        assert_eq!(checkpoint.tensor_f32(name).unwrap(), [6.0, 8.0, 0.0, -1.0]);
    }
    assert_eq!(
        checkpoint.tensor_f32("c.weight").unwrap(),
        [3.0, 4.0, 0.0, 2.0]
    );
}

#[test]
fn weight_norm_that_does_not_fit_is_found_by_the_check() {
    let v = || f32_bytes(&[3.0, 4.0, 0.0, 2.0]);
    let checkpoint = TempCheckpoint::new(&[
        ("a.weight_g", Dtype::F32, &[3, 1], f32_bytes(&[1.0; 3])),
        ("a.weight_v", Dtype::F32, &[2, 2], v()),
        ("b.weight_v", Dtype::F32, &[2, 2], v()),
    ]);
    let checkpoint = checkpoint.open().unwrap().fuse_weight_norm();
    let expected = ["a.weight", "b.weight"].map(|name| TensorSpec::new(name, [2, 2]));
    let Err(WeightsError::Mismatch { mismatch, .. }) = checkpoint.check(&expected) else {
        panic!("the pairs do not belong together");
    };
    assert_eq!((mismatch.missing.len(), mismatch.extra.len()), (2, 3));
}

#[test]
fn direction_without_length_is_not_finite() {
    let checkpoint = TempCheckpoint::new(&[
        ("weight_g", Dtype::F32, &[1, 1], f32_bytes(&[1.0])),
        ("weight_v", Dtype::F32, &[1, 2], f32_bytes(&[0.0, 0.0])),
    ]);
    let checkpoint = checkpoint.open().unwrap().fuse_weight_norm();
    assert!(matches!(
        checkpoint.tensor_f32("weight"),
        Err(WeightsError::NonFinite { name, .. }) if name == "weight"
    ));
}
