//! Kind `backbone`: every stage of the network, and whole samples.

use std::{ops::ControlFlow, sync::Arc};

use burn::tensor::Device;
use f5_tts::{
    core::mel::Mel,
    model::{
        Dit, DitConfig,
        cfm::{
            Backbone, BatchMasking, Cfm, Conditioning, OdeMethod, SampleRow, SamplingParams,
            total_frames,
        },
        cpu::{self, Cpu, Pool},
        dit::{BatchMask, DitField},
        embedding::TextSpan,
        layers::RotaryEmbedding,
    },
};
use serde_json::Value;

use crate::{
    Target,
    case::{Array, Case, Failure, device},
    report::{Report, SAMPLE, STAGE},
};

const INPUTS: [&str; 9] = [
    "x",
    "cond",
    "text",
    "time",
    "noise",
    "edit_mask",
    "batch_text",
    "batch_cond",
    "batch_noise",
];

pub(crate) fn run(case: &Case, target: Target, report: &mut Report) -> Result<(), Failure> {
    let stages = case.stages(|name| INPUTS.contains(&name));
    if case.class() != "DiT" {
        for stage in stages {
            report.fail(&stage, &format!("{} is not implemented", case.class()));
        }
        return Ok(());
    }
    let network = Network::load(case, target)?;
    for stage in stages {
        let tolerance = if stage.starts_with("sample_") {
            SAMPLE
        } else {
            STAGE
        };
        match network.compute(case, &stage) {
            Ok(got) => report.compare(&stage, case.get(&stage)?, got, tolerance),
            Err(error) => report.fail(&stage, &error.to_string()),
        }
    }
    Ok(())
}

struct Network {
    /// For the stages inside.
    dit: Arc<Dit>,
    /// For velocities and samples.
    backbone: Arc<dyn Backbone>,
    device: Device,
    ids: Vec<i32>,
    frames: usize,
    time: f32,
}

impl Network {
    fn load(case: &Case, target: Target) -> Result<Self, Failure> {
        let device = device(target.device)?;
        let config: DitConfig = serde_json::from_value(case.json["config"].clone())?;
        let vocab_size = config
            .text_num_embeds
            .ok_or("the config has no text_num_embeds")?;
        let weights = case.dir.join("weights.safetensors");
        let dit = Arc::new(Dit::load(&weights, &config, vocab_size, &device)?);
        let backbone: Arc<dyn Backbone> = if target.is_fused() {
            let (cpu, pool) = (Cpu::detect()?, Pool::default());
            let precision = target.precision;
            cpu::load(&weights, &config, vocab_size, &device, precision, cpu, pool)?.into()
        } else {
            Arc::clone(&dit) as Arc<dyn Backbone>
        };
        let [_, frames, _] = case.get("x")?.dims()?;
        let time = *case.get("time")?.data.first().ok_or("time is empty")?;
        Ok(Self {
            dit,
            backbone,
            device,
            ids: case.get("text")?.ids(),
            frames,
            time,
        })
    }

    fn compute(&self, case: &Case, stage: &str) -> Result<Array, Failure> {
        let (dit, device) = (self.dit.as_ref(), &self.device);
        match stage {
            "time_embed" => Array::of(dit.time_embed.forward(self.time, device)),
            "text_embed" | "text_embed_drop" => {
                let span = TextSpan::single(self.frames);
                Array::of(dit.text_embed.forward(
                    &self.ids,
                    span,
                    stage == "text_embed_drop",
                    device,
                ))
            }
            "input_embed" => {
                let field = DitField::new(dit, self.conditioning(case, false)?);
                Array::of(field.input(&case.get("x")?.tensor(device)))
            }
            "rope_freqs" => {
                let dim_head = dit.config().dim_head;
                let angles = RotaryEmbedding::angles(self.frames, dim_head);
                let pairs = angles.iter().flat_map(|&angle| [angle, angle]).collect();
                Ok(Array::new([1, self.frames, dim_head], pairs))
            }
            "block0" => {
                let rope = RotaryEmbedding::new(self.frames, dit.config().dim_head, device);
                let time = dit.time_embed.forward(self.time, device);
                let input = case.get("input_embed")?.tensor(device);
                let block = dit
                    .transformer_blocks
                    .first()
                    .ok_or("the network has no blocks")?;
                Array::of(block.forward(input, time, &rope, &BatchMask::default()))
            }
            "out" => {
                let field = self.backbone.condition(self.conditioning(case, false)?);
                Array::of(
                    field
                        .velocity(&case.get("x")?.tensor(device), self.time)
                        .conditional,
                )
            }
            "out_uncond" => {
                let field = self.backbone.condition(self.conditioning(case, true)?);
                let velocity = field.velocity(&case.get("x")?.tensor(device), self.time);
                Array::of(velocity.unconditional.ok_or("no unconditional velocity")?)
            }
            "sample_batch2" => self.sample_batch(case),
            _ if stage.starts_with("sample_") => self.sample(case, stage),
            _ => Err("this stage is not implemented".into()),
        }
    }

    fn conditioning(&self, case: &Case, guided: bool) -> Result<Conditioning, Failure> {
        Ok(Conditioning {
            cond: case.get("cond")?.tensor(&self.device),
            text: vec![self.ids.clone()],
            durations: vec![self.frames],
            guided,
            batch_masking: BatchMasking::Upstream,
            times: vec![self.time],
        })
    }

    fn sample(&self, case: &Case, stage: &str) -> Result<Array, Failure> {
        let ref_frames = number(&case.json["ref_frames"], "ref_frames")?;
        let [_, _, n_mels] = case.get("cond")?.dims()?;
        let cond = Mel::new(
            case.get("cond")?.data[..ref_frames * n_mels].to_vec(),
            n_mels,
        );
        let edit_mask: Option<Vec<bool>> = match stage {
            "sample_edit" => Some(
                case.get("edit_mask")?
                    .data
                    .iter()
                    .map(|&keep| keep != 0.0)
                    .collect(),
            ),
            _ => None,
        };
        let row = SampleRow {
            cond: &cond,
            text: &self.ids,
            duration: total_frames(self.ids.len(), ref_frames, self.frames),
            noise: &case.get("noise")?.data,
            edit_mask: edit_mask.as_deref(),
        };
        let params = sampling_params(&case.json["runs"][stage])?;
        let cfm = Cfm::new(Arc::clone(&self.backbone));
        let mels = cfm.sample(&[row], &params, |_| ControlFlow::Continue(()))?;
        Ok(Array::new(
            [1, mels[0].frames(), n_mels],
            mels[0].data().to_vec(),
        ))
    }

    /// A padded batch under upstream's own masking, padding included.
    fn sample_batch(&self, case: &Case) -> Result<Array, Failure> {
        let (texts, conds, noise) = (
            case.get("batch_text")?,
            case.get("batch_cond")?,
            case.get("batch_noise")?,
        );
        let ([batch, tokens], [_, ref_frames, n_mels]) = (texts.dims()?, conds.dims()?);
        let [_, frames, _] = noise.dims()?;
        let mut rows = Vec::new();
        for row in 0..batch {
            let duration = number(&case.json["batch"]["duration"][row], "duration")?;
            let lens = number(&case.json["batch"]["lens"][row], "lens")?;
            let start = row * ref_frames * n_mels;
            let cond = Mel::new(conds.data[start..start + lens * n_mels].to_vec(), n_mels);
            let ids = Array::new(
                [tokens],
                texts.data[row * tokens..(row + 1) * tokens].to_vec(),
            )
            .ids();
            let duration = total_frames(ids.len(), lens, duration);
            let start = row * frames * n_mels;
            let noise = noise.data[start..start + duration * n_mels].to_vec();
            rows.push((cond, ids, duration, noise));
        }
        let rows: Vec<SampleRow<'_>> = rows
            .iter()
            .map(|(cond, text, duration, noise)| SampleRow {
                cond,
                text,
                duration: *duration,
                noise,
                edit_mask: None,
            })
            .collect();
        let params = SamplingParams {
            batch_masking: BatchMasking::Upstream,
            ..sampling_params(&case.json["runs"]["sample_batch2"])?
        };
        let cfm = Cfm::new(Arc::clone(&self.backbone));
        let mut sampled = Array::of(cfm.integrate(&rows, &params, |_| ControlFlow::Continue(()))?)?;
        for (row, out) in rows
            .iter()
            .zip(sampled.data.chunks_exact_mut(frames * n_mels))
        {
            out[..row.cond.data().len()].copy_from_slice(row.cond.data());
        }
        Ok(sampled)
    }
}

/// Parameters of one run; a key that is not known is an error, not a different sample.
fn sampling_params(run: &Value) -> Result<SamplingParams, Failure> {
    let mut params = SamplingParams::default();
    for (key, value) in run
        .as_object()
        .ok_or("case.json has no parameters for this stage")?
    {
        match key.as_str() {
            "steps" => params.nfe_steps = number(value, key)?,
            "cfg_strength" => params.cfg_strength = float(value, key)?,
            "sway_sampling_coef" => {
                params.sway_sampling_coef = if value.is_null() {
                    None
                } else {
                    Some(float(value, key)?)
                };
            }
            "method" => {
                params.ode_method = match value.as_str() {
                    Some("euler") => OdeMethod::Euler,
                    Some("midpoint") => OdeMethod::Midpoint,
                    _ => return Err(format!("method {value} is not implemented").into()),
                }
            }
            "use_epss" => params.use_epss = value.as_bool().ok_or("use_epss is no flag")?,
            "no_ref_audio" => {
                params.no_ref_audio = value.as_bool().ok_or("no_ref_audio is no flag")?
            }
            _ => return Err(format!("run parameter {key} is not implemented").into()),
        }
    }
    Ok(params)
}

fn number(value: &Value, name: &str) -> Result<usize, Failure> {
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("{name} is {value}, not a whole number").into())
}

fn float(value: &Value, name: &str) -> Result<f32, Failure> {
    Ok(value
        .as_f64()
        .ok_or_else(|| format!("{name} is {value}, not a number"))? as f32)
}
