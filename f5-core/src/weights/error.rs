//! What can be wrong with a checkpoint.

use std::{fmt, io, path::PathBuf};

use super::TensorSpec;

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file does not exist or may not be opened.
    #[error("cannot open checkpoint {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// The file was opened, then reading failed.
    #[error("cannot read checkpoint {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// The file ends before the bytes that its header promises.
    #[error(
        "checkpoint {} is cut short: it has {got} bytes, at least {expected} are expected; \
         fetch the file again",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that the file must have, as far as it could be read.
        expected: u64,
        /// Bytes that it has.
        got: u64,
    },
    /// The file goes on after the last tensor.
    #[error(
        "checkpoint {} has {got} bytes, its header describes {expected}; fetch the file again",
        path.display()
    )]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// Bytes that the header accounts for.
        expected: u64,
        /// Bytes that the file has.
        got: u64,
    },
    /// The file begins like a safetensors file, but its header cannot be understood.
    #[error("checkpoint {} has no sound safetensors header", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What the header's reader said.
        #[source]
        source: serde_json::Error,
    },
    /// The file is one of PyTorch's own (`.pt`, `.bin`), which can carry code.
    #[error(
        "checkpoint {} is a PyTorch pickle, not a safetensors file; enable feature pickle, which \
         reads it without running it, or convert it with safetensors.torch.save_file",
        path.display()
    )]
    Pickle {
        /// The file.
        path: PathBuf,
    },
    /// One of PyTorch's own files cannot be understood.
    #[error(
        "cannot read the PyTorch pickle {}: {why}; fetch it again, or convert it with \
         safetensors.torch.save_file",
        path.display()
    )]
    Unpickle {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        why: String,
    },
    /// Two tensors have one name once their prefixes are gone.
    #[error(
        "checkpoint {} holds both {first} and {second}, which are both {name} without their \
         prefixes; keep one of the two sets of weights",
        path.display()
    )]
    DuplicateName {
        /// The file.
        path: PathBuf,
        /// The common name.
        name: String,
        /// The first tensor's full name.
        first: String,
        /// The second tensor's full name.
        second: String,
    },
    /// The tensors are not those that the network needs.
    #[error(
        "checkpoint {} does not fit the configuration: {mismatch}",
        path.display()
    )]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// Every difference.
        mismatch: Box<Mismatch>,
    },
    /// A tensor was asked for that the checkpoint does not have.
    #[error("checkpoint {} has no tensor {name}", path.display())]
    UnknownTensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// A tensor holds neither `F16`, `BF16` nor `F32` values.
    #[error(
        "tensor {name} of checkpoint {} has type {got}; F16, BF16 or F32 is needed",
        path.display()
    )]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its type, as the file calls it.
        got: String,
    },
    /// A tensor holds an infinite value or none at all, as after a training run that diverged.
    #[error("tensor {name} of checkpoint {} holds {value} at index {index}", path.display())]
    NonFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Row-major index of the first such value.
        index: usize,
        /// The value.
        value: f32,
    },
}

/// All differences between the tensors of a checkpoint and those of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// Tensors that the network needs and the checkpoint lacks.
    pub missing: Vec<TensorSpec>,
    /// Tensors of the checkpoint that the network does not know.
    pub extra: Vec<TensorSpec>,
    /// Tensors of another shape than the network needs.
    pub misshapen: Vec<Misshapen>,
    /// Tensors that hold something else than floats of 16 or 32 bits.
    pub wrong_dtype: Vec<WrongDtype>,
}

impl Mismatch {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty()
            && self.extra.is_empty()
            && self.misshapen.is_empty()
            && self.wrong_dtype.is_empty()
    }
}

/// A tensor of another shape than the network needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misshapen {
    /// The tensor.
    pub name: String,
    /// The shape that the network needs.
    pub expected: Vec<usize>,
    /// The shape in the checkpoint.
    pub got: Vec<usize>,
}

/// A tensor of a type that weights may not have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongDtype {
    /// The tensor.
    pub name: String,
    /// Its type, as the file calls it.
    pub got: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = [
            (
                "missing",
                self.missing
                    .iter()
                    .map(TensorSpec::to_string)
                    .collect::<Vec<_>>(),
            ),
            (
                "extra",
                self.extra.iter().map(TensorSpec::to_string).collect(),
            ),
            (
                "wrong shape",
                self.misshapen.iter().map(Misshapen::to_string).collect(),
            ),
            (
                "wrong type",
                self.wrong_dtype.iter().map(WrongDtype::to_string).collect(),
            ),
        ];
        let mut separator = "";
        for (kind, tensors) in groups.iter().filter(|(_, tensors)| !tensors.is_empty()) {
            write!(
                f,
                "{separator}{} {kind} ({})",
                tensors.len(),
                tensors.join(", ")
            )?;
            separator = "; ";
        }
        Ok(())
    }
}

impl fmt::Display for TensorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name, self.shape)
    }
}

impl fmt::Display for Misshapen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} expected {:?}, got {:?}",
            self.name, self.expected, self.got
        )
    }
}

impl fmt::Display for WrongDtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} got {}", self.name, self.got)
    }
}
