//! From a released checkpoint to a network: which tensors are read under which names.

use std::path::Path;

use burn::module::Module;
use f5_core::weights::Checkpoint;

use crate::{ConfigError, Result};

/// Prefixes that released, compiled and distributed checkpoints put before the network's own names.
const PREFIXES: [&str; 4] = ["module.", "_orig_mod.", "ema_model.", "transformer."];

/// Where Rust's field names cannot be the checkpoint's.
const RENAMES: [(&str, &str); 7] = [
    (".time_mlp_0.", ".time_mlp.0."),
    (".time_mlp_2.", ".time_mlp.2."),
    (".conv1d_0.", ".conv1d.0."),
    (".conv1d_2.", ".conv1d.2."),
    (".to_out.", ".to_out.0."),
    (".linear_in.", ".ff.0.0."),
    (".linear_out.", ".ff.2."),
];

/// Training counters, and buffers that are computed here: the frequencies of the rotary embedding, and
/// the mel front end that early releases carry along.
fn is_ignored(name: &str) -> bool {
    matches!(name, "initted" | "step" | "rotary_embed.inv_freq") || name.starts_with("mel_spec.")
}

/// Further names, in which networks differ: field and key.
pub(crate) type Renames = [(&'static str, &'static str)];

/// Fills `network` from a checkpoint file.
pub(crate) fn load<M: Module>(
    network: M,
    vocab_size: usize,
    renames: &Renames,
    path: &Path,
) -> Result<M> {
    let checkpoint = open(vocab_size, path)?;
    let name = |path: &str| checkpoint_name(path, renames);
    Ok(f5_weights::load(network, checkpoint, name)?)
}

/// Opens a checkpoint and makes sure that it holds the tensors of `network` and no others.
pub(crate) fn checkpoint<M: Module>(
    network: &M,
    vocab_size: usize,
    renames: &Renames,
    path: &Path,
) -> Result<Checkpoint> {
    let checkpoint = open(vocab_size, path)?;
    let name = |path: &str| checkpoint_name(path, renames);
    checkpoint.check(&f5_weights::expected(network, name))?;
    Ok(checkpoint)
}

fn open(vocab_size: usize, path: &Path) -> Result<Checkpoint> {
    let checkpoint = f5_weights::open(path)?
        .strip_prefixes(&PREFIXES)?
        .ignore(is_ignored);
    if let Some(&[embedding_rows, _]) = checkpoint.shape("text_embed.text_embed.weight")
        && embedding_rows != vocab_size + 1
    {
        return Err(ConfigError::VocabSize {
            vocab_size,
            embedding_rows,
        }
        .into());
    }
    Ok(checkpoint)
}

/// The checkpoint's name of the parameter at `path` in the module.
pub(crate) fn checkpoint_name(path: &str, renames: &Renames) -> String {
    let renames = RENAMES.iter().chain(renames);
    renames.fold(path.to_owned(), |name, (field, key)| {
        name.replace(field, key)
    })
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use f5_weights::expected;

    use super::*;
    use f5_core::weights::TensorSpec;

    use crate::{BackboneConfig, Dit, ModelConfig, UNetT, unett};

    fn parameters(tensors: &[TensorSpec]) -> usize {
        tensors
            .iter()
            .map(|tensor| tensor.shape.iter().product::<usize>())
            .sum()
    }

    #[test]
    fn released_e2_models_have_their_parameters() {
        // Upstream's own count, of both models with its vocabulary.
        for (preset, expected_parameters) in
            [("E2TTS_Base", 333_470_444), ("E2TTS_Small", 157_161_708)]
        {
            let BackboneConfig::UNetT(config) = ModelConfig::preset(preset).unwrap().arch else {
                panic!("E2-TTS is a UNetT");
            };
            let network = UNetT::new(&config, 2545, &Device::flex()).unwrap();
            let tensors = expected(&network, |path| checkpoint_name(path, unett::RENAMES));
            assert_eq!(parameters(&tensors), expected_parameters, "{preset}");
            let half = config.depth / 2;
            for (name, shape) in [
                ("layers.0.1.g".to_owned(), vec![config.dim]),
                (
                    format!("layers.{half}.0.weight"),
                    vec![config.dim, 2 * config.dim],
                ),
                ("layers.1.2.to_out.0.bias".to_owned(), vec![config.dim]),
                (
                    "layers.1.4.ff.0.0.weight".to_owned(),
                    vec![4 * config.dim, config.dim],
                ),
                ("norm_out.g".to_owned(), vec![config.dim]),
                ("text_embed.text_embed.weight".to_owned(), vec![2546, 100]),
                ("input_embed.proj.weight".to_owned(), vec![config.dim, 300]),
            ] {
                assert!(tensors.contains(&TensorSpec::new(&*name, shape)), "{name}");
            }
        }
    }

    #[test]
    fn released_base_model_has_its_tensors_and_parameters() {
        let BackboneConfig::Dit(config) = ModelConfig::preset("F5TTS_v1_Base").unwrap().arch else {
            panic!("F5-TTS is a DiT");
        };
        let dit = Dit::new(&config, 2545, &Device::flex()).unwrap();
        let tensors = expected(&dit, |path| checkpoint_name(path, &[]));
        let parameters = parameters(&tensors);
        // Upstream counts 364 tensors, of which one is the buffer of rotary frequencies.
        assert_eq!((tensors.len(), parameters), (363, 337_096_804));
        for (name, shape) in [
            ("time_embed.time_mlp.2.weight", vec![1024, 1024]),
            ("text_embed.text_embed.weight", vec![2546, 512]),
            ("text_embed.text_blocks.3.grn.gamma", vec![1, 1, 1024]),
            ("text_embed.text_blocks.0.norm.weight", vec![512]),
            ("input_embed.proj.weight", vec![1024, 712]),
            (
                "input_embed.conv_pos_embed.conv1d.2.weight",
                vec![1024, 64, 31],
            ),
            ("transformer_blocks.21.attn.to_out.0.bias", vec![1024]),
            ("transformer_blocks.0.ff.ff.0.0.weight", vec![2048, 1024]),
            ("transformer_blocks.0.ff.ff.2.weight", vec![1024, 2048]),
        ] {
            assert!(
                tensors
                    .iter()
                    .any(|tensor| tensor.name == name && tensor.shape == shape),
                "{name} {shape:?}"
            );
        }
    }
}
