//! Checkpoints of the whole family through the facade, from directories laid out as they are released.
//! The networks are tiny and random; what counts is that they are found, read and run.

use std::{fs, path::Path};

use f5_tts::{
    CpuEngine, DevicePreference, ErrorKind, F5Tts, Precision, demo_dir, model::cpu::Cpu,
    vocoder::BigVganConfig,
};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{ENGINE, VOICE, quick, voices};

const TEXT: &str = "We walk home.";

/// A model directory with upstream's case `name` of f5-model, and the demo's vocoder unless the mel is
/// another one.
fn model(name: &str, mel_spec_type: &str) -> TempDir {
    let data = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("f5-model/tests/data")
        .join(name);
    let read = |path: &Path| -> Value {
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let case = read(&data.join("case.json"));
    let mut config = read(&demo_dir().join("config.json"));
    config["backbone"] = case["class"].clone();
    config["arch"] = case["config"].clone();
    config["mel_spec"]["mel_spec_type"] = mel_spec_type.into();
    let dir = tempfile::tempdir().unwrap();
    let path = |file: &str| dir.path().join(file);
    if mel_spec_type == "vocos" {
        let vocoder = "vocoder.safetensors";
        fs::copy(demo_dir().join(vocoder), path(vocoder)).unwrap();
    } else {
        config.as_object_mut().unwrap().remove("vocoder");
    }
    fs::write(path("config.json"), config.to_string()).unwrap();
    // 30 tokens, the space first.
    let tokens: Vec<String> = " .,abcdefghijklmnopqrstuvwxyz'"
        .chars()
        .map(String::from)
        .collect();
    assert_eq!(tokens.len(), 30);
    fs::write(path("vocab.txt"), tokens.join("\n") + "\n").unwrap();
    fs::copy(
        data.join("weights.safetensors"),
        path("model_1200000.safetensors"),
    )
    .unwrap();
    dir
}

fn small_bigvgan() -> BigVganConfig {
    BigVganConfig {
        upsample_rates: vec![16, 16],
        upsample_kernel_sizes: vec![32, 16],
        upsample_initial_channel: 8,
        resblock_kernel_sizes: vec![3],
        resblock_dilation_sizes: vec![vec![1]],
        ..BigVganConfig::v2_24khz_100band_256x()
    }
}

/// A directory with NVIDIA's file names and a configuration that does not say what it is of.
fn bigvgan() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut config = serde_json::to_value(small_bigvgan()).unwrap();
    config["lr_decay"] = 0.999_999_6.into();
    fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
    let mut shapes = vec![
        ("conv_pre.weight_g".to_owned(), vec![8, 1, 1]),
        ("conv_pre.weight_v".to_owned(), vec![8, 100, 7]),
        ("conv_pre.bias".to_owned(), vec![8]),
        ("activation_post.act.alpha".to_owned(), vec![2]),
        ("activation_post.act.beta".to_owned(), vec![2]),
        ("conv_post.weight_g".to_owned(), vec![1, 1, 1]),
        ("conv_post.weight_v".to_owned(), vec![1, 2, 7]),
    ];
    for (stage, (width, taps)) in [(8, 32), (4, 16)].into_iter().enumerate() {
        let up = format!("ups.{stage}.0");
        shapes.push((format!("{up}.weight_g"), vec![width, 1, 1]));
        shapes.push((format!("{up}.weight_v"), vec![width, width / 2, taps]));
        shapes.push((format!("{up}.bias"), vec![width / 2]));
        for part in 0..2 {
            let block = format!("resblocks.{stage}");
            let act = format!("{block}.activations.{part}.act");
            let conv = format!("{block}.convs{}.0", part + 1);
            for parameter in ["alpha", "beta"] {
                shapes.push((format!("{act}.{parameter}"), vec![width / 2]));
            }
            shapes.push((format!("{conv}.weight_g"), vec![width / 2, 1, 1]));
            shapes.push((format!("{conv}.weight_v"), vec![width / 2, width / 2, 3]));
            shapes.push((format!("{conv}.bias"), vec![width / 2]));
        }
    }
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let values =
                (0..shape.iter().product::<usize>()).map(|i| ((i * 37 % 19) as f32 - 8.5) / 20.0);
            let bytes = values.flat_map(f32::to_le_bytes).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (
            name,
            TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap(),
        )
    });
    let path = dir.path().join("bigvgan_generator.safetensors");
    safetensors::serialize_to_file(views, None, &path).unwrap();
    dir
}

fn ref_text() -> String {
    fs::read_to_string(voices().join("slt.txt")).unwrap()
}

#[test]
fn e2_tts_and_mmdit_speak_from_a_released_layout() {
    for name in ["unett", "unett_add", "mmdit"] {
        let dir = model(name, "vocos");
        let speak = |engine| {
            let builder = F5Tts::builder().model_dir(dir.path());
            let tts = builder
                .device(DevicePreference::Cpu)
                .cpu_engine(engine)
                .precision(Precision::F32)
                .build()
                .unwrap();
            let voice = tts.voice(voices().join("slt.wav"), &ref_text()).unwrap();
            tts.synthesize(&voice, TEXT, &quick()).unwrap()
        };
        let speech = speak(CpuEngine::Fused);
        assert!(
            speech
                .waveform
                .samples()
                .iter()
                .any(|&sample| sample != 0.0),
            "{name}"
        );
        // Where the fused engine does not know the network, it says so.
        let isa = Cpu::detect().unwrap().isa();
        let kernels = (name != "mmdit").then(|| format!("f32 {isa}"));
        assert_eq!(speech.report.kernels, kernels, "{name}");
        let reference = speak(CpuEngine::Burn);
        assert_eq!(reference.report.kernels, None);
        assert_eq!(speech.mel.frames(), reference.mel.frames());
        for (got, expected) in speech.mel.data().iter().zip(reference.mel.data()) {
            assert!((got - expected).abs() < 1e-3, "{name}: {got}, {expected}");
        }
    }
}

#[test]
fn bigvgan_speaks_from_nvidias_layout() {
    let (dir, vocoder) = (model("dit_v0", "bigvgan"), bigvgan());
    for engine in [CpuEngine::Fused, CpuEngine::Burn] {
        let builder = F5Tts::builder()
            .model_dir(dir.path())
            .vocoder_dir(vocoder.path());
        let tts = builder
            .device(DevicePreference::Cpu)
            .cpu_engine(engine)
            .build()
            .unwrap();
        let voice = tts.voice(voices().join("slt.wav"), &ref_text()).unwrap();
        let speech = tts.synthesize(&voice, TEXT, &quick()).unwrap();
        // Every frame becomes 256 samples; Vocos makes one hop less of all.
        assert_eq!(speech.waveform.samples().len(), speech.mel.frames() * 256);
    }
}

#[test]
fn presets_of_e2_tts_want_their_tensors() {
    let dir = model("unett", "vocos");
    let builder = F5Tts::builder().model_dir(dir.path()).preset("E2TTS_Base");
    let error = builder.device(DevicePreference::Cpu).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CorruptModel);
    // The demo's vocoder lies beside it, which is not the released one.
    assert!(error.to_string().contains("vocoder"), "{error}");
    let mut config: Value =
        serde_json::from_str(&fs::read_to_string(dir.path().join("config.json")).unwrap()).unwrap();
    config["arch"] =
        json!({"dim": 1024, "depth": 24, "heads": 16, "ff_mult": 4, "pe_attn_head": 1});
    fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
    let error = F5Tts::builder().model_dir(dir.path()).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CorruptModel);
    assert!(
        error.to_string().contains("layers.23.4.ff.2.weight"),
        "{error}"
    );
}

#[test]
fn a_folder_with_model_and_vocoder_serves_as_both() {
    let dir = demo_dir();
    let builder = F5Tts::builder().model_dir(&dir).vocoder_dir(&dir);
    let tts = builder.device(DevicePreference::Cpu).build().unwrap();
    let speech = tts.synthesize(&VOICE, TEXT, &quick()).unwrap();
    let beside = ENGINE.synthesize(&VOICE, TEXT, &quick()).unwrap();
    assert_eq!(speech.waveform, beside.waveform);
}
