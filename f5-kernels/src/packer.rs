//! Weights that are packed while they arrive.

use crate::{
    gemm::{Kernel, PANEL, Panels},
    linear::Linear,
};

/// Packs the weights of a [`Linear`] piece by piece, so that a matrix that comes from a file never lies
/// in memory unpacked.
///
/// ```
/// use f5_kernels::{Cpu, F32, Packer};
///
/// // Two outputs of three inputs.
/// let mut packer = Packer::new(F32(Cpu::detect()?), 3, 2);
/// packer.push(&[1.0, 0.0]);
/// packer.push(&[0.0, 0.0, 2.0, 1.0]);
/// let layer = packer.finish(vec![0.0, 10.0]);
/// assert_eq!((layer.inputs(), layer.outputs()), (3, 2));
/// # Ok::<(), f5_kernels::ParseIsaError>(())
/// ```
#[derive(Debug)]
pub struct Packer<K: Kernel> {
    kernel: K,
    panels: Panels<K::Element>,
    inputs: usize,
    /// Weights that were pushed.
    pushed: usize,
    /// Those of a panel that is not complete.
    rest: Vec<f32>,
}

impl<K: Kernel> Packer<K> {
    /// Waits for `[outputs, inputs]` weights.
    #[must_use]
    pub fn new(kernel: K, inputs: usize, outputs: usize) -> Self {
        Self {
            kernel,
            panels: Panels::zeros(kernel.padded(inputs), outputs),
            inputs,
            pushed: 0,
            rest: Vec::new(),
        }
    }

    /// Weights of one panel: pieces of this many are packed from where they are.
    #[must_use]
    pub fn piece(&self) -> usize {
        (self.inputs * PANEL).max(1)
    }

    /// The next weights, row-major.
    ///
    /// # Panics
    ///
    /// When there are more than were announced.
    pub fn push(&mut self, weights: &[f32]) {
        let all = self.inputs * self.panels.outputs();
        assert!(
            weights.len() <= all - self.pushed,
            "more weights than the matrix has"
        );
        let piece = self.piece();
        let mut left = weights;
        while !left.is_empty() {
            // The last panel may have fewer rows.
            let panel = self.pushed / piece * piece;
            let missing = piece.min(all - panel) - self.rest.len();
            let (now, later) = left.split_at(missing.min(left.len()));
            self.pushed += now.len();
            left = later;
            if now.len() < missing {
                self.rest.extend_from_slice(now);
                break;
            }
            let whole = if self.rest.is_empty() {
                now
            } else {
                self.rest.extend_from_slice(now);
                &self.rest
            };
            let target = self.panels.panel_mut(panel / piece);
            self.kernel.pack_panel(whole, self.inputs, target);
            self.rest.clear();
        }
    }

    /// The layer; `bias` may be empty.
    ///
    /// # Panics
    ///
    /// When weights are missing, or the number of biases is not that of outputs.
    #[must_use]
    pub fn finish(self, bias: Vec<f32>) -> Linear<K> {
        let all = self.inputs * self.panels.outputs();
        assert_eq!(self.pushed, all, "weights are no matrix");
        Linear::packed(self.kernel, self.panels, self.inputs, bias)
    }
}
