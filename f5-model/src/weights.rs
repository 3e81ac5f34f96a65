//! From a released checkpoint to a [`Dit`]: which tensors are read under which names.

use std::path::Path;

use f5_core::weights::Checkpoint;

use crate::{ConfigError, Dit, Result};

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

/// Fills `dit` from a checkpoint file.
pub(crate) fn load(dit: Dit, path: &Path) -> Result<Dit> {
    let checkpoint = open(&dit, path)?;
    Ok(f5_weights::load(dit, checkpoint, checkpoint_name)?)
}

/// Opens a checkpoint and makes sure that it holds the tensors of `dit` and no others.
pub(crate) fn checkpoint(dit: &Dit, path: &Path) -> Result<Checkpoint> {
    let checkpoint = open(dit, path)?;
    checkpoint.check(&f5_weights::expected(dit, checkpoint_name))?;
    Ok(checkpoint)
}

fn open(dit: &Dit, path: &Path) -> Result<Checkpoint> {
    let checkpoint = f5_weights::open(path)?
        .strip_prefixes(&PREFIXES)?
        .ignore(is_ignored);
    if let Some(&[embedding_rows, _]) = checkpoint.shape("text_embed.text_embed.weight")
        && embedding_rows != dit.vocab_size() + 1
    {
        let vocab_size = dit.vocab_size();
        return Err(ConfigError::VocabSize {
            vocab_size,
            embedding_rows,
        }
        .into());
    }
    Ok(checkpoint)
}

/// The checkpoint's name of the parameter at `path` in the module.
fn checkpoint_name(path: &str) -> String {
    RENAMES.iter().fold(path.to_owned(), |name, (field, key)| {
        name.replace(field, key)
    })
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use f5_weights::expected;

    use super::*;
    use crate::ModelConfig;

    #[test]
    fn released_base_model_has_its_tensors_and_parameters() {
        let config = ModelConfig::preset("F5TTS_v1_Base").unwrap();
        let dit = Dit::new(&config.arch, 2545, &Device::flex()).unwrap();
        let tensors = expected(&dit, checkpoint_name);
        let parameters: usize = tensors
            .iter()
            .map(|tensor| tensor.shape.iter().product::<usize>())
            .sum();
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
