//! Mel-frequency cepstra: what the acoustic model hears.

use realfft::RealFftPlanner;

use crate::sound::Sound;

/// Cepstral coefficients of a frame.
pub(crate) const CEPSTRA: usize = 13;
/// Values of a frame: the cepstra with their first and second differences in time.
pub(crate) const DIMENSIONS: usize = 3 * CEPSTRA;
/// Distance between frames in seconds.
pub(crate) const HOP: f64 = 0.01;
/// Width of a frame in seconds.
const WINDOW: f64 = 0.025;
/// Mel bands, and the lowest and highest frequency they cover, in hertz.
const BANDS: usize = 26;
const LOWEST: f64 = 80.0;
const HIGHEST: f64 = 7600.0;
/// Each band's energy is kept above this share of the mean band maximum. Training keeps more: its
/// speech has noise of its own, and the floor stands for that noise where the audio is clean.
pub(crate) const FLOOR: f32 = 3e-5;
/// Frames whose loudness is this close to the 95th percentile count as speech; only they decide
/// what a cepstrum is compared with.
const SPEECH: f32 = 12.0;
/// Frames to either side that a difference in time reaches.
const REACH: usize = 2;

/// The cepstra of a sound, each scaled to mean 0 and deviation 1 over its speech.
#[derive(Debug)]
pub(crate) struct Features {
    cepstra: Vec<[f32; CEPSTRA]>,
}

impl Features {
    /// Frame `t` is centred on `t * HOP` seconds. The bands are laid over the spectrum at the
    /// sound's own rate, so nothing is resampled; bands above half the rate repeat the last one
    /// below. `warp` stretches the frequency axis, 1 leaves it alone; `floor` is the least energy
    /// of a band, as a share of the mean band maximum.
    pub(crate) fn of(sound: Sound<'_>, warp: f64, floor: f32) -> Self {
        let mut bands = band_energies(sound, warp);
        let mut loudest = [0.0_f32; BANDS];
        for frame in &bands {
            for (l, &e) in loudest.iter_mut().zip(frame) {
                *l = l.max(e);
            }
        }
        let floor = loudest.iter().sum::<f32>() / BANDS as f32 * floor + f32::MIN_POSITIVE;
        for e in bands.iter_mut().flatten() {
            *e = (*e + floor).ln();
        }
        let cosines = cosines();
        let mut cepstra: Vec<[f32; CEPSTRA]> = bands
            .iter()
            .map(|frame| cosines.map(|row| row.iter().zip(frame).map(|(c, e)| c * e).sum()))
            .collect();
        normalise(&mut cepstra);
        Self { cepstra }
    }

    /// Number of frames.
    pub(crate) fn frames(&self) -> usize {
        self.cepstra.len()
    }

    /// The values of a frame.
    pub(crate) fn frame(&self, t: usize) -> [f32; DIMENSIONS] {
        let last = self.cepstra.len() as isize - 1;
        let at = |t: isize| &self.cepstra[t.clamp(0, last) as usize];
        let t = t as isize;
        let reach = REACH as isize;
        // Beyond the ends the first difference repeats as the cepstra do.
        let difference = |t: isize, i: usize| {
            let t = t.clamp(0, last);
            at(t + reach)[i] - at(t - reach)[i]
        };
        let mut values = [0.0; DIMENSIONS];
        for i in 0..CEPSTRA {
            values[i] = at(t)[i];
            values[CEPSTRA + i] = difference(t, i);
            values[2 * CEPSTRA + i] = difference(t + reach, i) - difference(t - reach, i);
        }
        values
    }
}

/// Energy per band of every frame.
fn band_energies(sound: Sound<'_>, warp: f64) -> Vec<[f32; BANDS]> {
    let rate = f64::from(sound.rate);
    let width = ((WINDOW * rate).round() as usize).max(2);
    let window: Vec<f32> = (0..width)
        .map(|i| {
            let angle = std::f64::consts::TAU * i as f64 / (width - 1) as f64;
            (0.54 - 0.46 * angle.cos()) as f32
        })
        .collect();
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(width.next_power_of_two());
    let mut input = fft.make_input_vec();
    let mut spectrum = fft.make_output_vec();
    let mut scratch = fft.make_scratch_vec();
    let filters = filters(rate, fft.len(), warp);
    let samples = sound.samples;
    let frames = (samples.len() as f64 / rate / HOP) as usize + 1;
    let mut bands = Vec::with_capacity(frames);
    for t in 0..frames {
        let first = (t as f64 * HOP * rate).round() as isize - (width / 2) as isize;
        input.fill(0.0);
        let from = first.max(0) as usize;
        let to = ((first + width as isize).max(0) as usize)
            .min(samples.len())
            .max(from.min(samples.len()));
        let from = from.min(to);
        let offset = (from as isize - first).max(0) as usize;
        for ((x, &s), w) in input[offset..]
            .iter_mut()
            .zip(&samples[from..to])
            .zip(&window[offset.min(width)..])
        {
            *x = s * w;
        }
        // The buffers come from the transform itself, so their lengths fit.
        let _ = fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch);
        let power: Vec<f32> = spectrum.iter().map(|c| c.norm_sqr()).collect();
        let mut frame = [0.0; BANDS];
        let mut previous = 0.0;
        for (energy, (first, weights)) in frame.iter_mut().zip(&filters) {
            *energy = if weights.is_empty() {
                previous
            } else {
                weights
                    .iter()
                    .zip(&power[*first..])
                    .map(|(w, p)| w * p)
                    .sum()
            };
            previous = *energy;
        }
        bands.push(frame);
    }
    bands
}

/// Triangles even on the mel scale: the first bin and the weights of each; empty where the sound
/// has no such frequencies.
fn filters(rate: f64, length: usize, warp: f64) -> Vec<(usize, Vec<f32>)> {
    let mel = |hertz: f64| 2595.0 * (1.0 + hertz / 700.0).log10();
    let (low, high) = (mel(LOWEST), mel(HIGHEST));
    let edge = |i: usize| low + (high - low) * i as f64 / (BANDS + 1) as f64;
    (0..BANDS)
        .map(|band| {
            let (a, b, c) = (edge(band), edge(band + 1), edge(band + 2));
            let weight = |bin: usize| {
                let m = mel(bin as f64 * rate / length as f64 * warp);
                ((m - a) / (b - a)).min((c - m) / (c - b)).max(0.0) as f32
            };
            let bins: Vec<usize> = (0..=length / 2).filter(|&bin| weight(bin) > 0.0).collect();
            match bins.first() {
                Some(&first) => (first, bins.iter().map(|&bin| weight(bin)).collect()),
                None => (0, Vec::new()),
            }
        })
        .collect()
}

/// The orthonormal discrete cosine transform (type II), its first rows.
fn cosines() -> [[f32; BANDS]; CEPSTRA] {
    std::array::from_fn(|row| {
        std::array::from_fn(|band| {
            let angle = std::f64::consts::PI * row as f64 * (band as f64 + 0.5) / BANDS as f64;
            let scale = if row == 0 { 1.0 } else { 2.0 } / BANDS as f64;
            (scale.sqrt() * angle.cos()) as f32
        })
    })
}

fn normalise(cepstra: &mut [[f32; CEPSTRA]]) {
    let mut loudness: Vec<f32> = cepstra.iter().map(|c| c[0]).collect();
    loudness.sort_by(f32::total_cmp);
    let threshold = loudness[(loudness.len() - 1) * 95 / 100] - SPEECH;
    let mut sums = [[0.0_f64; CEPSTRA]; 2];
    let mut count = 0.0;
    for c in cepstra.iter().filter(|c| c[0] > threshold) {
        count += 1.0;
        for (i, &value) in c.iter().enumerate() {
            sums[0][i] += f64::from(value);
            sums[1][i] += f64::from(value).powi(2);
        }
    }
    for i in 0..CEPSTRA {
        let mean = sums[0][i] / count;
        let deviation = (sums[1][i] / count - mean * mean).max(0.0).sqrt() + 1e-3;
        for c in cepstra.iter_mut() {
            c[i] = ((f64::from(c[i]) - mean) / deviation) as f32;
        }
    }
}
