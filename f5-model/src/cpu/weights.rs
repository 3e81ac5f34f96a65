//! From a released checkpoint to packed layers: piece by piece, on all threads.

use std::path::Path;

use burn::tensor::Device;
use f5_core::weights::{Checkpoint, WeightsError};
use f5_kernels::{ChannelScale, ConvNext, F32, Kernel, Linear, Packer, Pool, transpose};
use rayon::prelude::*;

use super::{
    Architecture, CpuTransformer, Shape,
    block::{Block, Norms},
    input::{GroupedConv, InputEmbedding},
    modulation::{NormOut, TimeEmbedding},
    skip::{Join, Skip},
    text::TextEmbedding,
};
use crate::{
    Dit, Result, UNetT, config::SkipConnectType, embedding::TextEmbeddingConfig, unett,
    weights::checkpoint,
};

/// Reads tensors of one checkpoint.
struct Reader<'a, K> {
    checkpoint: Checkpoint,
    architecture: Architecture<'a>,
    kernel: K,
}

impl<K: Kernel> CpuTransformer<K> {
    /// Reads a checkpoint and packs its weights for `kernel`; tensors of the seam live on `device`.
    ///
    /// # Errors
    ///
    /// As [`Dit::load`].
    pub fn load(
        path: &Path,
        architecture: Architecture<'_>,
        vocab_size: usize,
        device: &Device,
        kernel: K,
        pool: Pool,
    ) -> Result<Self> {
        // The reference says which tensors there have to be; none of its own is ever made.
        let (checkpoint, depth, text) = match architecture {
            Architecture::Dit(config) => {
                let reference = Dit::new(config, vocab_size, device)?;
                let checkpoint = checkpoint(&reference, vocab_size, &[], path)?;
                (checkpoint, config.depth, config.into())
            }
            Architecture::UNetT(config) => {
                let reference = UNetT::new(config, vocab_size, device)?;
                let checkpoint = checkpoint(&reference, vocab_size, unett::RENAMES, path)?;
                (checkpoint, config.depth, config.into())
            }
        };
        let reader = Reader {
            checkpoint,
            architecture,
            kernel,
        };
        let shape = Shape::from(architecture);
        let layers = || -> Result<Vec<_>, WeightsError> {
            let layers = (0..=depth).into_par_iter();
            layers
                .map(|index| {
                    let block = (index < depth).then(|| reader.block(index));
                    Ok((block.transpose()?, reader.skip(index, depth)?))
                })
                .collect()
        };
        let ends = || rayon::join(|| reader.text(text), || reader.input(shape));
        let (layers, (text_embed, input_embed)) = pool.run(|| rayon::join(layers, ends));
        let (blocks, skips): (Vec<_>, Vec<_>) = layers?.into_iter().unzip();
        Ok(Self {
            time_embed: TimeEmbedding {
                time_mlp_0: reader.linear_f32("time_embed.time_mlp.0")?,
                time_mlp_2: reader.linear_f32("time_embed.time_mlp.2")?,
            },
            text_embed: text_embed?,
            input_embed: input_embed?,
            blocks: blocks.into_iter().flatten().collect(),
            skips,
            norm_out: match architecture {
                Architecture::Dit(_) => NormOut::Modulated(reader.linear("norm_out.linear")?),
                Architecture::UNetT(_) => NormOut::Rms(reader.tensor("norm_out.g")?),
            },
            proj_out: reader.linear_f32("proj_out")?,
            shape,
            vocab_size,
            device: device.clone(),
            kernel,
            pool,
        })
    }
}

impl<K: Kernel> Reader<'_, K> {
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

    fn block(&self, index: usize) -> Result<Block<K>, WeightsError> {
        let (norms, attn, ff) = match self.architecture {
            Architecture::Dit(_) => {
                let name = |part: &str| format!("transformer_blocks.{index}.{part}");
                let norms = Norms::Modulated(self.linear(&name("attn_norm.linear"))?);
                (norms, name("attn"), name("ff.ff"))
            }
            // Numbered as they stand in upstream's list.
            Architecture::UNetT(_) => {
                let name = |part: &str| format!("layers.{index}.{part}");
                let norms = Norms::Rms {
                    attn: self.tensor(&name("1.g"))?,
                    ff: self.tensor(&name("3.g"))?,
                };
                (norms, name("2"), name("4.ff"))
            }
        };
        let norm = |part: &str| {
            let weight = format!("{attn}.{part}.weight");
            let there = self.checkpoint.shape(&weight).is_some();
            there.then(|| self.tensor(&weight)).transpose()
        };
        let [q, k, v] = ["to_q", "to_k", "to_v"].map(|part| format!("{attn}.{part}"));
        Ok(Block {
            norms,
            qkv: self.join(self.kernel, &[&q, &k, &v])?,
            q_norm: norm("q_norm")?,
            k_norm: norm("k_norm")?,
            to_out: self.linear(&format!("{attn}.to_out.0"))?,
            linear_in: self.linear(&format!("{ff}.0.0"))?,
            linear_out: self.linear(&format!("{ff}.2"))?,
        })
    }

    /// What comes back before block `index`, or before the velocity when there are no more.
    fn skip(&self, index: usize, depth: usize) -> Result<Option<Skip<K>>, WeightsError> {
        let concat = |name: &str| Ok::<_, WeightsError>(Join::Concat(self.linear(name)?));
        let (from, join) = match self.architecture {
            Architecture::Dit(config) if config.long_skip_connection && index == depth => {
                (0, concat("long_skip_connection")?)
            }
            // In the order of brackets: the last layer of the first half is answered first.
            Architecture::UNetT(config) if (depth / 2..depth).contains(&index) => {
                let join = match config.skip_connect_type {
                    SkipConnectType::Concat => concat(&format!("layers.{index}.0"))?,
                    SkipConnectType::Add => Join::Add,
                    SkipConnectType::None => return Ok(None),
                };
                (depth - 1 - index, join)
            }
            _ => return Ok(None),
        };
        Ok(Some(Skip { from, join }))
    }

    fn text(&self, config: TextEmbeddingConfig) -> Result<TextEmbedding, WeightsError> {
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
            dim: config.dim,
            mask_padding: config.mask_padding,
            average_upsampling: config.average_upsampling,
            known_positions: config.known_positions,
        })
    }

    fn input(&self, shape: Shape) -> Result<InputEmbedding<K>, WeightsError> {
        let mel_dim = shape.mel_dim;
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
