//! Periodic activations without aliases (upstream `activations.py`, `alias_free_activation`).
//!
//! A periodic function of a waveform makes overtones, and overtones beyond half the sample rate come
//! back as noise. So the waveform is brought to twice the rate, answered there, and brought back, both
//! times through a low-pass filter of twelve taps. Upstream stretches by inserting zeros and convolves
//! all samples; here the even and the odd samples of the double rate are two sequences of the single
//! rate, *phases*, that each see six taps: nothing is multiplied with zero and nothing is interleaved.

use burn::{
    module::{Initializer, Module, Param},
    tensor::{Device, Tensor, TensorData, module::conv1d, ops::ConvOptions},
};

use super::config::ActivationKind;

/// Kaiser-windowed sinc, cut off at a quarter of the double rate; its first half, the other mirrors it.
const HALF_FILTER: [f32; 6] = [
    0.002_028_964_7,
    0.009_389_466,
    -0.025_543_459,
    -0.057_657_383,
    0.128_572_58,
    0.443_209_8,
];
/// Taps of either phase.
const TAPS: usize = HALF_FILTER.len();
/// Samples before and after that either phase sees.
const REACH: usize = TAPS / 2;
/// Keeps the quotient finite, as upstream does.
pub(super) const EPSILON: f64 = 1e-9;

/// Taps `1, 3, 5, …` of the whole filter in this order; from the last one backwards they are `10, 8, …`.
pub(super) fn odd_taps() -> [f32; TAPS] {
    std::array::from_fn(|i| {
        let tap = 2 * i + 1;
        HALF_FILTER[tap.min(2 * TAPS - 1 - tap)]
    })
}

/// The filters of both directions as convolutions of 7 taps between one sequence and two phases.
#[derive(Debug, Clone)]
pub(super) struct AliasFilter {
    /// `[2, 1, 7]`
    up: Tensor<3>,
    /// `[1, 2, 7]`
    down: Tensor<3>,
}

impl AliasFilter {
    pub(super) fn new(device: &Device) -> Self {
        const WIDTH: usize = 2 * REACH + 1;
        let odd = odd_taps();
        let even = |i: usize| odd[TAPS - 1 - i];
        let (mut up, mut down) = ([0.0; 2 * WIDTH], [0.0; 2 * WIDTH]);
        for (i, &odd) in odd.iter().enumerate() {
            // Half of the samples are silent while stretching, hence the factor.
            up[TAPS - 1 - i] = 2.0 * odd;
            up[WIDTH + TAPS - i] = 2.0 * even(i);
            down[i + 1] = odd;
            down[WIDTH + i] = even(i);
        }
        let tensor = |values: [f32; 2 * WIDTH], shape| {
            Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
        };
        Self {
            up: tensor(up, [2, 1, WIDTH]),
            down: tensor(down, [1, 2, WIDTH]),
        }
    }
}

/// A periodic activation with a frequency for each channel.
#[derive(Module, Debug)]
pub struct Snake {
    /// Frequency, `[channels]`.
    pub alpha: Param<Tensor<1>>,
    /// Inverse magnitude, `[channels]`; the frequency where there is none.
    pub beta: Option<Param<Tensor<1>>>,
    #[module(skip)]
    logscale: bool,
}

/// A [`Snake`] at twice the rate (upstream `Activation1d`).
#[derive(Module, Debug)]
pub struct Activation1d {
    /// The activation.
    pub act: Snake,
}

impl Activation1d {
    /// An activation of `channels` channels.
    #[must_use]
    pub fn new(channels: usize, kind: ActivationKind, logscale: bool, device: &Device) -> Self {
        let parameter = || Initializer::Zeros.init([channels], device);
        Self {
            act: Snake {
                alpha: parameter(),
                beta: (kind == ActivationKind::SnakeBeta).then(parameter),
                logscale,
            },
        }
    }

    /// # Shapes
    ///
    /// - `x` and output: `[batch, channels, samples]`
    #[must_use]
    pub(super) fn forward(&self, x: Tensor<3>, filter: &AliasFilter) -> Tensor<3> {
        let [batch, channels, samples] = x.dims();
        let options = || ConvOptions::new([1], [0], [1], 1);
        let sequences = x.reshape([batch * channels, 1, samples]);
        let first = sequences.clone().narrow(2, 0, 1);
        let last = sequences.clone().narrow(2, samples - 1, 1);
        let phases = conv1d(
            padded(sequences, first, last),
            filter.up.clone(),
            None,
            options(),
        );
        let phases = self
            .act
            .forward(phases.reshape([batch, channels, 2, samples]))
            .reshape([batch * channels, 2, samples]);
        // The first sample of the double rate is even, the last one odd.
        let first = phases.clone().narrow(1, 0, 1).narrow(2, 0, 1);
        let last = phases.clone().narrow(1, 1, 1).narrow(2, samples - 1, 1);
        let (first, last) = (first.repeat_dim(1, 2), last.repeat_dim(1, 2));
        conv1d(
            padded(phases, first, last),
            filter.down.clone(),
            None,
            options(),
        )
        .reshape([batch, channels, samples])
    }
}

/// Repeats `first` and `last` at the ends of `x`, as far as the filters see.
fn padded(x: Tensor<3>, first: Tensor<3>, last: Tensor<3>) -> Tensor<3> {
    let (first, last) = (first.repeat_dim(2, REACH), last.repeat_dim(2, REACH));
    Tensor::cat(vec![first, x, last], 2)
}

impl Snake {
    /// # Shapes
    ///
    /// - `x` and output: `[batch, channels, phases, samples]`
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let expand = |parameter: &Param<Tensor<1>>| {
            let value = parameter.val();
            let value = if self.logscale { value.exp() } else { value };
            let channels = value.dims()[0];
            value.reshape([1, channels, 1, 1])
        };
        let alpha = expand(&self.alpha);
        let beta = self.beta.as_ref().map_or_else(|| alpha.clone(), expand);
        let wave = (x.clone() * alpha).sin();
        x + wave.square() * (beta + EPSILON).recip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Modified Bessel function of the first kind, order 0.
    fn bessel(x: f64) -> f64 {
        let terms = (1..40).scan(1.0, |term, n| {
            *term *= (x / 2.0 / f64::from(n)).powi(2);
            Some(*term)
        });
        1.0 + terms.sum::<f64>()
    }

    #[test]
    fn filter_is_the_windowed_sinc() {
        // Upstream `kaiser_sinc_filter1d(0.25, 0.3, 12)`, which computes in float32.
        let attenuation = 2.285 * 5.0 * std::f64::consts::PI * 4.0 * 0.3 + 7.95;
        let beta = 0.1102 * (attenuation - 8.7);
        let taps: Vec<f64> = (0..12)
            .map(|i| {
                let time = f64::from(i) - 5.5;
                let place = 2.0 * f64::from(i) / 11.0 - 1.0;
                let window = bessel(beta * (1.0 - place * place).max(0.0).sqrt()) / bessel(beta);
                let angle = std::f64::consts::PI * 0.5 * time;
                window * angle.sin() / angle
            })
            .collect();
        let sum: f64 = taps.iter().sum();
        for (i, odd) in odd_taps().into_iter().enumerate() {
            assert!((f64::from(odd) - taps[2 * i + 1] / sum).abs() < 3e-8, "{i}");
            let even = odd_taps()[TAPS - 1 - i];
            assert!((f64::from(even) - taps[2 * i] / sum).abs() < 3e-8, "{i}");
        }
    }

    #[test]
    fn constants_stay_constant_and_ends_are_repeated() {
        let device = Device::flex();
        let activation = Activation1d::new(2, ActivationKind::SnakeBeta, true, &device);
        let filter = AliasFilter::new(&device);
        for samples in [1, 2, 9] {
            let y = activation.forward(Tensor::full([1, 2, samples], 0.5, &device), &filter);
            let expected = 0.5 + 0.5f32.sin().powi(2);
            for y in y.into_data().try_into_vec::<f32>().unwrap() {
                assert!(
                    (y - expected).abs() < 1e-6,
                    "{samples}: {y}, expected {expected}"
                );
            }
        }
    }
}
