//! Sound checkpoints read back exactly; every way a file can be bad has an error of its own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use half::{bf16, f16};
use safetensors::{Dtype, tensor::TensorView};
use tempfile::TempDir;

use super::*;

mod weight_norm;

/// A checkpoint file that disappears with the test.
struct TempCheckpoint {
    _dir: TempDir,
    path: PathBuf,
}

impl TempCheckpoint {
    fn from_bytes(bytes: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        fs::write(&path, bytes).unwrap();
        Self { _dir: dir, path }
    }

    fn new(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Self {
        Self::from_bytes(&serialize(tensors))
    }

    fn open(&self) -> Result<Checkpoint, WeightsError> {
        Checkpoint::open(&self.path)
    }
}

fn serialize(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (
            *name,
            TensorView::new(*dtype, shape.to_vec(), bytes).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A file whose header is `json` and whose data is `data`.
fn with_header(json: &str, data: &[u8]) -> Vec<u8> {
    [&(json.len() as u64).to_le_bytes(), json.as_bytes(), data].concat()
}

fn two_weights() -> Vec<u8> {
    serialize(&[
        ("a.weight", Dtype::F32, &[2, 1], f32_bytes(&[1.0, 2.0])),
        ("b.weight", Dtype::F32, &[1], f32_bytes(&[3.0])),
    ])
}

#[test]
fn every_accepted_type_reads_as_f32() {
    // More than one block, of a length that is no multiple of one.
    let values: Vec<f32> = (0..40_001)
        .map(|i| (i % 251) as f32 * 0.25 - 31.0)
        .collect();
    let f16_bytes = values
        .iter()
        .flat_map(|&v| f16::from_f32(v).to_le_bytes())
        .collect();
    let bf16_bytes = values
        .iter()
        .flat_map(|&v| bf16::from_f32(v).to_le_bytes())
        .collect();
    let file = TempCheckpoint::new(&[
        ("bf16", Dtype::BF16, &[values.len()], bf16_bytes),
        ("f16", Dtype::F16, &[values.len()], f16_bytes),
        ("f32", Dtype::F32, &[values.len()], f32_bytes(&values)),
        ("scalar", Dtype::F32, &[], f32_bytes(&[7.5])),
    ]);
    let checkpoint = file.open().unwrap();
    assert_eq!(checkpoint.tensor_f32("f32").unwrap(), values);
    assert_eq!(
        checkpoint.tensor_f32("f16").unwrap(),
        values,
        "exact in half precision"
    );
    let rounded: Vec<f32> = values.iter().map(|&v| bf16::from_f32(v).to_f32()).collect();
    assert_eq!(checkpoint.tensor_f32("bf16").unwrap(), rounded);
    assert_eq!(checkpoint.tensor_f32("scalar").unwrap(), [7.5]);
    assert_eq!(checkpoint.shape("scalar"), Some(&[][..]));
    assert_eq!(checkpoint.path(), file.path);
}

#[test]
fn chained_prefixes_and_ignorable_tensors_are_dropped() {
    let one = || f32_bytes(&[1.0]);
    let file = TempCheckpoint::new(&[
        (
            "ema_model.transformer.proj.weight",
            Dtype::F32,
            &[1, 1],
            one(),
        ),
        (
            "ema_model._orig_mod.module.transformer.proj.bias",
            Dtype::F32,
            &[1],
            one(),
        ),
        ("ema_model.mel_spec.window", Dtype::F32, &[1], one()),
        ("initted", Dtype::BOOL, &[], vec![1]),
        ("transformer.", Dtype::F32, &[1], one()),
        ("transformer_blocks.0.weight", Dtype::F32, &[1], one()),
    ]);
    let checkpoint = file
        .open()
        .unwrap()
        .strip_prefixes(&["module.", "_orig_mod.", "ema_model.", "transformer.", ""])
        .unwrap()
        .ignore(|name| name == "initted" || name.starts_with("mel_spec."));
    let expected = [
        TensorSpec::new("proj.bias", [1]),
        TensorSpec::new("proj.weight", [1, 1]),
        TensorSpec::new("transformer.", [1]),
        TensorSpec::new("transformer_blocks.0.weight", [1]),
    ];
    assert_eq!(checkpoint.tensors().collect::<Vec<_>>(), expected);
    checkpoint.check(&expected).unwrap();
}

#[test]
fn a_missing_file_is_named() {
    let error = Checkpoint::open("/no/such/model.safetensors").unwrap_err();
    assert!(matches!(&error, WeightsError::Open { path, source }
        if path == Path::new("/no/such/model.safetensors")
            && source.kind() == std::io::ErrorKind::NotFound));
    assert!(error.to_string().contains("/no/such/model.safetensors"));
}

#[test]
fn a_folder_is_not_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let error = Checkpoint::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, WeightsError::Open { .. } | WeightsError::Read { .. }),
        "{error}"
    );
}

#[test]
fn an_empty_file_is_truncated() {
    let error = TempCheckpoint::from_bytes(b"").open().unwrap_err();
    assert!(
        matches!(
            error,
            WeightsError::Truncated {
                expected: 8,
                got: 0,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn every_shortened_file_is_truncated() {
    let whole = two_weights();
    for length in 0..whole.len() {
        let error = TempCheckpoint::from_bytes(&whole[..length])
            .open()
            .unwrap_err();
        assert!(
            matches!(error, WeightsError::Truncated { expected, got, .. }
                if got == length as u64 && expected > got && expected <= whole.len() as u64),
            "{length} bytes: {error}"
        );
    }
}

#[test]
fn bytes_after_the_last_tensor_are_an_error() {
    let mut bytes = two_weights();
    bytes.push(0);
    let error = TempCheckpoint::from_bytes(&bytes).open().unwrap_err();
    assert!(
        matches!(error, WeightsError::TrailingBytes { expected, got, .. } if got == expected + 1),
        "{error}"
    );
}

#[test]
fn a_header_that_is_not_json_is_an_error() {
    let error = TempCheckpoint::from_bytes(&with_header("{nonsense", &[]))
        .open()
        .unwrap_err();
    assert!(matches!(error, WeightsError::Header { .. }), "{error}");
}

#[test]
fn a_header_of_invalid_utf8_is_an_error() {
    let mut bytes = two_weights();
    bytes[10] = 0xff;
    let error = TempCheckpoint::from_bytes(&bytes).open().unwrap_err();
    assert!(matches!(error, WeightsError::Header { .. }), "{error}");
}

#[test]
fn an_absurd_header_length_allocates_nothing() {
    let bytes = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    let error = TempCheckpoint::from_bytes(&bytes).open().unwrap_err();
    assert!(matches!(error, WeightsError::Header { .. }), "{error}");
}

#[test]
fn tensors_that_overlap_are_an_error() {
    let json = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                   "b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#;
    let error = TempCheckpoint::from_bytes(&with_header(json, &[0; 6]))
        .open()
        .unwrap_err();
    assert!(matches!(error, WeightsError::Header { .. }), "{error}");
}

#[test]
fn a_shape_that_does_not_fit_its_bytes_is_an_error() {
    let json = r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}"#;
    let error = TempCheckpoint::from_bytes(&with_header(json, &[0; 4]))
        .open()
        .unwrap_err();
    assert!(matches!(error, WeightsError::Header { .. }), "{error}");
}

#[test]
fn a_tensor_larger_than_any_file_is_an_error() {
    let json = r#"{"a":{"dtype":"U8","shape":[18446744073709551615],
                   "data_offsets":[0,18446744073709551615]}}"#;
    assert!(
        TempCheckpoint::from_bytes(&with_header(json, &[0; 4]))
            .open()
            .is_err()
    );
}

#[test]
fn pickles_are_recognised() {
    for head in [
        &b"PK\x03\x04\0\0\x08\x08\0\0"[..],
        b"\x80\x02}q\0X\x01\0\0\0a",
    ] {
        let error = TempCheckpoint::from_bytes(head).open().unwrap_err();
        assert!(matches!(error, WeightsError::Pickle { .. }), "{error}");
        assert!(error.to_string().contains("convert"));
    }
}

#[test]
fn names_that_collide_without_prefixes_are_an_error() {
    let file = TempCheckpoint::new(&[
        ("ema_model.w", Dtype::F32, &[1], f32_bytes(&[1.0])),
        ("module.w", Dtype::F32, &[1], f32_bytes(&[2.0])),
    ]);
    let error = file
        .open()
        .unwrap()
        .strip_prefixes(&["ema_model.", "module."])
        .unwrap_err();
    assert!(
        matches!(&error, WeightsError::DuplicateName { name, first, second, .. }
            if name == "w" && first == "ema_model.w" && second == "module.w"),
        "{error}"
    );
}

#[test]
fn a_mismatch_names_every_missing_extra_misshapen_and_mistyped_tensor() {
    let file = TempCheckpoint::new(&[
        ("extra.1", Dtype::F32, &[1], f32_bytes(&[1.0])),
        ("extra.2", Dtype::F32, &[2], f32_bytes(&[1.0, 2.0])),
        ("integers", Dtype::I64, &[1], vec![0; 8]),
        ("turned", Dtype::F32, &[1, 2], f32_bytes(&[1.0, 2.0])),
        ("sound", Dtype::F32, &[1], f32_bytes(&[1.0])),
    ]);
    let expected = [
        TensorSpec::new("sound", [1]),
        TensorSpec::new("turned", [2, 1]),
        TensorSpec::new("integers", [1]),
        TensorSpec::new("missing.1", [4]),
        TensorSpec::new("missing.2", [5, 6]),
    ];
    let error = file.open().unwrap().check(&expected).unwrap_err();
    let WeightsError::Mismatch { path, mismatch } = &error else {
        panic!("{error}")
    };
    assert_eq!(*path, file.path);
    assert_eq!(mismatch.missing, expected[3..]);
    assert_eq!(
        mismatch.extra,
        [
            TensorSpec::new("extra.1", [1]),
            TensorSpec::new("extra.2", [2])
        ]
    );
    assert_eq!(
        mismatch.misshapen,
        [Misshapen {
            name: "turned".into(),
            expected: vec![2, 1],
            got: vec![1, 2]
        }]
    );
    assert_eq!(
        mismatch.wrong_dtype,
        [WrongDtype {
            name: "integers".into(),
            got: "I64".into()
        }]
    );
    assert_eq!(
        mismatch.to_string(),
        "2 missing (missing.1 [4], missing.2 [5, 6]); 2 extra (extra.1 [1], extra.2 [2]); \
         1 wrong shape (turned expected [2, 1], got [1, 2]); 1 wrong type (integers got I64)"
    );
    assert!(error.to_string().contains(&file.path.display().to_string()));
}

#[test]
fn an_unknown_tensor_is_an_error() {
    let error = TempCheckpoint::from_bytes(&two_weights())
        .open()
        .unwrap()
        .tensor_f32("c")
        .unwrap_err();
    assert!(
        matches!(&error, WeightsError::UnknownTensor { name, .. } if name == "c"),
        "{error}"
    );
}

#[test]
fn a_tensor_of_another_type_is_an_error() {
    let file = TempCheckpoint::new(&[("step", Dtype::I64, &[1], vec![0; 8])]);
    let error = file.open().unwrap().tensor_f32("step").unwrap_err();
    assert!(
        matches!(&error, WeightsError::Dtype { name, got, .. } if name == "step" && got == "I64"),
        "{error}"
    );
}

#[test]
fn values_that_are_not_finite_are_an_error() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let file = TempCheckpoint::new(&[("w", Dtype::F32, &[3], f32_bytes(&[1.0, bad, 2.0]))]);
        let error = file.open().unwrap().tensor_f32("w").unwrap_err();
        assert!(
            matches!(&error, WeightsError::NonFinite { name, index: 1, value, .. }
                if name == "w" && value.to_bits() == bad.to_bits()),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_shrinks_after_opening_is_an_error() {
    let file = TempCheckpoint::from_bytes(&two_weights());
    let checkpoint = file.open().unwrap();
    let length = fs::metadata(&file.path).unwrap().len();
    fs::OpenOptions::new()
        .write(true)
        .open(&file.path)
        .unwrap()
        .set_len(length - 1)
        .unwrap();
    assert!(
        checkpoint.tensor_f32("a.weight").is_ok(),
        "the part that is still there"
    );
    let error = checkpoint.tensor_f32("b.weight").unwrap_err();
    assert!(matches!(error, WeightsError::Read { .. }), "{error}");
}
