//! Memory that begins on a cache line: a tile row that crosses one costs two loads.

use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

use bytemuck::{Pod, Zeroable};

#[derive(Debug, Clone, Copy, Zeroable, Pod)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// A vector of numbers on whole cache lines.
#[derive(Debug)]
pub struct Buffer<E> {
    lines: Vec<Line>,
    len: usize,
    element: PhantomData<E>,
}

impl<E: Pod> Buffer<E> {
    /// `len` zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        let lines = (len * size_of::<E>()).div_ceil(size_of::<Line>());
        Self {
            // From the system, which has zeros: nothing is written here.
            lines: bytemuck::zeroed_vec(lines),
            len,
            element: PhantomData,
        }
    }

    /// Makes room for at least `len` numbers; what they are is left open.
    pub fn grow(&mut self, len: usize) {
        if self.len < len {
            *self = Self::zeros(len);
        }
    }
}

impl<E> Default for Buffer<E> {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            len: 0,
            element: PhantomData,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_begins_on_a_line_and_is_zero() {
        for len in [0, 1, 15, 1000, 1 << 20] {
            let mut buffer = Buffer::<f32>::zeros(len);
            assert_eq!(buffer.len(), len);
            assert!(buffer.as_ptr().addr().is_multiple_of(64) && buffer.iter().all(|&x| x == 0.0));
            buffer.fill(1.0);
            assert!(buffer.iter().all(|&x| x == 1.0));
        }
    }

    #[test]
    fn growing_never_shrinks() {
        let mut buffer = Buffer::<u16>::default();
        buffer.grow(10);
        buffer.grow(3);
        assert_eq!(buffer.len(), 10);
    }
}
