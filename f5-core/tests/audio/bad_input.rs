//! Every kind of audio that is refused, and what the error says.

use std::{error::Error, fs, io::Cursor};

use f5_core::audio::{
    AudioError, Pcm, SampleWidth, WavFormat, Waveform,
    resample::{SincResampler, StreamResampler},
};

use crate::support::{float_wav, int_wav, wav_bytes};

/// Both readers must refuse; their errors are alike, so one is returned.
fn refused(file: &[u8]) -> AudioError {
    let wave = Waveform::from_wav_reader(file).unwrap_err();
    let pcm = Pcm::from_wav_reader(file).unwrap_err();
    assert_eq!(wave.to_string(), pcm.to_string());
    pcm
}

#[test]
fn missing_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nobody.wav");
    match Pcm::read_wav(&path).unwrap_err() {
        AudioError::Read {
            path: named,
            source,
        } => {
            assert_eq!(named, path);
            assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
        }
        other => panic!("{other:?}"),
    }
    let error = Waveform::read_wav(&path).unwrap_err();
    assert!(error.to_string().contains("nobody.wav") && error.source().is_some());
}

#[test]
fn folder_instead_of_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        Waveform::read_wav(folder.path()),
        Err(AudioError::Read { .. })
    ));
}

#[test]
fn not_a_wav() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp3");
    fs::write(&path, b"ID3\x04\0\0\0\0\0\0and so on").unwrap();
    let error = Waveform::read_wav(&path).unwrap_err();
    assert!(error.to_string().contains("song.mp3"));
    match error.without_path() {
        AudioError::NotWav { found } => assert!(found.starts_with("ID3\\x04")),
        other => panic!("{other:?}"),
    }
    for bytes in [&b""[..], b"RIFF", b"RIFF\0\0\0\0AVI LIST"] {
        assert!(matches!(refused(bytes), AudioError::NotWav { .. }));
    }
}

#[test]
fn unsupported_bit_depth() {
    for (code, depth) in [(1, 12), (1, 64), (3, 64)] {
        let file = wav_bytes(code, 1, 24_000, depth, &[0; 64]);
        assert!(matches!(
            refused(&file),
            AudioError::UnsupportedBitDepth { bits } if bits == depth
        ));
    }
}

#[test]
fn zero_channels() {
    assert!(matches!(
        refused(&wav_bytes(1, 0, 24_000, 16, &[0; 64])),
        AudioError::ZeroChannels
    ));
    let error = Pcm::new(vec![0; 4], SampleWidth::Bits16, 0, 24_000).unwrap_err();
    assert!(matches!(error, AudioError::ZeroChannels));
}

#[test]
fn zero_hertz() {
    assert!(matches!(
        refused(&int_wav(&[0; 64], 0, 1, 16)),
        AudioError::ZeroSampleRate
    ));
    assert!(matches!(
        Waveform::new(vec![0.0], 0),
        Err(AudioError::ZeroSampleRate)
    ));
    let error = Pcm::new(vec![0; 4], SampleWidth::Bits16, 1, 0).unwrap_err();
    assert!(matches!(error, AudioError::ZeroSampleRate));
    let wave = Waveform::new(vec![0.5; 10], 24_000).unwrap();
    assert!(matches!(wave.resample(0), Err(AudioError::ZeroSampleRate)));
    assert!(matches!(
        StreamResampler::new(24_000, 0),
        Err(AudioError::ZeroSampleRate)
    ));
}

#[test]
fn nan_and_infinite_samples() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut samples = [0.1; 10];
        samples[7] = bad;
        let error = refused(&float_wav(&samples, 24_000, 2));
        assert!(matches!(
            error,
            AudioError::NotFinite {
                index: 3,
                channel: 1,
                ..
            }
        ));
        let error = Waveform::new(samples.to_vec(), 24_000).unwrap_err();
        assert!(matches!(
            error,
            AudioError::NotFinite {
                index: 7,
                channel: 0,
                ..
            }
        ));
    }
}

#[test]
fn channels_whose_sum_overflows() {
    let file = float_wav(&[f32::MAX, f32::MAX], 24_000, 2);
    let error = Waveform::from_wav_reader(file.as_slice()).unwrap_err();
    assert!(matches!(error, AudioError::NotFinite { .. }));
}

#[test]
fn samples_that_are_no_pcm() {
    let error = Pcm::new(vec![0; 5], SampleWidth::Bits16, 2, 24_000).unwrap_err();
    assert!(matches!(
        error,
        AudioError::PartialFrame {
            samples: 5,
            channels: 2
        }
    ));
    let error = Pcm::new(vec![0, 32_768], SampleWidth::Bits16, 1, 24_000).unwrap_err();
    assert!(matches!(
        error,
        AudioError::OutOfRange {
            index: 1,
            value: 32_768,
            bits: 16
        }
    ));
}

#[test]
fn unreasonable_resampling_ratio() {
    let error = SincResampler::new(4_294_967_291, 24_000).unwrap_err();
    assert!(matches!(
        error,
        AudioError::UnsupportedRatio { to: 24_000, .. }
    ));
    for ratio in [0.0, -1.0, f64::NAN] {
        let error = StreamResampler::with_ratio(ratio).unwrap_err();
        assert!(matches!(error, AudioError::ResamplerSetup { .. }));
    }
}

#[test]
fn unwritable_path_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let wave = Waveform::new(vec![0.5; 10], 24_000).unwrap();
    for path in [
        folder.path().join("missing").join("out.wav"),
        folder.path().to_owned(),
    ] {
        match wave.write_wav(&path, WavFormat::Pcm16).unwrap_err() {
            AudioError::Write { path: named, .. } => assert_eq!(named, path),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn failing_stream() {
    let wave = Waveform::new(vec![0.5; 100_000], 24_000).unwrap();
    let mut room = [0; 64];
    let error = wave
        .write_wav_to(Cursor::new(&mut room[..]), WavFormat::Pcm16)
        .unwrap_err();
    assert!(matches!(error, AudioError::Stream { .. }));
}
