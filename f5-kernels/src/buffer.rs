//! Memory that begins on a cache line: a tile row that crosses one costs two loads.

use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, Zeroable};

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

// SAFETY: 64 bytes without padding, of which every pattern is valid.
#[expect(unsafe_code, reason = "bytemuck's derive does the same but is a procedural macro more to build")]
unsafe impl Zeroable for Line {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "as above")]
unsafe impl Pod for Line {}

/// A vector of numbers on whole cache lines.
#[derive(Debug, Clone, Default)]
pub struct Buffer<E> {
    lines: Vec<Line>,
    len: usize,
    element: std::marker::PhantomData<E>,
}

impl<E: Pod> Buffer<E> {
    /// `len` zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        let lines = (len * size_of::<E>()).div_ceil(size_of::<Line>());
        Self {
            lines: vec![Line::zeroed(); lines],
            len,
            element: std::marker::PhantomData,
        }
    }

    /// Makes room for at least `len` numbers; what they are is left open.
    pub fn grow(&mut self, len: usize) {
        if self.len < len {
            *self = Self::zeros(len);
        }
    }
}

impl<E: Pod> Deref for Buffer<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl<E: Pod> DerefMut for Buffer<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}
