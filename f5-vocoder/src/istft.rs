//! Inverse short-time Fourier transform on the host.
//!
//! As `torch.istft` and Vocos' own variant for "same" padding compute it: inverse real transform of
//! every frame, periodic Hann window, overlap-add, division by the summed squares of the windows.

use std::{f64::consts::TAU, fmt, ops::Range, sync::Arc};

use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, num_complex::Complex32};

use crate::vocos::Padding;

/// A planned inverse transform; cheap to clone.
#[derive(Clone)]
pub(crate) struct Istft {
    inverse: Arc<dyn ComplexToReal<f32>>,
    /// Periodic Hann window of `n_fft` samples.
    window: Vec<f32>,
    hop_length: usize,
    padding: Padding,
}

impl Istft {
    /// Plans for frames of `n_fft` samples, `hop_length` apart; a [`crate::VocosConfig`] has checked both.
    pub(crate) fn new(n_fft: usize, hop_length: usize, padding: Padding) -> Self {
        let hann = |n| (0.5 - 0.5 * (TAU * n as f64 / n_fft as f64).cos()) as f32;
        Self {
            inverse: RealFftPlanner::new().plan_fft_inverse(n_fft),
            window: (0..n_fft).map(hann).collect(),
            hop_length,
            padding,
        }
    }

    /// Samples that `frames` frames make.
    pub(crate) fn samples_for(&self, frames: usize) -> usize {
        match self.padding {
            Padding::Center => frames.saturating_sub(1) * self.hop_length,
            // Frames overlap by `n_fft - hop_length`; what is trimmed off rounds down at each end.
            Padding::Same if frames == 0 => 0,
            Padding::Same => (frames - 1) * self.hop_length + self.n_fft() - 2 * self.trim(),
        }
    }

    /// Turns `frames` frames into samples; `fill` writes the `n_fft / 2 + 1` bins of the frame whose
    /// index it is given. Imaginary parts of the first and the last bin are ignored.
    ///
    /// Frames are transformed on rayon's current threads, in runs of a fixed length whose overlaps are
    /// added up in order: samples do not depend on the number of threads.
    pub(crate) fn synthesize(
        &self,
        frames: usize,
        fill: impl Fn(usize, &mut [Complex32]) + Sync,
    ) -> Vec<f32> {
        const RUN: usize = 32;
        let length = |frames: usize| frames.saturating_sub(1) * self.hop_length + self.n_fft();
        let runs: Vec<Vec<f32>> = (0..frames.div_ceil(RUN))
            .into_par_iter()
            .map(|run| {
                let first = run * RUN;
                let count = RUN.min(frames - first);
                self.overlap_add(first..first + count, length(count), &fill)
            })
            .collect();
        let mut sum = vec![0.0_f32; length(frames)];
        for (run, samples) in runs.iter().enumerate() {
            for (sum, sample) in sum[run * RUN * self.hop_length..].iter_mut().zip(samples) {
                *sum += sample;
            }
        }
        let mut envelope = vec![0.0_f32; length(frames)];
        for index in 0..frames {
            let overlap = envelope[index * self.hop_length..].iter_mut();
            for (envelope, window) in overlap.zip(&self.window) {
                *envelope += window * window;
            }
        }
        let kept = self.trim()..(self.trim() + self.samples_for(frames));
        sum[kept.clone()]
            .iter()
            .zip(&envelope[kept])
            .map(|(sum, envelope)| sum / envelope)
            .collect()
    }

    /// The windowed samples of some frames, added up.
    fn overlap_add(
        &self,
        frames: Range<usize>,
        length: usize,
        fill: &(impl Fn(usize, &mut [Complex32]) + Sync),
    ) -> Vec<f32> {
        let n_fft = self.n_fft();
        let mut sum = vec![0.0_f32; length];
        let mut spectrum = self.inverse.make_input_vec();
        let mut frame = self.inverse.make_output_vec();
        let mut scratch = self.inverse.make_scratch_vec();
        // The transform leaves out the division by its length.
        let scale = 1.0 / n_fft as f32;
        for (position, index) in frames.enumerate() {
            fill(index, &mut spectrum);
            // A real signal has none; the transform insists.
            spectrum[0].im = 0.0;
            spectrum[n_fft / 2].im = 0.0;
            self.inverse
                .process_with_scratch(&mut spectrum, &mut frame, &mut scratch)
                .expect("the buffers are the plan's own and the outer bins are real");
            let overlap = sum[position * self.hop_length..].iter_mut();
            for (sum, (&sample, &window)) in overlap.zip(frame.iter().zip(&self.window)) {
                *sum += sample * scale * window;
            }
        }
        sum
    }

    fn n_fft(&self) -> usize {
        self.window.len()
    }

    /// Samples dropped at each end: those that the analysis had padded.
    fn trim(&self) -> usize {
        match self.padding {
            Padding::Center => self.n_fft() / 2,
            Padding::Same => (self.n_fft() - self.hop_length) / 2,
        }
    }
}

impl fmt::Debug for Istft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Istft")
            .field("n_fft", &self.n_fft())
            .field("hop_length", &self.hop_length)
            .field("padding", &self.padding)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    const N_FFT: usize = 16;

    /// Windowed frames of `signal`, padded by `pad` zeros at each end, transformed by definition.
    fn analyse(signal: &[f32], hop_length: usize, pad: usize) -> Vec<Vec<Complex32>> {
        let padded = [vec![0.0; pad], signal.to_vec(), vec![0.0; pad]].concat();
        let window = Istft::new(N_FFT, hop_length, Padding::Center).window;
        let bin = |frame: &[f32], k: usize| {
            frame
                .iter()
                .zip(&window)
                .enumerate()
                .map(|(n, (x, w))| {
                    Complex32::from_polar(x * w, -TAU * (k * n) as f32 / N_FFT as f32)
                })
                .sum()
        };
        (0..=(padded.len() - N_FFT) / hop_length)
            .map(|frame| &padded[frame * hop_length..][..N_FFT])
            .map(|frame| (0..=N_FFT / 2).map(|k| bin(frame, k)).collect())
            .collect()
    }

    fn assert_returns(padding: Padding, hop_length: usize, pad: usize, samples: usize) {
        let signal: Vec<f32> = (0..samples)
            .map(|n| ((n * n) as f32 * 0.37).sin())
            .collect();
        let frames = analyse(&signal, hop_length, pad);
        let istft = Istft::new(N_FFT, hop_length, padding);
        assert_eq!(istft.samples_for(frames.len()), samples);
        let back = istft.synthesize(frames.len(), |index, spectrum| {
            spectrum.copy_from_slice(&frames[index]);
            // Must not matter.
            spectrum[0].im = 5.0;
            spectrum[N_FFT / 2].im = -5.0;
        });
        assert_eq!(back.len(), samples);
        for (n, (back, signal)) in back.iter().zip(&signal).enumerate() {
            assert!(
                (back - signal).abs() < 1e-5,
                "sample {n}: {back} instead of {signal}"
            );
        }
    }

    #[test]
    fn centred_frames_return_the_signal() {
        assert_returns(Padding::Center, 4, N_FFT / 2, 48);
        assert_returns(Padding::Center, 8, N_FFT / 2, 48);
    }

    #[test]
    fn same_padded_frames_return_the_signal() {
        assert_returns(Padding::Same, 4, 6, 48);
    }

    #[test]
    fn an_odd_overlap_is_trimmed_like_upstream() {
        // n_fft - hop_length = 11: five samples go at each end, one sample more stays.
        let istft = Istft::new(N_FFT, 5, Padding::Same);
        assert_eq!(istft.samples_for(3), 2 * 5 + N_FFT - 10);
        assert_eq!(
            istft
                .synthesize(3, |_, spectrum| spectrum.fill(1.0.into()))
                .len(),
            16
        );
    }

    #[test]
    fn no_frames_make_no_samples() {
        for padding in [Padding::Center, Padding::Same] {
            let istft = Istft::new(N_FFT, 4, padding);
            assert_eq!(istft.samples_for(0), 0);
            assert!(istft.synthesize(0, |_, _| ()).is_empty());
        }
    }
}
