//! WAV files out and in again.

use std::{fs, io::Cursor};

use f5_core::audio::{Pcm, SampleWidth, WavFormat, Waveform};

use crate::support::{float_wav, int_wav};

#[test]
fn twenty_four_bits_are_widened_as_pydub_does() {
    let file = int_wav(&[0, 1, -1, 0x7f_ffff, -0x80_0000], 24_000, 1, 24);
    let pcm = Pcm::from_wav_reader(file.as_slice()).unwrap();
    assert_eq!(pcm.sample_width(), SampleWidth::Bits32);
    assert_eq!(pcm.samples(), [0, 256, -1, 0x7fff_ff00, -0x7fff_ff01]);
    let wave = Waveform::from_wav_reader(file.as_slice()).unwrap();
    assert_eq!(wave.samples()[1], 1.0 / 8_388_608.0);
    assert_eq!(wave.samples()[4], -1.0);
}

#[test]
fn floats_become_clipped_32_bit_integers() {
    let file = float_wav(&[0.0, 0.5, -1.0, 1.0, 7.0, -7.0], 16_000, 2);
    let pcm = Pcm::from_wav_reader(file.as_slice()).unwrap();
    assert_eq!(
        (pcm.channels(), pcm.sample_rate(), pcm.frames()),
        (2, 16_000, 3)
    );
    let (max, min) = (i32::MAX, i32::MIN);
    assert_eq!(pcm.samples(), [0, 1 << 30, min, max, max, min]);
    let wave = Waveform::from_wav_reader(file.as_slice()).unwrap();
    assert_eq!(wave.samples(), [0.25, 0.0, 0.0]);
}

#[test]
fn sixteen_bit_files_are_rounded_and_clipped() {
    let step = 1.0 / 32_768.0;
    let wave = Waveform::new(vec![1.6 * step, -1.6 * step, 1.5, -1.5, 0.0], 24_000).unwrap();
    let mut file = Cursor::new(Vec::new());
    wave.write_wav_to(&mut file, WavFormat::Pcm16).unwrap();
    let pcm = Pcm::from_wav_reader(file.into_inner().as_slice()).unwrap();
    assert_eq!(pcm.samples(), [2, -2, 32_767, -32_768, 0]);
    assert_eq!(pcm, wave.to_pcm(SampleWidth::Bits16));
}

#[test]
fn a_written_file_replaces_the_old_one_and_leaves_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav");
    fs::write(&path, "old").unwrap();
    let wave = Waveform::new(vec![0.25; 100], 24_000).unwrap();
    wave.write_wav(&path, WavFormat::Float32).unwrap();
    assert_eq!(Waveform::read_wav(&path).unwrap(), wave);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let [path, link] = ["real.wav", "link.wav"].map(|name| folder.path().join(name));
    fs::write(&path, "old").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    Waveform::new(vec![0.5; 10], 24_000)
        .unwrap()
        .write_wav(&link, WavFormat::Pcm16)
        .unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(Waveform::read_wav(&path).unwrap().samples(), [0.5; 10]);
}
