//! The transformers on CPU kernels: the same networks as [`Dit`](crate::Dit) and [`UNetT`](crate::UNetT),
//! written for a processor.
//!
//! Those run on any Burn device and are the reference; [`CpuTransformer`] is another [`Backbone`] behind the
//! same seam, for the processor alone. Weights are packed once for the kernels of `f5-kernels`, in
//! float32 or bf16; what is cheap is fused into what is expensive, and everything that stays the same
//! between two steps is computed once per sample.
//!
//! | file | what |
//! |---|---|
//! | `weights` | from the checkpoint to packed layers |
//! | `modulation` | what each time step does to each block, for all steps at once |
//! | `text` | the text encoder |
//! | `input` | input projection and position convolution |
//! | `block` | the rows of a block between two attentions |
//! | `skip` | where the rows of an earlier block come back |
//! | `attention` | all heads of all sequences |
//! | `field` | puts them together: a velocity for a point and a time |

mod attention;
mod block;
mod field;
mod input;
mod modulation;
mod skip;
mod text;
mod weights;

use std::path::Path;

use burn::tensor::Device;
use f5_kernels::{Bf16, F32, Kernel, Linear};

pub use f5_kernels::{Cpu, Isa, Pool, Precision};
pub use field::CpuField;

use crate::{
    Result,
    cfm::{Backbone, Conditioning, VelocityField},
    config::{DitConfig, UNetTConfig},
};
use block::Block;
use input::InputEmbedding;
use modulation::{NormOut, TimeEmbedding};
use skip::Skip;
use text::TextEmbedding;

/// A network that the kernels know.
#[derive(Debug, Clone, Copy)]
pub enum Architecture<'a> {
    /// [`Dit`](crate::Dit).
    Dit(&'a DitConfig),
    /// [`UNetT`](crate::UNetT).
    UNetT(&'a UNetTConfig),
}

/// Loads a network for the processor, to be run on the threads of `pool`.
///
/// # Errors
///
/// As [`Dit::load`](crate::Dit::load).
pub fn load(
    path: impl AsRef<Path>,
    architecture: Architecture<'_>,
    vocab_size: usize,
    device: &Device,
    precision: Precision,
    cpu: Cpu,
    pool: Pool,
) -> Result<Box<dyn Backbone>> {
    let path = path.as_ref();
    Ok(if precision.is_bf16(cpu) {
        let kernel = Bf16(cpu);
        let network = CpuTransformer::load(path, architecture, vocab_size, device, kernel, pool)?;
        Box::new(network)
    } else {
        let kernel = F32(cpu);
        let network = CpuTransformer::load(path, architecture, vocab_size, device, kernel, pool)?;
        Box::new(network)
    })
}

/// A transformer over the packed weights of one kernel.
#[derive(Debug)]
pub struct CpuTransformer<K: Kernel> {
    time_embed: TimeEmbedding,
    text_embed: TextEmbedding,
    input_embed: InputEmbedding<K>,
    blocks: Vec<Block<K>>,
    /// What comes back before each block and, last, before the velocity.
    skips: Vec<Option<Skip<K>>>,
    norm_out: NormOut<K>,
    proj_out: Linear<F32>,
    shape: Shape,
    vocab_size: usize,
    device: Device,
    kernel: K,
    pool: Pool,
}

/// Sizes and flags of a network.
#[derive(Debug, Clone, Copy)]
struct Shape {
    dim: usize,
    heads: usize,
    dim_head: usize,
    /// Heads that carry the rotary embedding.
    turning: usize,
    mel_dim: usize,
    max_frames: Option<usize>,
    /// Whether upstream masks the keys of padded frames.
    attn_mask_enabled: bool,
    /// Whether upstream takes padding for frames in text encoder and position convolution.
    hears_padding: bool,
    /// Positions before the frames: one where the time is a token.
    lead: usize,
}

impl From<Architecture<'_>> for Shape {
    fn from(architecture: Architecture<'_>) -> Self {
        match architecture {
            Architecture::Dit(config) => Self {
                dim: config.dim,
                heads: config.heads,
                dim_head: config.dim_head,
                turning: config.pe_attn_head.unwrap_or(config.heads),
                mel_dim: config.mel_dim,
                max_frames: config.max_frames(),
                attn_mask_enabled: config.attn_mask_enabled,
                hears_padding: false,
                lead: 0,
            },
            Architecture::UNetT(config) => Self {
                dim: config.dim,
                heads: config.heads,
                dim_head: config.dim_head,
                turning: config.pe_attn_head.unwrap_or(config.heads),
                mel_dim: config.mel_dim,
                max_frames: None,
                attn_mask_enabled: config.attn_mask_enabled,
                hears_padding: true,
                lead: 1,
            },
        }
    }
}

impl<K: Kernel> Backbone for CpuTransformer<K> {
    fn n_mels(&self) -> usize {
        self.shape.mel_dim
    }

    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn max_frames(&self) -> Option<usize> {
        self.shape.max_frames
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn condition<'a>(&'a self, conditioning: Conditioning) -> Box<dyn VelocityField + 'a> {
        Box::new(CpuField::new(self, conditioning))
    }
}
