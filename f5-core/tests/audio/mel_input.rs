//! What the mel front ends refuse.

use f5_core::mel::{MelError, MelExtractor, MelSpec};

#[test]
fn audio_too_short_to_reflect_is_refused() {
    for (spec, needed, frames) in [(MelSpec::vocos(), 513, 3), (MelSpec::bigvgan(), 385, 1)] {
        let extractor = MelExtractor::new(&spec).unwrap();
        assert_eq!(extractor.min_samples(), needed);
        for got in [0, needed - 1] {
            assert_eq!(
                extractor.extract(&vec![0.1; got]),
                Err(MelError::TooShort { needed, got })
            );
            assert_eq!(extractor.frames(got), 0);
        }
        assert_eq!(
            extractor.extract(&vec![0.1; needed]).unwrap().frames(),
            frames
        );
        assert_eq!(extractor.frames(needed), frames);
    }
}

#[test]
fn nan_sample_is_refused_with_its_position() {
    let mut samples = vec![0.1; 2_000];
    samples[777] = f32::NAN;
    let error = MelExtractor::new(&MelSpec::vocos())
        .unwrap()
        .extract(&samples)
        .unwrap_err();
    assert!(matches!(error, MelError::NotFinite { index: 777, .. }));
}

#[test]
fn silence_is_the_floor() {
    let mel = MelExtractor::new(&MelSpec::vocos())
        .unwrap()
        .extract(&[0.0; 4_096])
        .unwrap();
    assert!(mel.data().iter().all(|v| *v == 1e-5_f32.ln()));
}

#[test]
fn unusable_specs_name_the_field() {
    let base = MelSpec::vocos();
    let cases = [
        (
            MelSpec {
                target_sample_rate: 0,
                ..base.clone()
            },
            "target_sample_rate",
        ),
        (
            MelSpec {
                n_fft: 0,
                ..base.clone()
            },
            "n_fft",
        ),
        (
            MelSpec {
                hop_length: 0,
                ..base.clone()
            },
            "hop_length",
        ),
        (
            MelSpec {
                hop_length: 1025,
                ..MelSpec::bigvgan()
            },
            "hop_length",
        ),
        (
            MelSpec {
                win_length: 2048,
                ..base.clone()
            },
            "win_length",
        ),
        (
            MelSpec {
                n_mel_channels: 0,
                ..base
            },
            "n_mel_channels",
        ),
    ];
    for (spec, name) in cases {
        match MelExtractor::new(&spec) {
            Err(MelError::InvalidSpec { field, .. }) => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn extractor_is_shared_between_threads() {
    let extractor = MelExtractor::new(&MelSpec::bigvgan()).unwrap();
    let samples: Vec<f32> = (0..6_000).map(|i| (i as f32 * 0.05).sin()).collect();
    let expected = extractor.extract(&samples).unwrap();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| extractor.extract(&samples)))
            .collect();
        for worker in workers {
            assert_eq!(worker.join().unwrap().unwrap(), expected);
        }
    });
}
