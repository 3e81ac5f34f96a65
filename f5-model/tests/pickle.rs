//! A checkpoint as F5-TTS's trainer saves it (`ema_model_state_dict`, see `data/ema_pt/make.py`) is the
//! same network as its tensors in a safetensors file.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use f5_model::{
    Dit, DitConfig,
    cfm::{Backbone, BatchMasking, Conditioning},
};
use safetensors::{Dtype, tensor::TensorView};

fn config() -> DitConfig {
    let json = r#"{ "dim": 16, "depth": 1, "heads": 1, "dim_head": 16, "ff_mult": 1, "mel_dim": 4,
                    "text_dim": 8, "conv_layers": 0, "text_num_embeds": 5 }"#;
    serde_json::from_str(json).expect("a configuration")
}

/// Values by name and index, as in `make.py`.
fn value(name: &str, index: usize) -> f32 {
    ((index * 37 + name.len() * 11) % 97) as f32 / 64.0 - 0.75
}

fn velocity(path: &Path) -> Vec<f32> {
    let device = Device::flex();
    let dit = Dit::load(path, &config(), 5, &device).expect("the checkpoint fits");
    let field = dit.condition(Conditioning {
        cond: Tensor::ones([1, 9, 4], &device),
        text: vec![vec![0, 3, 4]],
        durations: vec![9],
        guided: true,
        batch_masking: BatchMasking::Exact,
        times: Vec::new(),
    });
    let velocity = field.velocity(&Tensor::ones([1, 9, 4], &device), 0.3);
    let both = [
        velocity.conditional,
        velocity.unconditional.expect("guided"),
    ];
    Tensor::cat(both.to_vec(), 0)
        .into_data()
        .try_into_vec()
        .expect("f32 values")
}

#[test]
fn a_training_state_is_the_network_that_its_averaged_weights_are() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ema_pt/model.pt");
    let from_pickle = velocity(&data);

    let specs: Vec<_> = f5_weights::open(&data)
        .expect("a sound pickle")
        .strip_prefixes(&["ema_model.transformer."])
        .expect("one set of names")
        .ignore(|name| matches!(name, "initted" | "step" | "rotary_embed.inv_freq"))
        .tensors()
        .collect();
    let bytes: Vec<Vec<u8>> = specs
        .iter()
        .map(|spec| {
            let count: usize = spec.shape.iter().product();
            (0..count)
                .flat_map(|index| value(&spec.name, index).to_le_bytes())
                .collect()
        })
        .collect();
    let views = specs.iter().zip(&bytes).map(|(spec, bytes)| {
        let view = TensorView::new(Dtype::F32, spec.shape.clone(), bytes);
        (spec.name.clone(), view.expect("values fit the shape"))
    });
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("model.safetensors");
    let file = safetensors::serialize(views, None).expect("valid tensors");
    std::fs::write(&path, file).expect("writable folder");

    let from_safetensors = velocity(&path);
    assert_eq!(from_pickle, from_safetensors);
    assert!(from_pickle.iter().any(|&v| v != 0.0));
}
