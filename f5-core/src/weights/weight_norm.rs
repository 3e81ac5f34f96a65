//! Weight normalisation ([Salimans & Kingma](https://arxiv.org/abs/1602.07868)), undone while a
//! checkpoint is read: a trained network needs the product alone.

use std::collections::BTreeMap;

use super::{Checkpoint, ReadTensor, StoredTensor};

/// Names of length and direction of a tensor `weight`, as PyTorch's older and newer modules call them.
const NAMES: [(&str, &str); 2] = [
    ("weight_g", "weight_v"),
    (
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ),
];

impl Checkpoint {
    /// Shows each pair of length `weight_g`, `[outer, 1, …]`, and direction `weight_v`,
    /// `[outer, inner, …]`, as the one tensor `weight` that they stand for, `g * v / |v|` with the norm
    /// over all axes but the first; also under the names of PyTorch's parametrizations. Pairs that do
    /// not belong together stay as they are, for [`check`](Self::check) to find.
    #[must_use]
    pub fn fuse_weight_norm(mut self) -> Self {
        for (length, direction) in NAMES {
            let layers: Vec<String> = self
                .tensors
                .keys()
                .filter_map(|name| name.strip_suffix(length).map(str::to_owned))
                .collect();
            for layer in layers {
                fuse(&mut self.tensors, &layer, length, direction);
            }
        }
        self
    }
}

fn fuse(tensors: &mut BTreeMap<String, StoredTensor>, layer: &str, length: &str, direction: &str) {
    let names = [format!("{layer}{length}"), format!("{layer}{direction}")];
    let weight = format!("{layer}weight");
    let fits = match names.each_ref().map(|name| tensors.get(name)) {
        [Some(g), Some(v)] => belongs(&g.shape, &v.shape),
        _ => false,
    };
    if !fits || tensors.contains_key(&weight) {
        return;
    }
    if let [Some(g), Some(v)] = names.map(|name| tensors.remove(&name)) {
        tensors.insert(weight, product(g, v));
    }
}

/// Whether there is one length for each row of directions.
fn belongs(g: &[usize], v: &[usize]) -> bool {
    match (g, v) {
        ([g_outer, g_inner @ ..], [v_outer, ..]) => {
            g_outer == v_outer && g.len() == v.len() && g_inner.iter().all(|&extent| extent == 1)
        }
        _ => false,
    }
}

fn product(g: StoredTensor, v: StoredTensor) -> StoredTensor {
    let shape = v.shape;
    let inner = shape[1..].iter().product::<usize>().max(1);
    // A type that weights may not have is told of the one tensor that callers know.
    let dtype = if g.read.is_none() { g.dtype } else { v.dtype };
    let read = g.read.zip(v.read).map(|(read_g, read_v)| {
        Box::new(move |piece: usize, take: &mut dyn FnMut(&[f32])| {
            let (mut lengths, mut values) = (Vec::new(), Vec::new());
            read_g(usize::MAX, &mut |read| lengths.extend_from_slice(read))?;
            read_v(usize::MAX, &mut |read| values.extend_from_slice(read))?;
            for (row, length) in values.chunks_exact_mut(inner).zip(lengths) {
                let squares = row.iter().map(|&x| f64::from(x).powi(2));
                let factor = f64::from(length) / squares.sum::<f64>().sqrt();
                for x in row {
                    *x = (f64::from(*x) * factor) as f32;
                }
            }
            values.chunks(piece.max(1)).for_each(take);
            Ok(())
        }) as ReadTensor
    });
    StoredTensor { shape, dtype, read }
}
