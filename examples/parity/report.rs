//! Compares, prints a line a stage, counts, and keeps what was computed for `--dump`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, tensor::TensorView};

use crate::case::{Array, Failure};

/// Single stages.
pub(crate) const STAGE: f32 = 1e-4;
/// Mels, whole samples and pipelines, where errors add up.
pub(crate) const SAMPLE: f32 = 1e-3;

pub(crate) struct Report {
    case: String,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    computed: BTreeMap<String, Array>,
}

impl Report {
    pub(crate) fn new(dir: &Path) -> Self {
        let case = dir
            .file_name()
            .unwrap_or(dir.as_os_str())
            .to_string_lossy()
            .into_owned();
        Self {
            case,
            passed: 0,
            failed: 0,
            computed: BTreeMap::new(),
        }
    }

    /// Compares with `tolerance * max(1, max |expected|)`.
    pub(crate) fn compare(&mut self, stage: &str, expected: &Array, got: Array, tolerance: f32) {
        let largest = expected
            .data
            .iter()
            .fold(1.0f32, |largest, value| largest.max(value.abs()));
        self.compare_absolute(stage, expected, got, tolerance * largest);
    }

    pub(crate) fn compare_absolute(
        &mut self,
        stage: &str,
        expected: &Array,
        got: Array,
        tolerance: f32,
    ) {
        if expected.shape != got.shape {
            let reason = format!("shape {:?}, expected {:?}", got.shape, expected.shape);
            self.fail(stage, &reason);
        } else {
            let errors = expected
                .data
                .iter()
                .zip(&got.data)
                .map(|(a, b)| (a - b).abs());
            // A comparison with NaN is false, so NaN has to be looked for.
            let max = errors
                .clone()
                .fold(0.0f32, |max, e| if e.is_nan() { e } else { max.max(e) });
            let mean = errors.map(f64::from).sum::<f64>() / expected.data.len().max(1) as f64;
            let ok = max <= tolerance && !mean.is_nan();
            self.line(stage, &format!("{max:.3e} {mean:.3e} {tolerance:.3e}"), ok);
        }
        self.computed.insert(stage.to_owned(), got);
    }

    /// Reports how many of `total` comparisons were not exactly equal.
    pub(crate) fn exact(&mut self, stage: &str, wrong: usize, total: usize) {
        let mean = wrong as f64 / total.max(1) as f64;
        self.line(
            stage,
            &format!("{wrong} {mean:.3e} 0"),
            wrong == 0 && total > 0,
        );
    }

    pub(crate) fn fail(&mut self, stage: &str, reason: &str) {
        self.line(stage, &format!("- - - ({reason})"), false);
    }

    fn line(&mut self, stage: &str, numbers: &str, ok: bool) {
        println!(
            "{} {stage} {numbers} {}",
            self.case,
            if ok { "ok" } else { "FAIL" }
        );
        if ok {
            self.passed += 1
        } else {
            self.failed += 1
        }
    }

    /// Writes everything computed to `dir/<case>.safetensors`.
    pub(crate) fn dump(&self, dir: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(dir)?;
        let path: PathBuf = dir.join(format!("{}.safetensors", self.case));
        let bytes: Vec<(&String, &Array, Vec<u8>)> = self
            .computed
            .iter()
            .map(|(name, array)| {
                (
                    name,
                    array,
                    array
                        .data
                        .iter()
                        .flat_map(|value| value.to_le_bytes())
                        .collect(),
                )
            })
            .collect();
        let views = bytes
            .iter()
            .map(|(name, array, bytes)| {
                Ok((
                    name.as_str(),
                    TensorView::new(Dtype::F32, array.shape.clone(), bytes)?,
                ))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
        safetensors::serialize_to_file(views, None, &path)?;
        Ok(())
    }
}
