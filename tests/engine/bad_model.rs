//! Every way a model directory can be wrong is refused when the engine is built.

use std::{
    fs,
    path::{Path, PathBuf},
};

use f5_tts::{DevicePreference, Error, ErrorKind, F5Tts, demo_dir};
use serde_json::Value;
use tempfile::TempDir;

/// A copy of the demo model to spoil.
struct Model(TempDir);

impl Model {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "config.json",
            "vocab.txt",
            "model.safetensors",
            "vocoder.safetensors",
        ] {
            fs::copy(demo_dir().join(file), dir.path().join(file)).unwrap();
        }
        Self(dir)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn config(&self, change: impl FnOnce(&mut Value)) {
        let path = self.path("config.json");
        let mut config: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        change(&mut config);
        fs::write(path, config.to_string()).unwrap();
    }

    fn error(&self) -> Error {
        let builder = F5Tts::builder()
            .model_dir(self.0.path())
            .device(DevicePreference::Cpu);
        builder.build().unwrap_err()
    }
}

fn assert_says(error: &Error, kind: ErrorKind, evidence: &[&str]) {
    let text = format!("{error} {:?}", std::error::Error::source(error));
    assert_eq!(error.kind(), kind, "{text}");
    for evidence in evidence {
        assert!(text.contains(evidence), "{evidence:?} is not in {text:?}");
    }
}

fn truncate(path: &Path, bytes: u64) {
    fs::OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(bytes)
        .unwrap();
}

#[test]
fn missing_directory_says_what_to_write() {
    let error = F5Tts::builder()
        .model_dir("no/such/model")
        .build()
        .unwrap_err();
    assert_says(
        &error,
        ErrorKind::MissingModel,
        &["no/such/model", "config.json", "F5TTS_v1_Base"],
    );
}

#[test]
fn missing_files_are_named() {
    for (file, kind) in [
        ("config.json", ErrorKind::MissingModel),
        ("vocab.txt", ErrorKind::MissingModel),
        ("model.safetensors", ErrorKind::MissingModel),
        ("vocoder.safetensors", ErrorKind::MissingModel),
    ] {
        let model = Model::new();
        fs::remove_file(model.path(file)).unwrap();
        assert_says(&model.error(), kind, &[file]);
    }
}

#[test]
fn pickles_are_refused_with_a_remedy() {
    let model = Model::new();
    fs::remove_file(model.path("model.safetensors")).unwrap();
    fs::write(model.path("model_1200000.pt"), b"PK\x03\x04 and so on").unwrap();
    let remedy = if cfg!(feature = "pickle") {
        "cannot read"
    } else {
        "feature pickle"
    };
    assert_says(
        &model.error(),
        ErrorKind::CorruptModel,
        &["model_1200000.pt", remedy, "save_file"],
    );
    // A release that holds both formats is not ambiguous.
    fs::copy(
        demo_dir().join("model.safetensors"),
        model.path("model_1200000.safetensors"),
    )
    .unwrap();
    let builder = F5Tts::builder().device(DevicePreference::Cpu);
    builder.model_dir(model.0.path()).build().unwrap();
}

#[test]
fn unknown_preset_lists_the_known_ones() {
    let error = F5Tts::builder().preset("F6").build().unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["F6", "F5TTS_v1_Base"]);
}

#[test]
fn malformed_config() {
    let model = Model::new();
    fs::write(model.path("config.json"), "{ \"name\": ").unwrap();
    assert_says(
        &model.error(),
        ErrorKind::CorruptModel,
        &["config.json", "EOF"],
    );
}

#[test]
fn config_with_a_misspelt_flag() {
    let model = Model::new();
    model.config(|config| config["arch"]["text_mask_pading"] = Value::Bool(true));
    assert_says(
        &model.error(),
        ErrorKind::CorruptModel,
        &["text_mask_pading"],
    );
}

#[test]
fn config_that_contradicts_itself() {
    let model = Model::new();
    model.config(|config| config["arch"]["mel_dim"] = 80.into());
    assert_says(&model.error(), ErrorKind::CorruptModel, &["80", "100"]);
}

#[test]
fn backbone_that_is_not_known() {
    let model = Model::new();
    model.config(|config| config["backbone"] = "UNet".into());
    let known = ["UNet", "DiT", "UNetT", "MMDiT"];
    assert_says(&model.error(), ErrorKind::CorruptModel, &known);
}

#[test]
fn backbone_of_other_arguments() {
    let model = Model::new();
    model.config(|config| config["backbone"] = "MMDiT".into());
    assert_says(
        &model.error(),
        ErrorKind::CorruptModel,
        &["unknown field", "qk_norm"],
    );
}

#[test]
fn vocoder_of_the_wrong_mel_kind() {
    let model = Model::new();
    model.config(|config| config["mel_spec"]["mel_spec_type"] = "bigvgan".into());
    assert_says(
        &model.error(),
        ErrorKind::CorruptModel,
        &["Vocos", "Bigvgan"],
    );
}

#[test]
fn vocoder_of_another_size() {
    let model = Model::new();
    model.config(|config| config["vocoder"]["dim"] = 128.into());
    assert_says(
        &model.error(),
        ErrorKind::CorruptModel,
        &["backbone.embed.weight", "128", "192"],
    );
}

#[test]
fn vocabulary_of_another_model() {
    let model = Model::new();
    fs::write(model.path("vocab.txt"), " \na\nb\nc\n").unwrap();
    assert_says(&model.error(), ErrorKind::CorruptModel, &["4 tokens"]);
}

#[test]
fn vocabulary_with_a_token_twice() {
    let model = Model::new();
    fs::write(model.path("vocab.txt"), " \na\nb\na\n").unwrap();
    assert_says(&model.error(), ErrorKind::CorruptModel, &["vocab.txt"]);
}

#[test]
fn truncated_checkpoint() {
    let model = Model::new();
    truncate(&model.path("model.safetensors"), 5_000_000);
    assert_says(
        &model.error(),
        ErrorKind::CorruptModel,
        &["model.safetensors", "5000000"],
    );
}

#[test]
fn checkpoint_that_is_a_pickle() {
    let model = Model::new();
    fs::write(
        model.path("model.safetensors"),
        b"PK\x03\x04 archive/data.pkl and more",
    )
    .unwrap();
    assert_says(&model.error(), ErrorKind::CorruptModel, &["safetensors"]);
}

#[test]
fn checkpoint_with_missing_extra_and_misshapen_tensors() {
    let model = Model::new();
    model.config(|config| {
        config["arch"]["depth"] = 7.into();
        config["arch"]["ff_mult"] = 3.into();
        config["arch"]["qk_norm"] = "rms_norm".into();
    });
    let evidence = [
        "transformer_blocks.7.attn.to_q.weight",
        "transformer_blocks.0.attn.q_norm.weight",
        "transformer_blocks.6.ff.ff.0.0.weight",
    ];
    assert_says(&model.error(), ErrorKind::CorruptModel, &evidence);
}

#[test]
fn several_checkpoints_to_choose_from() {
    let model = Model::new();
    fs::rename(
        model.path("model.safetensors"),
        model.path("model_1.safetensors"),
    )
    .unwrap();
    fs::copy(
        model.path("model_1.safetensors"),
        model.path("model_2.safetensors"),
    )
    .unwrap();
    assert_says(
        &model.error(),
        ErrorKind::CorruptModel,
        &["model_1.safetensors, model_2.safetensors"],
    );
}

#[test]
fn released_file_name_is_found() {
    let model = Model::new();
    fs::rename(
        model.path("model.safetensors"),
        model.path("model_1250000.safetensors"),
    )
    .unwrap();
    let tts = F5Tts::builder().model_dir(model.0.path()).build().unwrap();
    assert_eq!(tts.config().name, "f5-demo-en");
}
