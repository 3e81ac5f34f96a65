//! From a released checkpoint to packed layers, several tensors at a time.

use std::path::Path;

use burn::tensor::Device;
use f5_core::weights::{Checkpoint, WeightsError};
use f5_kernels::{ChannelScale, ConvNext, F32, Kernel, Linear, Pool, Shelf, transpose};
use rayon::prelude::*;

use super::{
    CpuDit,
    block::Block,
    input::{GroupedConv, InputEmbedding},
    modulation::TimeEmbedding,
    text::TextEmbedding,
};
use crate::{Dit, Result, config::DitConfig, weights::checkpoint};

/// Reads tensors of one checkpoint.
struct Reader<K> {
    checkpoint: Checkpoint,
    kernel: K,
    /// Large tensors on their way to the packed layer: memory that is used again.
    unpacked: Shelf<Vec<f32>>,
}

impl<K: Kernel> CpuDit<K> {
    /// Reads a checkpoint and packs its weights for `kernel`; tensors of the seam live on `device`.
    ///
    /// # Errors
    ///
    /// As [`Dit::load`].
    pub fn load(
        path: &Path,
        config: &DitConfig,
        vocab_size: usize,
        device: &Device,
        kernel: K,
        pool: Pool,
    ) -> Result<Self> {
        // The reference says which tensors there have to be; none of its own is ever made.
        let reference = Dit::new(config, vocab_size, device)?;
        let checkpoint = checkpoint(&reference, path)?;
        let reader = Reader {
            checkpoint,
            kernel,
            unpacked: Shelf::default(),
        };
        let depth = 0..config.depth;
        let blocks: Vec<Block<K>> = pool.run(|| {
            let blocks = depth
                .into_par_iter()
                .map(|index| reader.block(index, config));
            blocks.collect::<Result<_, WeightsError>>()
        })?;
        let mel_dim = config.mel_dim;
        Ok(Self {
            time_embed: TimeEmbedding {
                time_mlp_0: reader.linear_f32("time_embed.time_mlp.0")?,
                time_mlp_2: reader.linear_f32("time_embed.time_mlp.2")?,
            },
            text_embed: reader.text(config)?,
            input_embed: reader.input(mel_dim)?,
            transformer_blocks: blocks,
            long_skip_connection: match config.long_skip_connection {
                true => Some(reader.join(&["long_skip_connection"])?),
                false => None,
            },
            norm_out: reader.linear("norm_out.linear")?,
            proj_out: reader.linear_f32("proj_out")?,
            config: config.clone(),
            vocab_size,
            device: device.clone(),
            kernel,
            pool,
        })
    }
}

impl<K: Kernel> Reader<K> {
    fn tensor(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        self.checkpoint.tensor_f32(name)
    }

    /// Extent of the second axis; the checkpoint has been held against the network's shapes.
    fn inputs(&self, name: &str) -> usize {
        self.checkpoint
            .shape(name)
            .and_then(|shape| shape.get(1))
            .copied()
            .unwrap_or(0)
    }

    fn linear(&self, name: &str) -> Result<Linear<K>, WeightsError> {
        self.join(&[name])
    }

    fn linear_f32(&self, name: &str) -> Result<Linear<F32>, WeightsError> {
        let weight = format!("{name}.weight");
        let inputs = self.inputs(&weight);
        let bias = self.tensor(&format!("{name}.bias"))?;
        Ok(Linear::new(
            F32(self.kernel.cpu()),
            &self.tensor(&weight)?,
            inputs,
            bias,
        ))
    }

    /// Layers of one input as a single one, outputs in order; without a bias in the checkpoint, without
    /// a bias.
    fn join(&self, names: &[&str]) -> Result<Linear<K>, WeightsError> {
        let (mut biases, mut inputs) = (Vec::new(), 0);
        self.unpacked.with(|weights| {
            weights.clear();
            for name in names {
                let weight = format!("{name}.weight");
                inputs = self.inputs(&weight);
                self.checkpoint.append_f32(&weight, weights)?;
                let bias = format!("{name}.bias");
                if self.checkpoint.shape(&bias).is_some() {
                    self.checkpoint.append_f32(&bias, &mut biases)?;
                }
            }
            Ok(Linear::new(self.kernel, weights, inputs, biases))
        })
    }

    fn block(&self, index: usize, config: &DitConfig) -> Result<Block<K>, WeightsError> {
        let name = |part: &str| format!("transformer_blocks.{index}.{part}");
        let norm = |part: &str| {
            let weight = name(part);
            config.qk_norm.map(|_| self.tensor(&weight)).transpose()
        };
        let [q, k, v] = ["attn.to_q", "attn.to_k", "attn.to_v"].map(name);
        Ok(Block {
            attn_norm: self.linear(&name("attn_norm.linear"))?,
            qkv: self.join(&[&q, &k, &v])?,
            q_norm: norm("attn.q_norm.weight")?,
            k_norm: norm("attn.k_norm.weight")?,
            to_out: self.linear(&name("attn.to_out.0"))?,
            linear_in: self.linear(&name("ff.ff.0.0"))?,
            linear_out: self.linear(&name("ff.ff.2"))?,
        })
    }

    fn text(&self, config: &DitConfig) -> Result<TextEmbedding, WeightsError> {
        let block = |index: usize| {
            let name = |part: &str| format!("text_embed.text_blocks.{index}.{part}");
            let taps = self.tensor(&name("dwconv.weight"))?;
            Ok(ConvNext {
                taps: transpose(&taps, 7),
                tap_bias: self.tensor(&name("dwconv.bias"))?,
                norm_weight: self.tensor(&name("norm.weight"))?,
                norm_bias: self.tensor(&name("norm.bias"))?,
                pwconv1: self.linear_f32(&name("pwconv1"))?,
                pwconv2: self.linear_f32(&name("pwconv2"))?,
                scale: ChannelScale::Response {
                    gamma: self.tensor(&name("grn.gamma"))?,
                    beta: self.tensor(&name("grn.beta"))?,
                },
            })
        };
        Ok(TextEmbedding {
            table: self.tensor("text_embed.text_embed.weight")?,
            blocks: (0..config.conv_layers)
                .map(block)
                .collect::<Result<_, WeightsError>>()?,
            dim: config.text_dim(),
            mask_padding: config.text_mask_padding,
            average_upsampling: config.text_embedding_average_upsampling,
        })
    }

    fn input(&self, mel_dim: usize) -> Result<InputEmbedding<K>, WeightsError> {
        let inputs = self.inputs("input_embed.proj.weight");
        let weight = self.tensor("input_embed.proj.weight")?;
        let columns = |range: std::ops::Range<usize>| -> Vec<f32> {
            weight
                .chunks_exact(inputs)
                .flat_map(|row| &row[range.clone()])
                .copied()
                .collect()
        };
        let bias = self.tensor("input_embed.proj.bias")?;
        let float = F32(self.kernel.cpu());
        let conv = |index: usize| {
            let name = format!("input_embed.conv_pos_embed.conv1d.{index}");
            let weight = self.tensor(&format!("{name}.weight"))?;
            Ok::<_, WeightsError>(GroupedConv::new(
                self.kernel,
                &weight,
                self.tensor(&format!("{name}.bias"))?,
            ))
        };
        Ok(InputEmbedding {
            moving: Linear::new(float, &columns(0..mel_dim), mel_dim, Vec::new()),
            constant: Linear::new(float, &columns(mel_dim..inputs), inputs - mel_dim, bias),
            conv1d_0: conv(0)?,
            conv1d_2: conv(2)?,
        })
    }
}
