//! Modules come out of a checkpoint exactly as PyTorch means them, or not at all.

use std::path::PathBuf;

use burn::{
    module::{Module, Param},
    nn::{
        Embedding, EmbeddingConfig, Gelu, LayerNorm, LayerNormConfig, Linear, LinearConfig,
        RmsNorm, RmsNormConfig,
        conv::{Conv1d, Conv1dConfig},
    },
    tensor::{Device, Tensor},
};
use f5_core::weights::{Checkpoint, TensorSpec, WeightsError};
use f5_weights::{expected, load};
use safetensors::{Dtype, tensor::TensorView};
use tempfile::TempDir;

/// One of everything that checkpoints of this family hold.
#[derive(Module, Debug)]
struct Network {
    embed: Embedding,
    conv: Conv1d,
    mlp: (Linear, Gelu, Linear),
    blocks: Vec<Block>,
    q_norm: Option<RmsNorm>,
    k_norm: Option<RmsNorm>,
}

#[derive(Module, Debug)]
struct Block {
    norm: LayerNorm,
    gamma: Param<Tensor<1>>,
}

fn network(device: &Device) -> Network {
    let block = || Block {
        norm: LayerNormConfig::new(3).init(device),
        gamma: burn::nn::Initializer::Zeros.init([3], device),
    };
    Network {
        embed: EmbeddingConfig::new(5, 2).init(device),
        conv: Conv1dConfig::new(4, 4, 3).with_groups(2).init(device),
        mlp: (
            LinearConfig::new(2, 3).init(device),
            Gelu::new(),
            LinearConfig::new(3, 2).with_bias(false).init(device),
        ),
        blocks: vec![block(), block()],
        q_norm: Some(RmsNormConfig::new(2).init(device)),
        k_norm: None,
    }
}

fn rename(name: &str) -> String {
    name.replace("mlp.", "time_mlp.")
}

/// The tensors that PyTorch would write for [`network`], in order of the fields.
fn pytorch_specs() -> Vec<TensorSpec> {
    vec![
        TensorSpec::new("embed.weight", [5, 2]),
        TensorSpec::new("conv.weight", [4, 2, 3]),
        TensorSpec::new("conv.bias", [4]),
        TensorSpec::new("time_mlp.0.weight", [3, 2]),
        TensorSpec::new("time_mlp.0.bias", [3]),
        TensorSpec::new("time_mlp.2.weight", [2, 3]),
        TensorSpec::new("blocks.0.norm.weight", [3]),
        TensorSpec::new("blocks.0.norm.bias", [3]),
        TensorSpec::new("blocks.0.gamma", [3]),
        TensorSpec::new("blocks.1.norm.weight", [3]),
        TensorSpec::new("blocks.1.norm.bias", [3]),
        TensorSpec::new("blocks.1.gamma", [3]),
        TensorSpec::new("q_norm.weight", [2]),
    ]
}

/// Writes tensors whose values count up through the file, each changed by `change`.
fn checkpoint(
    specs: &[TensorSpec],
    change: impl Fn(&str, &mut Vec<f32>),
) -> (TempDir, PathBuf, Vec<Vec<f32>>) {
    let mut next = 0.0;
    let values: Vec<Vec<f32>> = specs
        .iter()
        .map(|spec| {
            let count: usize = spec.shape.iter().product();
            let mut values: Vec<f32> = (0..count).map(|i| next + i as f32).collect();
            next += count as f32;
            change(&spec.name, &mut values);
            values
        })
        .collect();
    let bytes: Vec<Vec<u8>> = values
        .iter()
        .map(|v| v.iter().flat_map(|x| x.to_le_bytes()).collect())
        .collect();
    let views = specs.iter().zip(&bytes).map(|(spec, bytes)| {
        (
            spec.name.clone(),
            TensorView::new(Dtype::F32, spec.shape.clone(), bytes).expect("values fit the shape"),
        )
    });
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("model.safetensors");
    let file = safetensors::serialize(views, None).expect("valid tensors");
    std::fs::write(&path, file).expect("writable folder");
    (dir, path, values)
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 values")
}

#[test]
fn names_and_shapes_are_pytorchs_and_nothing_is_initialised() {
    let network = network(&Device::flex());
    assert_eq!(expected(&network, rename), pytorch_specs());
    assert!(!network.embed.weight.is_initialized());
    assert!(!network.mlp.0.weight.is_initialized());
    assert!(!network.blocks[1].gamma.is_initialized());
}

#[test]
fn every_parameter_gets_its_tensor() {
    let (_dir, path, values) = checkpoint(&pytorch_specs(), |_, _| ());
    let checkpoint = Checkpoint::open(&path).unwrap();
    let network = load(network(&Device::flex()), checkpoint, rename).unwrap();

    assert_eq!(host(network.embed.weight.val()), values[0]);
    assert_eq!(host(network.conv.weight.val()), values[1]);
    assert_eq!(host(network.conv.bias.unwrap().val()), values[2]);
    assert_eq!(network.mlp.0.weight.dims(), [2, 3]);
    assert_eq!(host(network.mlp.0.weight.val().transpose()), values[3]);
    assert_eq!(host(network.mlp.0.bias.unwrap().val()), values[4]);
    assert_eq!(host(network.mlp.2.weight.val().transpose()), values[5]);
    assert_eq!(host(network.blocks[0].norm.gamma.val()), values[6]);
    assert_eq!(
        host(network.blocks[0].norm.beta.as_ref().unwrap().val()),
        values[7]
    );
    assert_eq!(host(network.blocks[0].gamma.val()), values[8]);
    assert_eq!(host(network.blocks[1].gamma.val()), values[11]);
    assert_eq!(host(network.q_norm.unwrap().gamma.val()), values[12]);
}

#[test]
fn a_checkpoint_of_another_network_is_refused_by_its_own_names() {
    let mut specs = pytorch_specs();
    specs[3].shape = vec![2, 3];
    specs[8].name = "blocks.0.layer_scale".to_owned();
    let (_dir, path, _) = checkpoint(&specs, |_, _| ());
    let checkpoint = Checkpoint::open(&path).unwrap();
    let error = load(network(&Device::flex()), checkpoint, rename).unwrap_err();
    let WeightsError::Mismatch { mismatch, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(mismatch.missing, [TensorSpec::new("blocks.0.gamma", [3])]);
    assert_eq!(
        mismatch.extra,
        [TensorSpec::new("blocks.0.layer_scale", [3])]
    );
    assert_eq!(mismatch.misshapen.len(), 1);
    assert_eq!(mismatch.misshapen[0].name, "time_mlp.0.weight");
    assert_eq!(mismatch.misshapen[0].expected, [3, 2]);
    assert_eq!(mismatch.misshapen[0].got, [2, 3]);
}

#[test]
fn a_tensor_that_cannot_be_used_keeps_its_typed_error() {
    let (_dir, path, _) = checkpoint(&pytorch_specs(), |name, values| {
        if name == "blocks.1.norm.bias" {
            values[2] = f32::NAN;
        }
    });
    let checkpoint = Checkpoint::open(&path).unwrap();
    let error = load(network(&Device::flex()), checkpoint, rename).unwrap_err();
    assert!(
        matches!(&error, WeightsError::NonFinite { name, index: 2, .. }
            if name == "blocks.1.norm.bias"),
        "{error}"
    );
}
