//! Which positions of a batch are padding.

use burn::tensor::{Bool, Device, Tensor, TensorData};

/// Which positions of a batch are padding.
#[derive(Debug, Clone, Default)]
pub struct BatchMask {
    /// Positions to zero, `[rows, positions, 1]`; `None` when no row is padded.
    pub padding: Option<Tensor<3, Bool>>,
    /// Keys that attention must not see, `[rows, 1, 1, positions]`.
    pub keys: Option<Tensor<4, Bool>>,
}

impl BatchMask {
    /// Rows of these lengths in a batch of `positions`; with `hide_keys`, attention does not see what
    /// comes after a row's end.
    pub(crate) fn new(
        lengths: &[usize],
        positions: usize,
        hide_keys: bool,
        device: &Device,
    ) -> Self {
        let rows = lengths.len();
        let padding: Vec<bool> = lengths
            .iter()
            .flat_map(|&length| (0..positions).map(move |position| position >= length))
            .collect();
        let padding = TensorData::new(padding, [rows, positions, 1]);
        let padding = Tensor::<3, Bool>::from_data(padding, device);
        let keys = hide_keys.then(|| padding.clone().reshape([rows, 1, 1, positions]));
        Self {
            padding: Some(padding),
            keys,
        }
    }
}
