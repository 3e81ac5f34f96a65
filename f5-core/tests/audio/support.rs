//! Committed data, and clips that any language makes the same way.

use std::{fs, path::PathBuf};

use f5_core::audio::{Pcm, SampleWidth};
use safetensors::{SafeTensors, tensor::TensorView};
use sha2::{Digest, Sha256};

pub(crate) fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", "audio", name]
        .iter()
        .collect()
}

pub(crate) struct Tensors(Vec<u8>);

impl Tensors {
    pub(crate) fn open(name: &str) -> Self {
        Self(fs::read(path(name)).expect("committed test data"))
    }

    pub(crate) fn f32(&self, name: &str) -> Vec<f32> {
        self.tensor(name)
            .data()
            .as_chunks()
            .0
            .iter()
            .copied()
            .map(f32::from_le_bytes)
            .collect()
    }

    pub(crate) fn i64(&self, name: &str) -> Vec<i64> {
        self.tensor(name)
            .data()
            .as_chunks()
            .0
            .iter()
            .copied()
            .map(i64::from_le_bytes)
            .collect()
    }

    fn tensor(&self, name: &str) -> TensorView<'_> {
        SafeTensors::deserialize(&self.0)
            .unwrap()
            .tensor(name)
            .unwrap()
    }
}

#[track_caller]
pub(crate) fn assert_close(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (got - expected).abs() <= tolerance,
            "{i}: got {got}, expected {expected}"
        );
    }
}

/// Little-endian samples at their width, hashed.
pub(crate) fn sha256(pcm: &Pcm) -> String {
    let bytes = pcm.sample_width().bits() as usize / 8;
    let samples = pcm.samples().iter();
    let data: Vec<u8> = samples
        .flat_map(|v| v.to_le_bytes().into_iter().take(bytes))
        .collect();
    Sha256::digest(data)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Noise from a linear congruential generator in stretches of (milliseconds, amplitude of 32768).
pub(crate) fn noise(
    seed: u32,
    rate: u32,
    channels: u16,
    bits: u16,
    stretches: &[(u32, i32)],
) -> Vec<i32> {
    let mut x = seed;
    let mut samples = Vec::new();
    for &(ms, amplitude) in stretches {
        for _ in 0..rate * ms / 1000 * u32::from(channels) {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let v = (((x >> 16) as i32 - 32_768) * amplitude) >> 15;
            samples.push(match bits {
                8 => v >> 8,
                24 => (v << 8) + (x & 0xff) as i32,
                32 => (v << 16) + (x & 0xffff) as i32,
                _ => v,
            });
        }
    }
    samples
}

/// One 16-bit channel of [`noise`].
pub(crate) fn noise_pcm(seed: u32, rate: u32, stretches: &[(u32, i32)]) -> Pcm {
    Pcm::new(
        noise(seed, rate, 1, 16, stretches),
        SampleWidth::Bits16,
        1,
        rate,
    )
    .unwrap()
}

/// A WAV file in memory with a header that says what it is told to say.
pub(crate) fn wav_bytes(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let block = channels * (bits / 8);
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0");
    wav.extend(tag.to_le_bytes());
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * u32::from(block)).to_le_bytes());
    wav.extend(block.to_le_bytes());
    wav.extend(bits.to_le_bytes());
    wav.extend(b"data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

/// Integer samples as a WAV file in memory.
pub(crate) fn int_wav(samples: &[i32], rate: u32, channels: u16, bits: u16) -> Vec<u8> {
    let bytes = usize::from(bits / 8);
    let offset = if bits == 8 { 128 } else { 0 };
    let data: Vec<u8> = samples
        .iter()
        .flat_map(|v| (v + offset).to_le_bytes().into_iter().take(bytes))
        .collect();
    wav_bytes(1, channels, rate, bits, &data)
}

/// Float samples as a WAV file in memory.
pub(crate) fn float_wav(samples: &[f32], rate: u32, channels: u16) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|v| v.to_le_bytes()).collect();
    wav_bytes(3, channels, rate, 32, &data)
}
