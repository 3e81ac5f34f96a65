//! Reads a case: `case.json`, and the tensors of `io.safetensors`.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor, TensorData};
use f5_tts::DevicePreference;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) type Failure = Box<dyn Error>;

/// One folder of inputs and expected outputs.
pub(crate) struct Case {
    pub(crate) dir: PathBuf,
    pub(crate) kind: String,
    pub(crate) json: Value,
    pub(crate) tensors: BTreeMap<String, Array>,
}

/// A tensor on the host; integers become floats, which hold every id exactly.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f32>,
}

impl Case {
    pub(crate) fn read(dir: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(dir.join("case.json"))
            .map_err(|error| format!("cannot read {}: {error}", dir.join("case.json").display()))?;
        let json: Value = serde_json::from_str(&text)?;
        let kind = json["kind"]
            .as_str()
            .ok_or("case.json has no kind")?
            .to_owned();
        let io = dir.join("io.safetensors");
        let mut tensors = BTreeMap::new();
        if io.exists() {
            let bytes = fs::read(io)?;
            for (name, view) in SafeTensors::deserialize(&bytes)?.tensors() {
                let data = floats(view.dtype(), view.data())
                    .ok_or_else(|| format!("{name} has the unexpected type {:?}", view.dtype()))?;
                tensors.insert(
                    name,
                    Array {
                        shape: view.shape().to_vec(),
                        data,
                    },
                );
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            kind,
            json,
            tensors,
        })
    }

    /// Expected or input tensor `name`.
    pub(crate) fn get(&self, name: &str) -> Result<&Array, Failure> {
        self.tensors
            .get(name)
            .ok_or_else(|| format!("io.safetensors has no {name}").into())
    }

    pub(crate) fn class(&self) -> &str {
        self.json["class"].as_str().unwrap_or_default()
    }

    /// Names of the tensors that `is_input` does not claim.
    pub(crate) fn stages(&self, is_input: impl Fn(&str) -> bool) -> Vec<String> {
        self.tensors
            .keys()
            .filter(|name| !is_input(name))
            .cloned()
            .collect()
    }
}

impl Array {
    pub(crate) fn new(shape: impl Into<Vec<usize>>, data: Vec<f32>) -> Self {
        Self {
            shape: shape.into(),
            data,
        }
    }

    pub(crate) fn of<const D: usize>(tensor: Tensor<D>) -> Result<Self, Failure> {
        let shape = tensor.dims().to_vec();
        Ok(Self {
            shape,
            data: tensor.try_into_data()?.try_into_vec::<f32>()?,
        })
    }

    pub(crate) fn tensor<const D: usize>(&self, device: &Device) -> Tensor<D> {
        Tensor::from_data(
            TensorData::new(self.data.clone(), self.shape.clone()),
            device,
        )
    }

    pub(crate) fn dims<const D: usize>(&self) -> Result<[usize; D], Failure> {
        let shape = self.shape.as_slice();
        shape
            .try_into()
            .map_err(|_| format!("expected {D} axes, got shape {shape:?}").into())
    }

    /// `[1, rows, columns]` (or `[rows, columns]`) with the last two axes exchanged.
    pub(crate) fn transposed(&self) -> Self {
        let mut shape = self.shape.clone();
        let last = shape.len() - 1;
        shape.swap(last - 1, last);
        let (rows, columns) = (shape[last], shape[last - 1]);
        let data = (0..columns)
            .flat_map(|c| (0..rows).map(move |r| self.data[r * columns + c]))
            .collect();
        Self { shape, data }
    }

    /// Token ids without padding.
    pub(crate) fn ids(&self) -> Vec<i32> {
        self.data
            .iter()
            .map(|&id| id as i32)
            .filter(|&id| id >= 0)
            .collect()
    }
}

fn floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    Some(match dtype {
        Dtype::F32 => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        Dtype::I64 => bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|b| i64::from_le_bytes(*b) as f32)
            .collect(),
        Dtype::U8 | Dtype::BOOL => bytes.iter().map(|&b| f32::from(b)).collect(),
        _ => return None,
    })
}

/// The Burn device of a preference; the demo engine knows how to choose.
pub(crate) fn device(preference: DevicePreference) -> Result<Device, Failure> {
    Ok(f5_tts::open_device(preference)?.device)
}

/// The SHA-256 of `bytes`, as cases write it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
