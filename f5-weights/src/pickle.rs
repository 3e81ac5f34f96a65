//! PyTorch's own files (`.pt`, `.bin`), read without running what they hold: the pickle is taken
//! apart by burn-store's reader, which knows tensors, containers and numbers and refuses the rest.

use std::{
    collections::BTreeMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use burn::{
    store::{ModuleStore, PytorchStore, burn_pack},
    tensor::{DType, TensorData},
};
use f5_core::panics::panic_message;
use f5_core::weights::{Checkpoint, ReadTensor, StoredTensor, WeightsError};

/// Names under which training programs keep one of several sets of weights, the wanted one first:
/// averaged weights of F5-TTS, plain ones, those of other trainers, BigVGAN's.
const SETS: [&str; 4] = [
    "ema_model_state_dict.",
    "model_state_dict.",
    "state_dict.",
    "generator.",
];

/// Opens one of PyTorch's own files.
pub(super) fn open(path: &Path) -> Result<Checkpoint, WeightsError> {
    let failed = |why: String| WeightsError::Unpickle {
        path: path.to_owned(),
        why,
    };
    // The reader is not ours and panics on some damaged files.
    let found = guarded(|| {
        let mut store = PytorchStore::from_file(path).map_indices_contiguous(false);
        let tensors = store.get_all_tensors().map_err(|error| error.to_string())?;
        Ok(tensors.clone())
    })
    .map_err(failed)?;
    let set = SETS
        .iter()
        .find(|set| found.keys().any(|name| name.starts_with(**set)));
    let tensors: BTreeMap<String, StoredTensor> = found
        .into_iter()
        .filter_map(|(name, tensor)| {
            let name = match set {
                Some(set) => name.strip_prefix(set)?.to_owned(),
                None => name,
            };
            Some((name, stored(tensor)))
        })
        .collect();
    if tensors.is_empty() {
        return Err(failed("it holds no tensors".to_owned()));
    }
    Ok(Checkpoint::from_tensors(path, tensors))
}

fn stored(tensor: burn_pack::Tensor) -> StoredTensor {
    let dtype = tensor.dtype;
    let shape = tensor.shape.to_vec();
    let accepted = matches!(dtype, DType::F16 | DType::BF16 | DType::F32);
    let read = move |piece: usize, take: &mut dyn FnMut(&[f32])| {
        let values = guarded(|| {
            let bytes = tensor.to_bytes().map_err(|error| error.to_string())?;
            TensorData::from_bytes(bytes, tensor.shape.clone(), dtype)
                .convert::<f32>()
                .try_into_vec::<f32>()
                .map_err(|error| format!("{error:?}"))
        })
        .map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
        values.chunks(piece.max(1)).for_each(take);
        Ok(())
    };
    StoredTensor {
        shape,
        dtype: format!("{dtype:?}"),
        read: accepted.then(|| Box::new(read) as ReadTensor),
    }
}

/// Runs the reader; a panic in it becomes a message.
fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        Err(format!(
            "its reader broke off: {}",
            panic_message(payload.as_ref())
        ))
    })
}
