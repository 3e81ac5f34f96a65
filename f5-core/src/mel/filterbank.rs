//! Triangular mel filterbanks: torchaudio's HTK scale and librosa's Slaney scale.

/// A filterbank, row-major `[n_mels, n_fft / 2 + 1]`, that knows where its bands are not zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Filterbank {
    weights: Vec<f32>,
    bins: usize,
    /// First non-zero bin and one past the last, per band.
    bands: Vec<std::ops::Range<usize>>,
}

impl Filterbank {
    /// Number of bands.
    #[must_use]
    pub fn n_mels(&self) -> usize {
        self.bands.len()
    }

    /// Number of frequency bins, `n_fft / 2 + 1`.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// All weights, row-major `[n_mels, bins]`.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// The bins a band listens to and their weights; empty for a band between two bins.
    ///
    /// # Panics
    ///
    /// If there is no such band.
    #[must_use]
    pub fn band(&self, mel: usize) -> (std::ops::Range<usize>, &[f32]) {
        let range = self.bands[mel].clone();
        let row = mel * self.bins;
        (
            range.clone(),
            &self.weights[row + range.start..row + range.end],
        )
    }

    /// Triangles over `points`, `n_mels + 2` frequencies in Hz; `gain` scales a band by its edges.
    fn triangles(
        points: &[f64],
        sample_rate: u32,
        n_fft: usize,
        gain: impl Fn(f64, f64) -> f64,
    ) -> Self {
        let bins = n_fft / 2 + 1;
        let hz_per_bin = f64::from(sample_rate) / n_fft as f64;
        let mut weights = Vec::with_capacity(points.len().saturating_sub(2) * bins);
        let mut bands = Vec::with_capacity(points.len().saturating_sub(2));
        for edge in points.windows(3) {
            let row = weights.len();
            weights.extend((0..bins).map(|bin| {
                let hz = bin as f64 * hz_per_bin;
                let up = (hz - edge[0]) / (edge[1] - edge[0]);
                let down = (edge[2] - hz) / (edge[2] - edge[1]);
                (up.min(down).max(0.0) * gain(edge[0], edge[2])) as f32
            }));
            let heard = |weight: &f32| *weight > 0.0;
            let first = weights[row..].iter().position(heard).unwrap_or(0);
            let end = weights[row..]
                .iter()
                .rposition(heard)
                .map_or(first, |last| last + 1);
            bands.push(first..end);
        }
        Self {
            weights,
            bins,
            bands,
        }
    }
}

/// The filterbank of the Vocos front end (`torchaudio.functional.melscale_fbanks`, HTK scale, no
/// normalisation), from 0 Hz to half the rate.
#[must_use]
pub fn htk(sample_rate: u32, n_fft: usize, n_mels: usize) -> Filterbank {
    let to_mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let to_hz = |mel: f64| 700.0 * (10_f64.powf(mel / 2595.0) - 1.0);
    let points = points(sample_rate, n_mels, to_mel, to_hz);
    Filterbank::triangles(&points, sample_rate, n_fft, |_, _| 1.0)
}

/// The filterbank of the BigVGAN front end (`librosa.filters.mel`, Slaney scale and area
/// normalisation), from 0 Hz to half the rate.
#[must_use]
pub fn slaney(sample_rate: u32, n_fft: usize, n_mels: usize) -> Filterbank {
    // Linear up to 1 kHz, logarithmic above.
    const HZ_PER_MEL: f64 = 200.0 / 3.0;
    const KNEE_HZ: f64 = 1000.0;
    const KNEE_MEL: f64 = KNEE_HZ / HZ_PER_MEL;
    let log_step = 6.4_f64.ln() / 27.0;
    let to_mel = |hz: f64| {
        if hz < KNEE_HZ {
            hz / HZ_PER_MEL
        } else {
            KNEE_MEL + (hz / KNEE_HZ).ln() / log_step
        }
    };
    let to_hz = |mel: f64| {
        if mel < KNEE_MEL {
            mel * HZ_PER_MEL
        } else {
            KNEE_HZ * (log_step * (mel - KNEE_MEL)).exp()
        }
    };
    let points = points(sample_rate, n_mels, to_mel, to_hz);
    Filterbank::triangles(&points, sample_rate, n_fft, |low, high| 2.0 / (high - low))
}

/// `n_mels + 2` frequencies that are equally spaced in mels.
fn points(
    sample_rate: u32,
    n_mels: usize,
    to_mel: impl Fn(f64) -> f64,
    to_hz: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let top = to_mel(f64::from(sample_rate) / 2.0);
    (0..n_mels + 2)
        .map(|i| to_hz(top * i as f64 / (n_mels + 1) as f64))
        .collect()
}
