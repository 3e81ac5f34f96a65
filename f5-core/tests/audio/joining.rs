//! Cross-fades and loudness.

use f5_core::audio::{
    AudioError, Waveform,
    crossfade::{cross_fade, join},
    loudness::{boost_to_target_rms, restore_rms},
};

#[test]
fn fades_include_both_ends() {
    let joined = cross_fade(&[1.0; 6], &[3.0; 6], 5);
    assert_eq!(joined, [1.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.0]);
}

#[test]
fn a_single_overlapping_sample_is_the_earlier_one() {
    assert_eq!(cross_fade(&[1.0, 2.0], &[5.0, 6.0], 1), [1.0, 2.0, 6.0]);
}

#[test]
fn without_cross_fade_chunks_follow_each_other() {
    let joined = join(&[vec![1.0, 2.0], vec![], vec![3.0]], 0);
    assert_eq!(joined.samples, [1.0, 2.0, 3.0]);
    assert_eq!(joined.starts, [0, 2, 2]);
}

#[test]
fn overlap_is_cut_to_the_shorter_chunk() {
    let joined = join(&[vec![1.0; 10], vec![1.0; 3], vec![1.0; 10]], 4);
    assert_eq!(joined.samples.len(), 10 + 3 - 3 + 10 - 4);
    assert_eq!(joined.starts, [0, 7, 6]);
    assert!(joined.samples.iter().all(|v| (v - 1.0).abs() < 1e-6));
}

#[test]
fn quiet_audio_is_raised_and_brought_back() {
    let quiet = vec![0.02, -0.02, 0.02, -0.02];
    let mut wave = Waveform::new(quiet.clone(), 24_000).unwrap();
    let rms = boost_to_target_rms(&mut wave, 0.1).unwrap();
    assert!((rms - 0.02).abs() < 1e-7);
    assert!((wave.rms() - 0.1).abs() < 1e-7);
    let mut samples = wave.into_samples();
    restore_rms(&mut samples, rms, 0.1);
    crate::support::assert_close(&samples, &quiet, 1e-8);
}

#[test]
fn loud_audio_is_left_alone() {
    let mut wave = Waveform::new(vec![0.5, -0.5], 24_000).unwrap();
    assert_eq!(boost_to_target_rms(&mut wave, 0.1).unwrap(), 0.5);
    assert_eq!(wave.samples(), [0.5, -0.5]);
    let mut samples = [0.25];
    restore_rms(&mut samples, 0.5, 0.1);
    assert_eq!(samples, [0.25]);
}

#[test]
fn silence_cannot_be_raised() {
    for samples in [vec![0.0; 100], Vec::new()] {
        let mut wave = Waveform::new(samples, 24_000).unwrap();
        let error = boost_to_target_rms(&mut wave, 0.1).unwrap_err();
        assert!(matches!(
            error,
            AudioError::SilentReference { rms: 0.0, .. }
        ));
    }
}

#[test]
fn target_rms_must_be_a_positive_number() {
    for target in [0.0, -0.1, f32::NAN, f32::INFINITY] {
        let mut wave = Waveform::new(vec![0.5], 24_000).unwrap();
        let error = boost_to_target_rms(&mut wave, target).unwrap_err();
        assert!(matches!(error, AudioError::InvalidTargetRms { .. }));
        assert_eq!(wave.samples(), [0.5]);
    }
}
