//! Resampling of audio that arrives in pieces, with any ratio, through rubato.

use rubato::{
    Async, FixedAsync, Indexing, Resampler, SincInterpolationParameters, WindowFunction,
    audioadapter_buffers::direct::SequentialSlice,
};

use crate::audio::AudioError;

/// Input samples handed to rubato at a time.
const BLOCK: usize = 1024;

/// Taps of the filter.
const FILTER_LEN: usize = 256;

/// Converts a stream of mono audio; the output lasts as long as the input and is aligned with it to
/// half an output sample.
///
/// Its filter is longer than that of [`SincResampler`](super::SincResampler) and it takes any
/// ratio. It is not the filter upstream prepares references with.
///
/// ```
/// use f5_core::audio::resample::StreamResampler;
///
/// # fn main() -> Result<(), f5_core::audio::AudioError> {
/// let mut resampler = StreamResampler::new(24_000, 48_000)?;
/// let mut out = Vec::new();
/// for chunk in [vec![0.5; 700], vec![0.5; 1301]] {
///     out.extend(resampler.push(&chunk)?);
/// }
/// out.extend(resampler.finish()?);
/// assert_eq!(out.len(), 2 * 2001);
/// # Ok(())
/// # }
/// ```
pub struct StreamResampler {
    inner: Async<f32>,
    /// Output samples per input sample.
    ratio: f64,
    /// Input not yet handed on, always less than [`BLOCK`].
    pending: Vec<f32>,
    /// Room for one block of output.
    block: Vec<f32>,
    /// Leading output samples still to be dropped: the delay of the filter.
    delay: usize,
    consumed: u64,
    produced: u64,
}

impl StreamResampler {
    /// A resampler between two rates.
    ///
    /// # Errors
    ///
    /// [`AudioError::ZeroSampleRate`], or [`AudioError::ResamplerSetup`] for a ratio rubato refuses.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, AudioError> {
        if from_hz == 0 || to_hz == 0 {
            return Err(AudioError::ZeroSampleRate);
        }
        Self::with_ratio(f64::from(to_hz) / f64::from(from_hz))
    }

    /// A resampler that makes `ratio` output samples of every input sample.
    ///
    /// # Errors
    ///
    /// [`AudioError::ResamplerSetup`] for a ratio that is not a positive number.
    pub fn with_ratio(ratio: f64) -> Result<Self, AudioError> {
        let window = WindowFunction::BlackmanHarris2;
        let parameters = SincInterpolationParameters::new(FILTER_LEN, window);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, BLOCK, 1, FixedAsync::Input)
            .map_err(|source| AudioError::ResamplerSetup { ratio, source })?;
        // Half the filter, less the one output sample that rubato is ahead of it.
        let delay = (FILTER_LEN as f64 / 2.0 * ratio - 1.0).round().max(0.0) as usize;
        let block = vec![0.0; inner.output_frames_max()];
        let pending = Vec::with_capacity(BLOCK);
        Ok(Self {
            inner,
            ratio,
            pending,
            block,
            delay,
            consumed: 0,
            produced: 0,
        })
    }

    /// Takes input and returns the output that is ready.
    ///
    /// # Errors
    ///
    /// [`AudioError::Resampler`] if rubato fails.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<f32>, AudioError> {
        self.consumed += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        let pending = std::mem::take(&mut self.pending);
        let mut blocks = pending.chunks_exact(BLOCK);
        let mut out = Vec::new();
        for block in &mut blocks {
            self.process(block, &mut out)?;
        }
        self.pending.extend_from_slice(blocks.remainder());
        Ok(out)
    }

    /// Ends the stream and returns what is left, so that all output together has
    /// `ceil(input * ratio)` samples.
    ///
    /// # Errors
    ///
    /// [`AudioError::Resampler`] if rubato fails.
    pub fn finish(mut self) -> Result<Vec<f32>, AudioError> {
        // Rounding noise of the ratio must not add a sample where the product is whole.
        let wanted = (self.consumed as f64 * self.ratio - 1e-6).ceil().max(0.0) as u64;
        let last = std::mem::take(&mut self.pending);
        let mut out = Vec::new();
        self.process(&last, &mut out)?;
        while self.produced < wanted {
            self.process(&[], &mut out)?;
        }
        let surplus = self.produced.saturating_sub(wanted) as usize;
        out.truncate(out.len().saturating_sub(surplus));
        Ok(out)
    }

    /// Hands on one block; one shorter than [`BLOCK`] is filled with silence.
    fn process(&mut self, block: &[f32], out: &mut Vec<f32>) -> Result<(), AudioError> {
        let mut input = [0.0; BLOCK];
        input[..block.len()].copy_from_slice(block);
        let produced = run(&mut self.inner, &input, &mut self.block)
            .map_err(|source| AudioError::Resampler { source })?;
        let dropped = self.delay.min(produced);
        self.delay -= dropped;
        self.produced += (produced - dropped) as u64;
        out.extend_from_slice(&self.block[dropped..produced]);
        Ok(())
    }
}

impl std::fmt::Debug for StreamResampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamResampler")
            .field("ratio", &self.ratio)
            .field("consumed", &self.consumed)
            .field("produced", &self.produced)
            .finish_non_exhaustive()
    }
}

/// One block through rubato; returns how many samples it made.
fn run(
    inner: &mut Async<f32>,
    input: &[f32],
    output: &mut [f32],
) -> Result<usize, rubato::ResampleError> {
    let (frames_in, frames_out) = (input.len(), output.len());
    let too_small = |expected| {
        move |_| rubato::ResampleError::InsufficientInputBufferSize {
            expected,
            actual: expected,
        }
    };
    let input = SequentialSlice::new(input, 1, frames_in).map_err(too_small(frames_in))?;
    let mut output =
        SequentialSlice::new_mut(output, 1, frames_out).map_err(too_small(frames_out))?;
    let (_, produced) = inner.process_into_buffer(&input, &mut output, None::<&Indexing>)?;
    Ok(produced)
}
