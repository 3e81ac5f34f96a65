//! Checkpoint files: a checked, lazy view of a safetensors file, without a tensor library. Other
//! formats can be shown through the same view.
//!
//! [`Checkpoint::open`] reads the header alone; [`Checkpoint::check`] holds it against the tensors
//! that a network needs and names everything that does not fit; [`Checkpoint::tensor_f32`] then
//! reads one tensor at a time, so that a file of 1.3 GB never lies in memory a second time.
//!
//! ```no_run
//! use f5_core::weights::{Checkpoint, TensorSpec};
//!
//! # fn main() -> Result<(), f5_core::weights::WeightsError> {
//! let checkpoint = Checkpoint::open("model_1250000.safetensors")?
//!     .strip_prefixes(&["module.", "_orig_mod.", "ema_model.", "transformer."])?
//!     .ignore(|name| matches!(name, "initted" | "step") || name.starts_with("mel_spec."));
//! checkpoint.check(&[TensorSpec::new("proj_out.weight", [100, 1024])])?;
//! let weight: Vec<f32> = checkpoint.tensor_f32("proj_out.weight")?;
//! # Ok(())
//! # }
//! ```

mod error;
mod source;
#[cfg(test)]
mod tests;
mod weight_norm;

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use safetensors::tensor::{Metadata, TensorInfo};

use source::{Source, first_not_finite, is_accepted};

pub use error::{Mismatch, Misshapen, WeightsError, WrongDtype};

/// Bytes of the little-endian header length that opens a safetensors file.
const LENGTH_BYTES: u64 = 8;
/// Values that are read at a time where the caller leaves that open.
const PIECE: usize = 16 * 1024;
/// The largest header that the format's reference reader accepts.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Name and shape of one tensor, as the checkpoint has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorSpec {
    /// Name, without the prefixes that [`Checkpoint::strip_prefixes`] removed.
    pub name: String,
    /// Extent of every axis, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
}

impl TensorSpec {
    /// A tensor called `name` with the extents `shape`.
    #[must_use]
    pub fn new(name: impl Into<String>, shape: impl Into<Vec<usize>>) -> Self {
        Self {
            name: name.into(),
            shape: shape.into(),
        }
    }
}

/// An open checkpoint whose header has been read and found sound.
///
/// Tensors are read when they are asked for. A safetensors file stays open, so one that is replaced
/// on disk meanwhile (by renaming, as downloads do) does no harm.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    /// Tensors by name as callers see it.
    tensors: BTreeMap<String, StoredTensor>,
}

/// A tensor of a checkpoint in any format, not read yet.
pub struct StoredTensor {
    /// Extent of every axis, outermost first.
    pub shape: Vec<usize>,
    /// Type of its values, as the file calls it.
    pub dtype: String,
    /// Gives its values; `None` if they are of a type that weights may not have.
    pub read: Option<ReadTensor>,
}

/// Hands over the values of one tensor in row-major order, as `f32`, so many at a time and fewer at
/// the end.
pub type ReadTensor =
    Box<dyn Fn(usize, &mut dyn FnMut(&[f32])) -> std::io::Result<()> + Send + Sync>;

impl fmt::Debug for StoredTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.dtype, self.shape)
    }
}

impl Checkpoint {
    /// Opens a safetensors file and reads its header.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Open`] and [`WeightsError::Read`] if the file system refuses,
    /// [`WeightsError::Pickle`] for PyTorch's own format, [`WeightsError::Header`] if the header is
    /// no safetensors header, [`WeightsError::Truncated`] and [`WeightsError::TrailingBytes`] if the
    /// file's length is not what the header declares.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref().to_path_buf();
        let open = |source| WeightsError::Open {
            path: path.clone(),
            source,
        };
        let read = |source| WeightsError::Read {
            path: path.clone(),
            source,
        };
        let header = |source| WeightsError::Header {
            path: path.clone(),
            source,
        };

        let mut file = File::open(&path).map_err(open)?;
        let got = file.metadata().map_err(open)?.len();
        if got < LENGTH_BYTES {
            return Err(WeightsError::Truncated {
                path,
                expected: LENGTH_BYTES,
                got,
            });
        }
        let mut length = [0; LENGTH_BYTES as usize];
        file.read_exact(&mut length).map_err(read)?;
        if is_pickle(&length) {
            return Err(WeightsError::Pickle { path });
        }
        let header_bytes = u64::from_le_bytes(length);
        if header_bytes > MAX_HEADER_BYTES {
            return Err(header(serde::de::Error::custom(format_args!(
                "a header of {header_bytes} bytes is declared, at most {MAX_HEADER_BYTES} are allowed"
            ))));
        }
        let data_start = LENGTH_BYTES + header_bytes;
        if got < data_start {
            return Err(WeightsError::Truncated {
                path,
                expected: data_start,
                got,
            });
        }
        let mut json = vec![0; header_bytes as usize];
        file.read_exact(&mut json).map_err(read)?;
        // Checks, too, that the tensors lie side by side and fit their shapes and types.
        let metadata: Metadata = serde_json::from_slice(&json).map_err(header)?;

        let expected = data_start.saturating_add(metadata.data_len() as u64);
        if got < expected {
            return Err(WeightsError::Truncated {
                path,
                expected,
                got,
            });
        }
        if got > expected {
            return Err(WeightsError::TrailingBytes {
                path,
                expected,
                got,
            });
        }
        let source = Arc::new(Source::new(file, data_start));
        let stored = |info: &TensorInfo| {
            let (source, owned) = (Arc::clone(&source), info.clone());
            let read = move |piece: usize, take: &mut dyn FnMut(&[f32])| {
                source.each_f32(&owned, piece, take)
            };
            StoredTensor {
                shape: info.shape.clone(),
                dtype: info.dtype.to_string(),
                read: is_accepted(info.dtype).then(|| Box::new(read) as ReadTensor),
            }
        };
        let tensors = metadata.tensors().into_iter();
        let tensors = tensors.map(|(name, info)| (name, stored(info))).collect();
        Ok(Self { path, tensors })
    }

    /// A checkpoint of another format, whose header somebody else has read and found sound.
    #[must_use]
    pub fn from_tensors(path: impl Into<PathBuf>, tensors: BTreeMap<String, StoredTensor>) -> Self {
        Self {
            path: path.into(),
            tensors,
        }
    }

    /// Removes every leading run of `prefixes`, in whichever order they are chained, from all names.
    ///
    /// Training wrappers leave such prefixes behind: `module.` (data parallel), `_orig_mod.`
    /// (compiled), `ema_model.` (averaged weights), `transformer.` (the backbone inside the flow
    /// matching model). A prefix that is the whole name stays.
    ///
    /// # Errors
    ///
    /// [`WeightsError::DuplicateName`] if two tensors end up with one name, as in a file that holds
    /// plain and averaged weights side by side.
    pub fn strip_prefixes(mut self, prefixes: &[&str]) -> Result<Self, WeightsError> {
        let mut origins: BTreeMap<String, String> = BTreeMap::new();
        let mut stripped = BTreeMap::new();
        for (name, info) in std::mem::take(&mut self.tensors) {
            let short = strip(&name, prefixes).to_owned();
            if let Some(first) = origins.insert(short.clone(), name.clone()) {
                return Err(WeightsError::DuplicateName {
                    path: self.path,
                    name: short,
                    first,
                    second: name,
                });
            }
            stripped.insert(short, info);
        }
        self.tensors = stripped;
        Ok(self)
    }

    /// Forgets every tensor whose name `ignorable` accepts: counters and buffers that a network
    /// computes itself.
    #[must_use]
    pub fn ignore(mut self, ignorable: impl Fn(&str) -> bool) -> Self {
        self.tensors.retain(|name, _| !ignorable(name));
        self
    }

    /// Holds the checkpoint against `expected`: the same names, the same shapes, float values.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Mismatch`], which names every tensor that is missing, extra, of another
    /// shape or not of an accepted type.
    pub fn check(&self, expected: &[TensorSpec]) -> Result<(), WeightsError> {
        let mut mismatch = Mismatch::default();
        let mut extra: BTreeMap<&String, &StoredTensor> = self.tensors.iter().collect();
        for spec in expected {
            let Some(info) = extra.remove(&spec.name) else {
                mismatch.missing.push(spec.clone());
                continue;
            };
            if info.shape != spec.shape {
                mismatch.misshapen.push(Misshapen {
                    name: spec.name.clone(),
                    expected: spec.shape.clone(),
                    got: info.shape.clone(),
                });
            }
            if info.read.is_none() {
                mismatch.wrong_dtype.push(WrongDtype {
                    name: spec.name.clone(),
                    got: info.dtype.clone(),
                });
            }
        }
        mismatch.extra = extra
            .into_iter()
            .map(|(name, info)| TensorSpec::new(name, &*info.shape))
            .collect();
        if mismatch.is_empty() {
            return Ok(());
        }
        Err(WeightsError::Mismatch {
            path: self.path.clone(),
            mismatch: Box::new(mismatch),
        })
    }

    /// Reads the tensor `name` in row-major order, half-precision values widened to `f32`.
    ///
    /// # Errors
    ///
    /// [`WeightsError::UnknownTensor`] and [`WeightsError::Dtype`] if there is no such float tensor,
    /// [`WeightsError::Read`] if the file system refuses, [`WeightsError::NonFinite`] if a value is
    /// infinite or not a number, which would silence or destroy everything computed from it.
    pub fn tensor_f32(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        let mut values = Vec::new();
        self.append_f32(name, &mut values)?;
        Ok(values)
    }

    /// As [`tensor_f32`](Self::tensor_f32), after what `values` holds already: into memory that is used
    /// again, or behind a tensor that belongs in front of it. On an error `values` is as it was.
    ///
    /// # Errors
    ///
    /// As [`tensor_f32`](Self::tensor_f32).
    pub fn append_f32(&self, name: &str, values: &mut Vec<f32>) -> Result<(), WeightsError> {
        let start = values.len();
        let shape = self.shape(name).unwrap_or(&[]).iter();
        let len = shape.fold(1, |len: usize, extent| len.saturating_mul(*extent));
        // A shape that promises more than memory holds ends in what the reader says to it.
        let _ = values.try_reserve(len);
        let result = self.each_f32(name, PIECE, |piece| values.extend_from_slice(piece));
        if result.is_err() {
            values.truncate(start);
        }
        result
    }

    /// As [`tensor_f32`](Self::tensor_f32), `piece` values at a time, fewer at the end: for weights that
    /// are turned into something else while they are still in the processor's cache. On an error some
    /// pieces have been handed over; all of them were finite.
    ///
    /// # Errors
    ///
    /// As [`tensor_f32`](Self::tensor_f32).
    pub fn each_f32(
        &self,
        name: &str,
        piece: usize,
        mut take: impl FnMut(&[f32]),
    ) -> Result<(), WeightsError> {
        let info = self
            .tensors
            .get(name)
            .ok_or_else(|| WeightsError::UnknownTensor {
                path: self.path.clone(),
                name: name.to_owned(),
            })?;
        let read = info.read.as_ref().ok_or_else(|| WeightsError::Dtype {
            path: self.path.clone(),
            name: name.to_owned(),
            got: info.dtype.clone(),
        })?;
        let (mut index, mut unfit) = (0, None);
        let result = read(piece, &mut |values| {
            if unfit.is_some() {
                return;
            }
            match first_not_finite(values) {
                Some(at) => unfit = Some((index + at, values[at])),
                None => take(values),
            }
            index += values.len();
        });
        match (result, unfit) {
            (_, Some((index, value))) => Err(WeightsError::NonFinite {
                path: self.path.clone(),
                name: name.to_owned(),
                index,
                value,
            }),
            (Err(source), None) => Err(WeightsError::Read {
                path: self.path.clone(),
                source,
            }),
            (Ok(()), None) => Ok(()),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Name and shape of every tensor that is left after stripping and ignoring, by name.
    pub fn tensors(&self) -> impl Iterator<Item = TensorSpec> + '_ {
        self.tensors
            .iter()
            .map(|(name, info)| TensorSpec::new(name, &*info.shape))
    }

    /// Shape of the tensor `name`, if there is one.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|info| &*info.shape)
    }
}

/// `name` without its leading run of `prefixes`.
fn strip<'a>(mut name: &'a str, prefixes: &[&str]) -> &'a str {
    while let Some(rest) = prefixes
        .iter()
        .filter(|prefix| !prefix.is_empty())
        .find_map(|prefix| name.strip_prefix(prefix))
        .filter(|rest| !rest.is_empty())
    {
        name = rest;
    }
    name
}

/// Whether a file opens like PyTorch's: a zip archive, or the bare pickle of older releases.
fn is_pickle(head: &[u8; LENGTH_BYTES as usize]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"\x80\x02")
}
