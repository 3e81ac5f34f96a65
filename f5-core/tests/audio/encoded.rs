//! Recordings in other formats are the recording; `data/audio/encoded` says how they were made.

use std::{fs, io::Cursor, path::PathBuf};

use f5_core::audio::{AudioError, Pcm};

use crate::support::{int_wav, path};

fn encoded(name: &str) -> PathBuf {
    path("encoded").join(name)
}

#[test]
fn wav_files_are_read_as_ever() {
    for file in [
        int_wav(&[0, 1, -1, 0x7f_ffff, -0x80_0000], 24_000, 1, 24),
        int_wav(&[3, -128, 127, 0], 8_000, 2, 8),
    ] {
        let read = Pcm::from_reader(Cursor::new(file.clone())).unwrap();
        assert_eq!(read, Pcm::from_wav_reader(file.as_slice()).unwrap());
    }
    let read = Pcm::read(path("short_16k_mono.wav")).unwrap();
    assert_eq!(read, Pcm::read_wav(path("short_16k_mono.wav")).unwrap());
    let mut cut = int_wav(&[1; 100], 24_000, 1, 16);
    cut.truncate(cut.len() - 31);
    let cut = Pcm::from_reader(Cursor::new(cut)).unwrap();
    assert_eq!((cut.frames(), cut.missing_frames()), (84, 16));
}

#[test]
fn content_decides_and_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("voice.mp3");
    fs::copy(path("short_16k_mono.wav"), &name).unwrap();
    assert_eq!(Pcm::read(&name).unwrap().frames(), 43_200);
}

#[cfg(not(feature = "symphonia"))]
#[test]
fn without_the_feature_the_error_names_it() {
    for (name, format) in [
        ("voice.mp3", "mp3"),
        ("voice.flac", "FLAC"),
        ("voice.ogg", "Ogg"),
        ("voice.m4a", "m4a"),
        ("voice.aac", "AAC"),
    ] {
        let error = Pcm::read(encoded(name)).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        let error = error.without_path();
        assert!(matches!(error, AudioError::NeedsFeature { format: found } if *found == format));
        assert!(error.to_string().contains("symphonia"), "{error}");
    }
    let error = Pcm::from_reader(Cursor::new(b"a text".to_vec())).unwrap_err();
    assert!(matches!(error, AudioError::NotWav { .. }), "{error}");
    let alaw = Pcm::read(encoded("voice_alaw.wav")).unwrap_err();
    let alaw = alaw.without_path();
    assert!(matches!(alaw, AudioError::UnsupportedEncoding { code: 6 }));
    assert!(alaw.to_string().contains("symphonia"), "{alaw}");
}

#[cfg(feature = "symphonia")]
mod decoded {
    use f5_core::audio::SampleWidth;
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::support::wav_bytes;

    /// What was encoded.
    fn original() -> Vec<i32> {
        let pcm = Pcm::read_wav(path("short_16k_mono.wav")).unwrap();
        pcm.samples()[8_000..24_000].to_vec()
    }

    /// Signal to noise in dB of `decoded` against `original`, both from the first sample.
    fn snr_db(original: &[i32], decoded: &[i32]) -> f64 {
        let pairs = || original.iter().zip(decoded);
        let signal: f64 = pairs().map(|(a, _)| f64::from(*a).powi(2)).sum();
        let noise: f64 = pairs().map(|(a, b)| f64::from(a - b).powi(2)).sum();
        10.0 * (signal / noise).log10()
    }

    #[test]
    fn lossless_files_are_exact() {
        for name in ["voice.flac", "voice_alac.m4a"] {
            let pcm = Pcm::read(encoded(name)).unwrap();
            assert_eq!(pcm.sample_width(), SampleWidth::Bits16, "{name}");
            assert_eq!((pcm.channels(), pcm.sample_rate()), (1, 16_000), "{name}");
            assert_eq!(pcm.samples(), original(), "{name}");
        }
        let flac = Pcm::read(encoded("voice_24.flac")).unwrap();
        let wav = Pcm::read_wav(encoded("voice_24.wav")).unwrap();
        assert!(wav.samples().iter().any(|v| v & 0xff00 != 0));
        assert_eq!(flac, wav);
    }

    /// Least dB over the coding noise, and the delay in samples that stays at the start.
    #[test]
    fn lossy_files_are_close() {
        for (name, least, delay) in [
            ("voice.mp3", 20.0, 0),
            ("voice.ogg", 20.0, 0),
            ("voice.m4a", 20.0, 1024),
            ("voice.aac", 20.0, 1024),
            ("voice_alaw.wav", 30.0, 0),
        ] {
            let pcm = Pcm::read(encoded(name)).unwrap();
            assert_eq!(pcm.sample_width(), SampleWidth::Bits16, "{name}");
            assert_eq!((pcm.channels(), pcm.sample_rate()), (1, 16_000), "{name}");
            let original = original();
            let found = snr_db(&original, &pcm.samples()[delay..]);
            let longer = pcm.frames() as i64 - delay as i64 - original.len() as i64;
            println!("{name}: {found:.1} dB, {longer} samples longer");
            assert!(found > least, "{name}: {found} dB");
            // The last packet is filled up where the container does not say how far.
            let most = if delay > 0 { 1024 } else { 0 };
            assert!((0..=most).contains(&longer), "{name}: {longer}");
        }
    }

    #[test]
    fn channels_stay_apart() {
        let pcm = Pcm::read(encoded("voice_stereo.mp3")).unwrap();
        assert_eq!((pcm.channels(), pcm.frames()), (2, 16_000));
        let channel =
            |c| -> Vec<i32> { pcm.samples().iter().copied().skip(c).step_by(2).collect() };
        let half: Vec<i32> = original().iter().map(|v| v / 2).collect();
        assert!(snr_db(&original(), &channel(0)) > 12.0);
        assert!(snr_db(&half, &channel(1)) > 12.0);
    }

    #[test]
    fn what_cannot_be_decoded_is_named() {
        for (file, format) in [
            (fs::read(encoded("voice.opus")).unwrap(), "Ogg"),
            (b"ID3\x04\0\0\0\0\0\0and so on".to_vec(), "mp3"),
            (b"a text that is no audio at all".to_vec(), "unknown"),
            (Vec::new(), "unknown"),
        ] {
            match Pcm::from_reader(Cursor::new(file)).unwrap_err() {
                AudioError::Undecodable { format: found, .. } => assert_eq!(found, format),
                other => panic!("{other:?}"),
            }
        }
        // A WAV file that neither reader knows.
        let strange = wav_bytes(0x7777, 1, 24_000, 16, &[0; 64]);
        let error = Pcm::from_reader(Cursor::new(strange)).unwrap_err();
        assert!(
            matches!(error, AudioError::Undecodable { format: "WAV", .. }),
            "{error}"
        );
    }

    #[test]
    fn half_a_file_gives_about_half_the_audio() {
        for name in ["voice.mp3", "voice.flac", "voice.aac"] {
            let file = fs::read(encoded(name)).unwrap();
            let pcm = Pcm::from_reader(Cursor::new(file[..file.len() / 2].to_vec())).unwrap();
            assert!(
                (4_000..12_000).contains(&pcm.frames()),
                "{name}: {}",
                pcm.frames()
            );
        }
    }

    fn name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "voice.flac",
            "voice_24.flac",
            "voice.mp3",
            "voice_stereo.mp3",
            "voice.ogg",
            "voice.m4a",
            "voice.aac",
            "voice_alac.m4a",
            "voice_alaw.wav",
            "voice.opus",
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Any answer is right but a panic; a decoder that panicked says so in its error.
        #[test]
        fn damaged_files_are_audio_or_an_error(
            name in name(),
            flips in vec((any::<prop::sample::Index>(), 0_u8..8), 0..12),
            // Headers are short, and matter.
            head in vec((0_usize..160, any::<u8>()), 0..3),
            end in any::<prop::sample::Index>(),
            whole in any::<bool>(),
        ) {
            let mut file = fs::read(encoded(name)).unwrap();
            for (at, bit) in flips {
                let at = at.index(file.len());
                file[at] ^= 1 << bit;
            }
            for (at, byte) in head {
                file[at] = byte;
            }
            if !whole {
                file.truncate(end.index(file.len()));
            }
            match Pcm::from_reader(Cursor::new(file)) {
                Ok(pcm) => prop_assert!(pcm.frames() < 1 << 22, "{}", pcm.frames()),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
