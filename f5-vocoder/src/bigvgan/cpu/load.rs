//! From a checkpoint to packed layers.

use std::path::Path;

use burn::tensor::Device;
use f5_core::weights::{Checkpoint, WeightsError};
use f5_kernels::{Kernel, Pool, Snake};
use rayon::prelude::*;

use super::{
    CpuBigVgan, Residue, Stage,
    conv::{Conv, Upsample},
};
use crate::{
    Result,
    bigvgan::{
        ActivationKind, BigVgan, BigVganConfig, KERNEL_SIZE,
        activation::{EPSILON, odd_taps},
        checkpoint_name, open,
    },
};

/// Reads tensors of one checkpoint.
struct Reader<'a, K> {
    checkpoint: Checkpoint,
    config: &'a BigVganConfig,
    kernel: K,
}

pub(super) fn load<K: Kernel>(
    path: &Path,
    config: &BigVganConfig,
    device: &Device,
    kernel: K,
    pool: Pool,
) -> Result<CpuBigVgan<K>> {
    // The reference says which tensors there have to be; none of its own is ever made.
    let reference = BigVgan::new(config, device)?;
    let checkpoint = open(path)?;
    checkpoint.check(&f5_weights::expected(&reference, checkpoint_name))?;
    let reader = Reader {
        checkpoint,
        config,
        kernel,
    };
    let stages = (0..config.upsample_rates.len()).into_par_iter();
    let stages: Vec<Stage<K>> = pool.run(|| {
        let stages = stages.map(|index| reader.stage(index));
        stages.collect::<Result<_, WeightsError>>()
    })?;
    Ok(CpuBigVgan {
        conv_pre: reader.conv("conv_pre", KERNEL_SIZE, 1, true)?,
        stages,
        activation_post: reader.snake("activation_post")?,
        conv_post: reader.conv("conv_post", KERNEL_SIZE, 1, config.use_bias_at_final)?,
        use_tanh_at_final: config.use_tanh_at_final,
        mel_spec: config.mel_spec(),
        device: device.clone(),
        pool,
    })
}

impl<K: Kernel> Reader<'_, K> {
    fn stage(&self, stage: usize) -> Result<Stage<K>, WeightsError> {
        let (config, name) = (self.config, format!("ups.{stage}.0"));
        let kernels = config.resblock_kernel_sizes.iter();
        let blocks = kernels.zip(&config.resblock_dilation_sizes).enumerate();
        Ok(Stage {
            up: Upsample::new(
                self.kernel,
                &self.tensor(&format!("{name}.weight"))?,
                config.upsample_initial_channel >> stage,
                config.upsample_kernel_sizes[stage],
                config.upsample_rates[stage],
                &self.tensor(&format!("{name}.bias"))?,
            ),
            blocks: blocks
                .map(|(block, (&taps, dilations))| {
                    let block = stage * config.resblock_kernel_sizes.len() + block;
                    let dilations = dilations.iter().enumerate();
                    dilations
                        .map(|(index, &dilation)| self.residue(block, index, taps, dilation))
                        .collect()
                })
                .collect::<Result<_, WeightsError>>()?,
        })
    }

    fn residue(
        &self,
        block: usize,
        index: usize,
        taps: usize,
        dilation: usize,
    ) -> Result<Residue<K>, WeightsError> {
        let name = |part: &str, index: usize| format!("resblocks.{block}.{part}.{index}");
        Ok(Residue {
            activations: [
                self.snake(&name("activations", 2 * index))?,
                self.snake(&name("activations", 2 * index + 1))?,
            ],
            convs: [
                self.conv(&name("convs1", index), taps, dilation, true)?,
                self.conv(&name("convs2", index), taps, 1, true)?,
            ],
        })
    }

    fn conv(
        &self,
        name: &str,
        taps: usize,
        dilation: usize,
        has_bias: bool,
    ) -> Result<Conv<K>, WeightsError> {
        let weight = format!("{name}.weight");
        let outputs = self.checkpoint.shape(&weight);
        // The checkpoint has been held against the network's shapes.
        let outputs = outputs
            .and_then(|shape| shape.first())
            .copied()
            .unwrap_or(1);
        let weight = self.tensor(&weight)?;
        let bias = match has_bias {
            true => self.tensor(&format!("{name}.bias"))?,
            false => Vec::new(),
        };
        Ok(Conv::new(
            self.kernel,
            &weight,
            outputs,
            taps,
            dilation,
            bias,
        ))
    }

    fn snake(&self, name: &str) -> Result<Snake, WeightsError> {
        let parameter = |parameter: &str| {
            let mut values = self.tensor(&format!("{name}.act.{parameter}"))?;
            if self.config.snake_logscale {
                values.iter_mut().for_each(|value| *value = value.exp());
            }
            Ok::<_, WeightsError>(values)
        };
        let alpha = parameter("alpha")?;
        let beta = match self.config.activation {
            ActivationKind::SnakeBeta => parameter("beta")?,
            ActivationKind::Snake => alpha.clone(),
        };
        let magnitude: Vec<f32> = beta
            .iter()
            .map(|beta| 1.0 / (beta + EPSILON as f32))
            .collect();
        Ok(Snake::new(&alpha, &magnitude, odd_taps()))
    }

    fn tensor(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        self.checkpoint.tensor_f32(name)
    }
}
