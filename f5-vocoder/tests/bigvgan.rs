//! BigVGAN against upstream's own results (see `data/bigvgan/README.md`), and what it refuses.

use std::{
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor, TensorData};
use f5_core::{
    mel::{MelSpec, MelSpecType},
    weights::{Checkpoint, WeightsError},
};
use f5_kernels::{Bf16, Cpu, F32, Isa, Kernel, Pool};
use f5_vocoder::{BigVgan, BigVganConfig, CpuBigVgan, Error, Vocoder, VocoderConfig};

const CASES: [&str; 2] = ["snakebeta", "snake"];
const BANDS: usize = 12;

/// Where everything is computed: on the processor.
#[cfg(not(feature = "wgpu"))]
fn device() -> Device {
    Device::flex()
}

/// Where everything is computed: on the first device with a Vulkan driver.
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
        .join("tests/data/bigvgan")
        .join(name)
}

fn config(case: &str) -> BigVganConfig {
    let text = fs::read_to_string(data(&format!("{case}.json"))).expect("committed");
    serde_json::from_str(&text).expect("upstream's hyperparameters")
}

fn weights(case: &str) -> PathBuf {
    data(&format!("{case}.safetensors"))
}

fn golden<const D: usize>(case: &str, name: &str) -> Tensor<D> {
    let io = Checkpoint::open(data(&format!("{case}_io.safetensors"))).expect("committed");
    let shape = io.shape(name).expect("committed").to_vec();
    let values = io.tensor_f32(name).expect("sound");
    Tensor::from_data(TensorData::new(values, shape), &device())
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 samples")
}

fn assert_close<const D: usize>(what: &str, got: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(got.dims(), expected.dims(), "{what}");
    for (index, (got, expected)) in host(got).iter().zip(host(expected)).enumerate() {
        let error = (got - expected).abs();
        assert!(error <= 2e-5, "{what} {index}: {got} instead of {expected}");
    }
}

fn cpu_vocoder<K: Kernel>(case: &str, kernel: K, threads: usize) -> CpuBigVgan<K> {
    let (pool, config) = (
        Pool::new(Some(threads)).expect("threads start"),
        config(case),
    );
    CpuBigVgan::load(weights(case), &config, &Device::flex(), kernel, pool).expect("weights fit")
}

/// The same network on Burn, and on the CPU kernels of every instruction set that this processor has.
fn vocoders(case: &str) -> Vec<(String, Box<dyn Vocoder>)> {
    let burn = BigVgan::load(weights(case), &config(case), &device()).expect("weights fit");
    let mut all: Vec<(String, Box<dyn Vocoder>)> = vec![("burn".into(), Box::new(burn))];
    for isa in [Isa::Portable, Isa::Avx2, Isa::Neon, Isa::Avx512] {
        let cpu = Cpu::up_to(isa);
        if cpu.isa() == isa {
            all.push((isa.to_string(), Box::new(cpu_vocoder(case, F32(cpu), 2))));
        }
    }
    all
}

#[test]
fn waveforms_are_upstreams() {
    for case in CASES {
        for (name, vocoder) in vocoders(case) {
            for (mel, wave) in [("mel", "wave"), ("mel_1", "wave_1")] {
                let mel = golden::<3>(case, mel);
                let samples = vocoder.samples_for(mel.dims()[2]);
                let got = vocoder.decode(mel).unwrap();
                assert_eq!(got.dims()[1], samples);
                assert_close(&format!("{case} {name} {wave}"), got, golden(case, wave));
            }
        }
    }
}

#[test]
fn activation_is_upstreams() {
    for case in CASES {
        let network = BigVgan::load(weights(case), &config(case), &device()).unwrap();
        let stage = network.first_stage(golden(case, "mel"));
        let got = network.first_activation(stage);
        assert_close(case, got, golden(case, "activation0"));
    }
}

#[test]
fn weight_norm_is_undone_whatever_it_is_called() {
    for file in ["snake_fused.safetensors", "snake_parametrized.safetensors"] {
        let vocoder = BigVgan::load(data(file), &config("snake"), &device()).unwrap();
        let got = vocoder.decode(golden("snake", "mel")).unwrap();
        assert_close(file, got, golden("snake", "wave"));
    }
}

#[cfg(feature = "pickle")]
#[test]
fn published_pickle_is_read() {
    let config = VocoderConfig::BigVgan(config("snake"));
    let vocoder = config
        .load(data("bigvgan_generator.pt"), &device())
        .unwrap();
    let got = vocoder.decode(golden("snake", "mel")).unwrap();
    assert_close("pickle", got, golden("snake", "wave"));
}

#[test]
fn threads_and_tiles_change_nothing() {
    let values: Vec<f32> = (0..BANDS * 700)
        .map(|i| ((i * i) as f32 * 0.37).sin())
        .collect();
    let mel = || Tensor::from_data(TensorData::new(values.clone(), [1, BANDS, 700]), &device());
    let cpu = Cpu::up_to(Isa::Amx);
    for case in CASES {
        let f32 = |threads| host(cpu_vocoder(case, F32(cpu), threads).decode(mel()).unwrap());
        let bf16 = |threads| host(cpu_vocoder(case, Bf16(cpu), threads).decode(mel()).unwrap());
        let (one, rounded) = (f32(1), bf16(1));
        assert!(one == f32(2) && one == f32(3), "{case}");
        assert!(rounded == bf16(2) && rounded == bf16(3), "{case}");
    }
}

#[test]
fn bf16_stays_near_float32() {
    for case in CASES {
        let expected = host(golden::<2>(case, "wave"));
        for isa in [Isa::Portable, Isa::Avx512Bf16, Isa::Amx] {
            let vocoder = cpu_vocoder(case, Bf16(Cpu::up_to(isa)), 2);
            let got = host(vocoder.decode(golden(case, "mel")).unwrap());
            let squares = |values: &mut dyn Iterator<Item = f32>| {
                values.map(|x| f64::from(x).powi(2)).sum::<f64>()
            };
            let difference = squares(&mut got.iter().zip(&expected).map(|(a, b)| a - b));
            let error = (difference / squares(&mut expected.iter().copied())).sqrt();
            // Above the bound on one side, rounded at all on the other.
            assert!((1e-4..0.02).contains(&error), "{case} {isa}: {error}");
        }
    }
}

#[test]
fn bad_spectrograms_are_refused() {
    for (name, vocoder) in vocoders("snake") {
        let zeros = |shape: [usize; 3]| vocoder.decode(Tensor::zeros(shape, &device()));
        let error = |shape| zeros(shape).unwrap_err();
        assert!(matches!(error([0, BANDS, 3]), Error::EmptyBatch), "{name}");
        assert!(
            matches!(
                error([1, 13, 3]),
                Error::MelBands {
                    expected: BANDS,
                    got: 13
                }
            ),
            "{name}"
        );
        assert!(
            matches!(
                error([1, BANDS, 0]),
                Error::TooFewFrames { needed: 1, got: 0 }
            ),
            "{name}"
        );
        let nan = Tensor::<3>::full([1, BANDS, 3], f32::NAN, &device());
        let error = vocoder.decode(nan).unwrap_err();
        assert!(
            matches!(error, Error::NotFinite { row: 0, .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn spectrograms_of_vocos_are_refused() {
    let released = BigVganConfig::v2_24khz_100band_256x();
    assert_eq!(released.mel_spec(), MelSpec::bigvgan());
    let vocoder = BigVgan::load(weights("snake"), &config("snake"), &device()).unwrap();
    assert_eq!(vocoder.mel_spec().mel_spec_type, MelSpecType::Bigvgan);
    let error = vocoder.check_mel_spec(&MelSpec::vocos()).unwrap_err();
    assert!(matches!(error, Error::MelSpec { .. }), "{error}");
}

#[test]
fn checkpoint_that_does_not_fit_is_refused_by_name() {
    let wide = BigVganConfig {
        upsample_initial_channel: 32,
        ..config("snake")
    };
    let deep = BigVganConfig {
        resblock_dilation_sizes: vec![vec![1, 2, 3]],
        ..config("snake")
    };
    let biased = BigVganConfig {
        use_bias_at_final: false,
        ..config("snake")
    };
    for (config, expected) in [
        (
            wide,
            "conv_pre.weight expected [32, 12, 7], got [16, 12, 7]",
        ),
        (deep, "missing (resblocks.0.convs1.2.weight"),
        (biased, "1 extra (conv_post.bias"),
    ] {
        let path = weights("snake");
        let pool = Pool::new(Some(1)).unwrap();
        let cpu = Cpu::up_to(Isa::Portable);
        let errors = [
            BigVgan::load(&path, &config, &device()).map(|_| ()),
            CpuBigVgan::load(&path, &config, &Device::flex(), F32(cpu), pool).map(|_| ()),
        ];
        for error in errors.map(Result::unwrap_err) {
            assert!(
                matches!(&error, Error::Weights(WeightsError::Mismatch { .. })),
                "{error}"
            );
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

#[test]
fn sizes_that_contradict_each_other_name_the_field() {
    let good = BigVganConfig::v2_24khz_100band_256x;
    good().validate().unwrap();
    type Spoil = fn(&mut BigVganConfig);
    let cases: [(&str, Spoil); 12] = [
        ("num_mels", |c| c.num_mels = 0),
        ("hop_size", |c| c.hop_size = 300),
        ("upsample_rates", |c| c.upsample_rates = Vec::new()),
        ("upsample_rates", |c| c.upsample_rates[1] = 0),
        ("upsample_kernel_sizes", |c| c.upsample_kernel_sizes[0] = 7),
        ("upsample_kernel_sizes", |c| {
            c.upsample_kernel_sizes.truncate(2)
        }),
        ("upsample_initial_channel", |c| {
            c.upsample_initial_channel = 96
        }),
        ("resblock_kernel_sizes", |c| c.resblock_kernel_sizes[2] = 4),
        ("resblock_dilation_sizes", |c| {
            c.resblock_dilation_sizes.truncate(1)
        }),
        ("resblock_dilation_sizes", |c| {
            c.resblock_dilation_sizes[0] = vec![0]
        }),
        ("fmin", |c| c.fmin = 40.0),
        ("fmax", |c| c.fmax = Some(8000.0)),
    ];
    for (expected, spoil) in cases {
        let mut config = good();
        spoil(&mut config);
        let error = config.validate().unwrap_err();
        assert!(
            matches!(error, Error::Config { field, .. } if field == expected),
            "{expected}: {error}"
        );
    }
    let whole = BigVganConfig {
        fmax: Some(12_000.0),
        ..good()
    };
    whole.validate().unwrap();
}

/// NVIDIA's file says how the network was trained, too; what would be another network is an error.
#[test]
fn published_configuration_is_read() {
    let mut json = serde_json::to_value(BigVganConfig::v2_24khz_100band_256x()).unwrap();
    json["discriminator"] = "cqtd".into();
    json["fmax_for_loss"] = serde_json::Value::Null;
    let config: BigVganConfig = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(config, BigVganConfig::v2_24khz_100band_256x());
    for (field, value) in [("resblock", "2"), ("activation", "relu")] {
        let mut json = json.clone();
        json[field] = value.into();
        let error = serde_json::from_value::<BigVganConfig>(json).unwrap_err();
        assert!(error.to_string().contains(value), "{error}");
    }
    json["kind"] = "bigvgan".into();
    let config: VocoderConfig = serde_json::from_value(json).unwrap();
    assert!(matches!(config, VocoderConfig::BigVgan(_)));
}
