//! Reads the tensors of a safetensors file, block by block.

use std::fs::File;
#[cfg(not(unix))]
use std::{
    io::Read,
    sync::{Mutex, PoisonError},
};

use half::{bf16, f16, slice::HalfFloatSliceExt};
use safetensors::{Dtype, tensor::TensorInfo};

/// Bytes converted at a time; a multiple of every accepted element size.
const BLOCK_BYTES: usize = 64 * 1024;

/// The file behind a safetensors checkpoint.
pub(super) struct Source {
    file: File,
    /// Where tensor bytes begin in the file.
    data_start: u64,
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
            #[cfg(not(unix))]
            reading: Mutex::new(()),
        }
    }

    /// Reads and widens block by block, so that only the result is as large as the tensor.
    pub(super) fn append_f32(
        &self,
        info: &TensorInfo,
        values: &mut Vec<f32>,
    ) -> std::io::Result<()> {
        let (start, end) = info.data_offsets;
        values.reserve((end - start) / (info.dtype.bitsize() / 8));
        let mut block = vec![0_u32; BLOCK_BYTES.min(end - start).div_ceil(size_of::<u32>())];
        for offset in (start..end).step_by(BLOCK_BYTES) {
            let count = BLOCK_BYTES.min(end - offset);
            let bytes = &mut bytemuck::cast_slice_mut(&mut block)[..count];
            self.read_at(bytes, self.data_start + offset as u64)?;
            if info.dtype == Dtype::F32 {
                let quads = block[..count / size_of::<u32>()].iter();
                values.extend(quads.map(|quad| f32::from_bits(u32::from_le(*quad))));
            } else {
                widen(info.dtype, bytes, values);
            }
        }
        Ok(())
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

/// Whether weights may have this type; [`Source::append_f32`] knows the same three.
pub(super) fn is_accepted(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32)
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
