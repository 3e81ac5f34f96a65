//! Kind `backbone`: every stage of the network, and whole samples.

use std::{ops::ControlFlow, sync::Arc};

use burn::tensor::Device;
use f5_tts::{
    core::mel::Mel,
    model::{
        BackboneConfig,
        cfm::{
            Backbone, BatchMasking, Cfm, Conditioning, OdeMethod, SampleRow, SamplingParams,
            total_frames,
        },
        cpu::{Cpu, Pool},
    },
};
use serde_json::{Value, json};

use crate::{
    Target,
    case::{Array, Case, Failure, device},
    inside::Inside,
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
    inside: Inside,
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
        let json = json!({"backbone": case.class(), "arch": case.json["config"]});
        let config: BackboneConfig = serde_json::from_value(json)?;
        let vocab_size = number(
            &case.json["config"]["text_num_embeds"],
            "config.text_num_embeds",
        )?;
        let weights = case.dir.join("weights.safetensors");
        let inside = Inside::load(&weights, &config, vocab_size, &device)?;
        let backbone = if target.is_fused() {
            let (cpu, pool) = (Cpu::detect()?, Pool::default());
            config.load_cpu(&weights, vocab_size, &device, target.precision, cpu, pool)?
        } else {
            config.load(&weights, vocab_size, &device)?
        };
        let [_, frames, _] = case.get("x")?.dims()?;
        let time = *case.get("time")?.data.first().ok_or("time is empty")?;
        Ok(Self {
            inside,
            backbone: backbone.into(),
            device,
            ids: case.get("text")?.ids(),
            frames,
            time,
        })
    }

    fn compute(&self, case: &Case, stage: &str) -> Result<Array, Failure> {
        let device = &self.device;
        match stage {
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
            _ => {
                let conditioning = self.conditioning(case, false)?;
                self.inside.compute(case, stage, self.time, conditioning)
            }
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
            let kept = &mut out[..row.cond.data().len()];
            match params.no_ref_audio {
                true => kept.fill(0.0),
                false => kept.copy_from_slice(row.cond.data()),
            }
        }
        Ok(sampled)
    }
}

/// Parameters of one run, those left out as upstream's `CFM.sample` has them; a key that is not known is
/// an error, not a different sample.
fn sampling_params(run: &Value) -> Result<SamplingParams, Failure> {
    let mut params = SamplingParams {
        nfe_steps: 32,
        cfg_strength: 1.0,
        sway_sampling_coef: None,
        ..SamplingParams::default()
    };
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
