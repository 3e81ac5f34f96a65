//! Mel front ends, filterbanks and the resampler against the tensors of f5-tts 1.1.22
//! (torchaudio 2.11, librosa) on the same input.

use f5_core::{
    audio::{Waveform, resample::SincResampler},
    mel::{MelExtractor, MelSpec, filterbank},
};

use crate::support::{Tensors, assert_close};

/// Upstream's single-precision transform is itself off by up to 1.5e-3 (2.4e-5 on average) in the
/// logarithm of quiet bands, measured against the same steps in double precision. So the bound on
/// the worst value is that noise, and the bound on the mean is what catches a wrong front end.
fn check_mel(spec: &MelSpec, name: &str, max: f32, mean: f32) {
    let data = Tensors::open("mel.safetensors");
    let wave = data.f32("wave");
    let extractor = MelExtractor::new(spec).unwrap();
    let mel = extractor.extract(&wave).unwrap();
    assert_eq!(mel.frames(), extractor.frames(wave.len()));
    // Upstream's tensor has the bands first.
    let (frames, n_mels) = (mel.frames(), mel.n_mels());
    let bands_first: Vec<f32> = (0..n_mels * frames)
        .map(|i| mel.data()[i % frames * n_mels + i / frames])
        .collect();
    let expected = data.f32(name);
    assert_close(&bands_first, &expected, max);
    let errors = bands_first
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs());
    let error = errors.sum::<f32>() / expected.len() as f32;
    assert!(error <= mean, "mean error {error}");
}

#[test]
fn vocos_mel_is_upstreams() {
    check_mel(&MelSpec::vocos(), "mel_vocos", 2e-3, 4e-5);
}

#[test]
fn bigvgan_mel_is_upstreams() {
    check_mel(&MelSpec::bigvgan(), "mel_bigvgan", 1e-3, 4e-6);
}

fn check_filterbank(filterbank: &filterbank::Filterbank, name: &str, tolerance: f32) {
    let data = Tensors::open("filterbank.safetensors");
    let mut expected = vec![0.0; filterbank.n_mels() * filterbank.bins()];
    let weights = data.f32(&format!("{name}_weight"));
    for (index, weight) in data.i64(&format!("{name}_index")).into_iter().zip(weights) {
        expected[index as usize] = weight;
    }
    assert_close(filterbank.weights(), &expected, tolerance);
    let mut dense = Vec::new();
    for mel in 0..filterbank.n_mels() {
        let (bins, weights) = filterbank.band(mel);
        let mut row = vec![0.0; filterbank.bins()];
        row[bins].copy_from_slice(weights);
        dense.extend(row);
    }
    assert_eq!(dense, filterbank.weights(), "bands hold every weight");
}

#[test]
fn htk_filterbank_is_torchaudios() {
    check_filterbank(&filterbank::htk(24_000, 1024, 100), "htk", 1e-5);
}

#[test]
fn slaney_filterbank_is_librosas() {
    check_filterbank(&filterbank::slaney(24_000, 1024, 100), "slaney", 1e-8);
}

#[test]
fn resampler_is_torchaudios() {
    let data = Tensors::open("resample.safetensors");
    for rate in [8_000, 11_025, 22_050, 44_100, 48_000] {
        let input = data.f32(&format!("in_{rate}"));
        let expected = data.f32(&format!("out_{rate}"));
        let resampler = SincResampler::new(rate, 24_000).unwrap();
        assert_close(&resampler.resample(&input), &expected, 5e-7);
        let wave = Waveform::new(input, rate)
            .unwrap()
            .resample(24_000)
            .unwrap();
        assert_close(wave.samples(), &expected, 5e-7);
    }
}
