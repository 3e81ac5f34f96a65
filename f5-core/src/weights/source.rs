//! Reads the tensors of a safetensors file, piece by piece.

use std::{
    fs::File,
    sync::{Mutex, PoisonError},
};

use half::{bf16, f16, slice::HalfFloatSliceExt};
use safetensors::{Dtype, tensor::TensorInfo};

/// Memory for a piece of a tensor.
#[derive(Default)]
struct Piece {
    /// Half-precision values as the file has them.
    halves: Vec<u8>,
    values: Vec<f32>,
}

/// The file behind a safetensors checkpoint.
pub(super) struct Source {
    file: File,
    /// Where tensor bytes begin in the file.
    data_start: u64,
    /// Memory that reads went into and that waits for the next ones: fresh memory costs a page fault
    /// for every 4 KiB, more than the reading itself.
    idle: Mutex<Vec<Piece>>,
    /// Held while reading, which moves the file's position.
    #[cfg(not(unix))]
    reading: Mutex<()>,
}

impl Source {
    /// Reads tensors of `file`, whose bytes begin at `data_start`.
    pub(super) fn new(file: File, data_start: u64) -> Self {
        Self {
            file,
            data_start,
            idle: Mutex::default(),
            #[cfg(not(unix))]
            reading: Mutex::new(()),
        }
    }

    /// Reads, widens and hands over `piece` values at a time, fewer at the end.
    pub(super) fn each_f32(
        &self,
        info: &TensorInfo,
        piece: usize,
        take: &mut dyn FnMut(&[f32]),
    ) -> std::io::Result<()> {
        let (start, end) = info.data_offsets;
        let width = info.dtype.bitsize() / 8;
        let step = piece
            .max(1)
            .saturating_mul(width)
            .min(end - start)
            .max(width);
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut memory = taken.unwrap_or_default();
        let mut offsets = (start..end).step_by(step);
        let result = offsets.try_for_each(|offset| {
            let bytes = step.min(end - offset);
            let at = self.data_start + offset as u64;
            take(self.read(info.dtype, at, bytes, &mut memory)?);
            Ok(())
        });
        idle().push(memory);
        result
    }

    /// The values in `bytes` bytes of the file.
    fn read<'a>(
        &self,
        dtype: Dtype,
        at: u64,
        bytes: usize,
        memory: &'a mut Piece,
    ) -> std::io::Result<&'a [f32]> {
        let Piece { halves, values } = memory;
        if dtype == Dtype::F32 {
            values.resize(bytes / size_of::<f32>(), 0.0);
            self.read_at(bytemuck::cast_slice_mut(values), at)?;
            if cfg!(target_endian = "big") {
                for value in values.iter_mut() {
                    *value = f32::from_bits(value.to_bits().swap_bytes());
                }
            }
        } else {
            halves.resize(bytes, 0);
            self.read_at(halves, at)?;
            values.clear();
            widen(dtype, halves, values);
        }
        Ok(values)
    }

    /// Several threads read at once where the system lets them name the place.
    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, offset)
    }

    #[cfg(not(unix))]
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
        use std::io::{Seek, SeekFrom};
        // Every read seeks first, so a reader that panicked before leaves nothing behind.
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }
}

/// Whether weights may have this type; [`Source::each_f32`] knows the same three.
pub(super) fn is_accepted(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32)
}

/// Where the first value that is infinite or not a number is.
pub(super) fn first_not_finite(values: &[f32]) -> Option<usize> {
    const BLOCK: usize = 1024;
    // Whole blocks at once: a loop that may end at any value is no vector code.
    let unfit = |block: &[f32]| block.iter().fold(false, |unfit, x| unfit | !x.is_finite());
    let block = values.chunks(BLOCK).position(unfit)?;
    let within = &values[block * BLOCK..];
    let index = within.iter().position(|x| !x.is_finite());
    index.map(|index| block * BLOCK + index)
}

/// Appends the little-endian half-precision values in `bytes`.
fn widen(dtype: Dtype, bytes: &[u8], values: &mut Vec<f32>) {
    let pairs = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    if dtype == Dtype::F16 {
        // Whole slices at once: half then uses the processor's own conversion.
        let halves: Vec<f16> = pairs().map(f16::from_le_bytes).collect();
        values.extend(halves.to_f32_vec());
    } else {
        values.extend(pairs().map(|pair| bf16::from_le_bytes(pair).to_f32()));
    }
}
