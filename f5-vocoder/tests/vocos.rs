//! The waveform is the one that the definition gives; bad input has errors of its own.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use f5_core::{
    mel::{MelSpec, MelSpecType},
    weights::{Checkpoint, WeightsError},
};
use f5_kernels::{Cpu, Isa, Pool};
use f5_vocoder::{CpuVocos, Error, Padding, Vocoder, VocoderConfig, Vocos, VocosConfig};

const BANDS: usize = 100;

/// Where everything is computed: on the processor.
#[cfg(not(feature = "wgpu"))]
fn device() -> Device {
    Device::flex()
}

/// Where everything is computed: on the first device with a Vulkan driver. Pinned to Vulkan, because
/// the same would pass on OpenGL and show nothing.
#[cfg(feature = "wgpu")]
fn device() -> Device {
    use burn::tensor::wgpu::WgpuBackend;
    static DEVICE: std::sync::LazyLock<Device> = std::sync::LazyLock::new(|| {
        let options = Device::wgpu_options().graphics_api(WgpuBackend::Vulkan);
        options.init().expect("a Vulkan driver, as Mesa's lavapipe")
    });
    DEVICE.clone()
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/vocos")
        .join(name)
}

fn small(padding: Padding) -> VocosConfig {
    VocosConfig {
        dim: 8,
        intermediate_dim: 16,
        num_layers: 2,
        padding,
        ..VocosConfig::mel_24khz()
    }
}

fn vocos(padding: Padding) -> Vocos {
    Vocos::load(data("weights.safetensors"), &small(padding), &device())
        .expect("committed weights fit")
}

/// The same network on Burn, and on the CPU kernels of every instruction set that this processor has.
fn vocoders(padding: Padding) -> Vec<(String, Box<dyn Vocoder>)> {
    let mut all: Vec<(String, Box<dyn Vocoder>)> = vec![("burn".into(), Box::new(vocos(padding)))];
    for isa in [Isa::Portable, Isa::Avx2, Isa::Neon, Isa::Avx512] {
        let cpu = Cpu::up_to(isa);
        if cpu.isa() == isa {
            all.push((isa.to_string(), Box::new(cpu_vocos(padding, cpu, 2))));
        }
    }
    all
}

fn cpu_vocos(padding: Padding, cpu: Cpu, threads: usize) -> CpuVocos {
    let pool = Pool::new(Some(threads)).expect("threads start");
    let weights = data("weights.safetensors");
    CpuVocos::load(weights, &small(padding), &Device::flex(), cpu, pool)
        .expect("committed weights fit")
}

fn golden(name: &str) -> Vec<f32> {
    Checkpoint::open(data("io.safetensors"))
        .and_then(|io| io.tensor_f32(name))
        .expect("committed tensors are sound")
}

/// `[1, BANDS, frames]`.
fn tensor(values: Vec<f32>) -> Tensor<3> {
    let frames = values.len() / BANDS;
    Tensor::from_data(TensorData::new(values, [1, BANDS, frames]), &device())
}

fn host(waves: Tensor<2>) -> Vec<f32> {
    waves.into_data().try_into_vec().expect("f32 samples")
}

fn assert_close(got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len());
    let scale = expected
        .iter()
        .fold(1.0_f32, |max, value| max.max(value.abs()));
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (got - expected).abs() <= 1e-4 * scale,
            "sample {index}: {got} instead of {expected}"
        );
    }
}

#[test]
fn centred_frames_match_the_definition() {
    for (name, vocoder) in vocoders(Padding::Center) {
        let waves = vocoder.decode(tensor(golden("mel"))).unwrap();
        assert_eq!(waves.dims(), [1, 11 * 256], "{name}");
        assert_close(&host(waves), &golden("wave_center"));
    }
}

#[test]
fn threads_change_nothing() {
    let mel: Vec<f32> = (0..BANDS * 150)
        .map(|i| ((i * i) as f32 * 0.37).sin())
        .collect();
    let decode = |threads| {
        let vocos = cpu_vocos(Padding::Center, Cpu::up_to(Isa::Amx), threads);
        host(vocos.decode(tensor(mel.clone())).unwrap())
    };
    assert!(decode(1) == decode(2) && decode(1) == decode(3));
}

#[test]
fn same_padded_frames_match_the_definition() {
    for (name, vocoder) in vocoders(Padding::Same) {
        let waves = vocoder.decode(tensor(golden("mel"))).unwrap();
        assert_eq!(waves.dims(), [1, 12 * 256], "{name}");
        assert_close(&host(waves), &golden("wave_same"));
    }
}

/// The same weights as PyTorch saves them, with the feature extractor that upstream's file carries.
#[cfg(feature = "pickle")]
#[test]
fn a_released_pickle_is_the_same_vocoder() {
    let config = small(Padding::Center);
    let vocos = Vocos::load(data("pytorch_model.bin"), &config, &device()).unwrap();
    let mel = tensor(golden("mel"));
    let expected = self::vocos(Padding::Center).decode(mel.clone()).unwrap();
    assert_eq!(host(vocos.decode(mel).unwrap()), host(expected));
}

#[cfg(not(feature = "pickle"))]
#[test]
fn a_pickle_is_refused_with_a_remedy() {
    let config = small(Padding::Center);
    let error = Vocos::load(data("pytorch_model.bin"), &config, &device()).unwrap_err();
    assert!(
        matches!(error, Error::Weights(WeightsError::Pickle { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("feature pickle"), "{error}");
}

#[test]
fn a_batch_is_its_rows() {
    for (name, vocos) in vocoders(Padding::Center) {
        let first = tensor(golden("mel"));
        let second = first.clone().flip([2]) * 0.5;
        let single = [first.clone(), second.clone()].map(|mel| host(vocos.decode(mel).unwrap()));
        let waves = vocos.decode(Tensor::cat(vec![first, second], 0)).unwrap();
        assert_close(&host(waves), &single.concat());
        assert_ne!(single[0], single[1], "{name}");
    }
}

#[test]
fn lengths_are_as_announced() {
    for (padding, shortest) in [(Padding::Center, 2), (Padding::Same, 1)] {
        let vocos = vocos(padding);
        for frames in [shortest, 3, 7] {
            let waves = vocos
                .decode(Tensor::zeros([2, BANDS, frames], &vocos.device()))
                .unwrap();
            assert_eq!(waves.dims(), [2, vocos.samples_for(frames)]);
        }
        assert_eq!(vocos.samples_for(shortest), 256);
        assert_eq!(vocos.samples_for(0), 0);
        let error = vocos
            .decode(Tensor::zeros([1, BANDS, shortest - 1], &vocos.device()))
            .unwrap_err();
        assert!(
            matches!(error, Error::TooFewFrames { needed, got }
                if needed == shortest && got == shortest - 1),
            "{error}"
        );
    }
}

#[test]
fn another_number_of_bands_is_an_error() {
    let error = vocos(Padding::Center)
        .decode(Tensor::zeros([1, 80, 10], &device()))
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::MelBands {
                expected: 100,
                got: 80
            }
        ),
        "{error}"
    );
}

#[test]
fn an_empty_batch_is_an_error() {
    let error = vocos(Padding::Center)
        .decode(Tensor::zeros([0, BANDS, 10], &device()))
        .unwrap_err();
    assert!(matches!(error, Error::EmptyBatch), "{error}");
}

#[test]
fn a_mel_that_is_not_finite_is_an_error() {
    let mut mel = golden("mel");
    mel[5] = f32::NAN;
    let error = vocos(Padding::Center).decode(tensor(mel)).unwrap_err();
    assert!(matches!(error, Error::NotFinite { row: 0, .. }), "{error}");
}

#[test]
fn only_the_mel_it_was_trained_with_fits() {
    let vocos = vocos(Padding::Center);
    vocos.check_mel_spec(&MelSpec::vocos()).unwrap();
    let error = vocos.check_mel_spec(&MelSpec::bigvgan()).unwrap_err();
    assert!(
        matches!(&error, Error::MelSpec { expected, got }
            if expected.mel_spec_type == MelSpecType::Vocos
                && got.mel_spec_type == MelSpecType::Bigvgan),
        "{error}"
    );
    let slow = MelSpec {
        target_sample_rate: 22_050,
        ..MelSpec::vocos()
    };
    assert!(vocos.check_mel_spec(&slow).is_err());
}

#[test]
fn sizes_that_describe_no_network_are_named() {
    let good = small(Padding::Center);
    let bad = [
        (
            "dim",
            VocosConfig {
                dim: 0,
                ..good.clone()
            },
        ),
        (
            "num_layers",
            VocosConfig {
                num_layers: 0,
                ..good.clone()
            },
        ),
        (
            "n_fft",
            VocosConfig {
                n_fft: 1023,
                ..good.clone()
            },
        ),
        (
            "hop_length",
            VocosConfig {
                hop_length: 513,
                ..good.clone()
            },
        ),
        (
            "hop_length",
            VocosConfig {
                hop_length: 0,
                ..good
            },
        ),
    ];
    for (name, config) in bad {
        let error = Vocos::load(data("weights.safetensors"), &config, &device()).unwrap_err();
        assert!(
            matches!(error, Error::Config { field, .. } if field == name),
            "{error}"
        );
    }
}

#[test]
fn weights_of_other_sizes_are_named() {
    let config = VocosConfig {
        num_layers: 3,
        dim: 9,
        ..small(Padding::Center)
    };
    let error = Vocos::load(data("weights.safetensors"), &config, &device()).unwrap_err();
    let Error::Weights(WeightsError::Mismatch { mismatch, .. }) = &error else {
        panic!("{error}")
    };
    assert_eq!(mismatch.missing.len(), 9, "one whole block");
    assert!(
        mismatch
            .missing
            .iter()
            .all(|spec| spec.name.starts_with("backbone.convnext.2."))
    );
    assert!(mismatch.extra.is_empty());
    assert!(
        error
            .to_string()
            .contains("head.out.weight expected [1026, 9], got [1026, 8]")
    );
}

#[test]
fn a_missing_checkpoint_is_an_error() {
    let error = Vocos::load(
        data("absent.safetensors"),
        &small(Padding::Center),
        &device(),
    )
    .unwrap_err();
    assert!(
        matches!(error, Error::Weights(WeightsError::Open { .. })),
        "{error}"
    );
}

#[test]
fn the_configuration_file_picks_and_sizes_the_vocoder() {
    let json = r#"{ "kind": "vocos", "input_channels": 100, "dim": 8, "intermediate_dim": 16,
                    "num_layers": 2, "n_fft": 1024, "hop_length": 256, "padding": "same" }"#;
    let config: VocoderConfig = serde_json::from_str(json).unwrap();
    assert_eq!(config, VocoderConfig::Vocos(small(Padding::Same)));
    let again = serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
    assert_eq!(config, again);
    let vocoder = config.load(data("weights.safetensors"), &device()).unwrap();
    assert_eq!(vocoder.samples_for(10), 2560);

    for wrong in [
        r#"{ "kind": "griffin_lim" }"#,
        r#"{ "kind": "vocos", "padding": "left" }"#,
        r#"{ "kind": "vocos", "hop": 256 }"#,
    ] {
        assert!(
            serde_json::from_str::<VocoderConfig>(wrong).is_err(),
            "{wrong}"
        );
    }
}
