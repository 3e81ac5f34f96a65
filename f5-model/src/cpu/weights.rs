//! From a released checkpoint to packed layers: piece by piece, on all threads.

use std::path::Path;

use burn::tensor::Device;
use f5_core::weights::{Checkpoint, WeightsError};
use f5_kernels::{ChannelScale, ConvNext, F32, Kernel, Linear, Packer, Pool, transpose};
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
        let reader = Reader { checkpoint, kernel };
        let blocks = || -> Result<Vec<Block<K>>, WeightsError> {
            let blocks = (0..config.depth).into_par_iter();
            blocks.map(|index| reader.block(index, config)).collect()
        };
        let ends = || rayon::join(|| reader.text(config), || reader.input(config.mel_dim));
        let (blocks, (text, input)) = pool.run(|| rayon::join(blocks, ends));
        Ok(Self {
            time_embed: TimeEmbedding {
                time_mlp_0: reader.linear_f32("time_embed.time_mlp.0")?,
                time_mlp_2: reader.linear_f32("time_embed.time_mlp.2")?,
            },
            text_embed: text?,
            input_embed: input?,
            transformer_blocks: blocks?,
            long_skip_connection: match config.long_skip_connection {
                true => Some(reader.linear("long_skip_connection")?),
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

    /// Extent of an axis; the checkpoint has been held against the network's shapes.
    fn extent(&self, name: &str, axis: usize) -> usize {
        let shape = self.checkpoint.shape(name);
        shape.and_then(|shape| shape.get(axis)).map_or(0, |n| *n)
    }

    fn linear(&self, name: &str) -> Result<Linear<K>, WeightsError> {
        self.join(self.kernel, &[name])
    }

    fn linear_f32(&self, name: &str) -> Result<Linear<F32>, WeightsError> {
        self.join(F32(self.kernel.cpu()), &[name])
    }

    /// Layers of one input as a single one, outputs in order; without a bias in the checkpoint, without
    /// a bias.
    fn join<L: Kernel>(&self, kernel: L, names: &[&str]) -> Result<Linear<L>, WeightsError> {
        let weights: Vec<_> = names.iter().map(|name| format!("{name}.weight")).collect();
        let inputs = weights.first().map_or(0, |name| self.extent(name, 1));
        let outputs = weights.iter().map(|name| self.extent(name, 0)).sum();
        let mut packer = Packer::new(kernel, inputs, outputs);
        let mut biases = Vec::new();
        for (name, weight) in names.iter().zip(&weights) {
            // Packed from the memory that the file was read into, while it is in cache.
            let piece = packer.piece();
            self.checkpoint
                .each_f32(weight, piece, |values| packer.push(values))?;
            let bias = format!("{name}.bias");
            if self.checkpoint.shape(&bias).is_some() {
                self.checkpoint.append_f32(&bias, &mut biases)?;
            }
        }
        Ok(packer.finish(biases))
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
            qkv: self.join(self.kernel, &[&q, &k, &v])?,
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
        let inputs = self.extent("input_embed.proj.weight", 1);
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
