//! The diffusion transformer on CPU kernels: the same network as [`Dit`](crate::Dit), written for a processor.
//!
//! [`Dit`](crate::Dit) runs on any Burn device and is the reference; [`CpuDit`] is another [`Backbone`] behind the
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
//! | `attention` | all heads of all sequences |
//! | `field` | puts them together: a velocity for a point and a time |

mod attention;
mod block;
mod field;
mod input;
mod modulation;
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
    config::DitConfig,
};
use block::Block;
use input::InputEmbedding;
use modulation::TimeEmbedding;
use text::TextEmbedding;

/// Loads the network that `config` describes for the processor, to be run on the threads of `pool`.
///
/// # Errors
///
/// As [`Dit::load`](crate::Dit::load).
pub fn load(
    path: impl AsRef<Path>,
    config: &DitConfig,
    vocab_size: usize,
    device: &Device,
    precision: Precision,
    cpu: Cpu,
    pool: Pool,
) -> Result<Box<dyn Backbone>> {
    let path = path.as_ref();
    Ok(if precision.is_bf16(cpu) {
        Box::new(CpuDit::load(
            path,
            config,
            vocab_size,
            device,
            Bf16(cpu),
            pool,
        )?)
    } else {
        Box::new(CpuDit::load(
            path,
            config,
            vocab_size,
            device,
            F32(cpu),
            pool,
        )?)
    })
}

/// The diffusion transformer over the packed weights of one kernel.
#[derive(Debug)]
pub struct CpuDit<K: Kernel> {
    time_embed: TimeEmbedding,
    text_embed: TextEmbedding,
    input_embed: InputEmbedding<K>,
    transformer_blocks: Vec<Block<K>>,
    long_skip_connection: Option<Linear<K>>,
    norm_out: Linear<K>,
    proj_out: Linear<F32>,
    config: DitConfig,
    vocab_size: usize,
    device: Device,
    kernel: K,
    pool: Pool,
}

impl<K: Kernel> Backbone for CpuDit<K> {
    fn n_mels(&self) -> usize {
        self.config.mel_dim
    }

    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn max_frames(&self) -> Option<usize> {
        self.config.max_frames()
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn condition<'a>(&'a self, conditioning: Conditioning) -> Box<dyn VelocityField + 'a> {
        Box::new(CpuField::new(self, conditioning))
    }
}
