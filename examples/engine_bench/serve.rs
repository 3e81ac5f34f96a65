//! Loads the engine, then answers requests.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, Write},
    ops::ControlFlow,
    sync::Arc,
    time::Instant,
};

use burn::tensor::{Device, Tensor, TensorData};
use f5_tts::{
    core::{mel::Mel, noise::TorchCpuNormal},
    model::{
        ModelConfig,
        cfm::{Backbone, BatchMasking, Cfm, Conditioning, SampleRow, SamplingParams},
        cpu::{Cpu, Pool},
    },
    vocoder::{Vocoder, VocoderConfig, VocosConfig},
};
use safetensors::{Dtype, SafeTensors};
use serde_json::json;

use super::{Failure, Options};

/// Tokens of the released vocabulary.
const VOCAB_SIZE: usize = 2545;
/// The seed of the noise, drawn as PyTorch draws it.
const SEED: u64 = 1;

/// Shape and values of each tensor.
type Inputs = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

struct Engine {
    backbone: Arc<dyn Backbone>,
    vocoder: Box<dyn Vocoder>,
    inputs: Inputs,
}

pub(crate) fn serve(options: &Options) -> Result<(), Failure> {
    let clock = Instant::now();
    let device = Device::flex();
    let arch = ModelConfig::preset(&options.preset)?.arch;
    let weights = &options.weights;
    let (cpu, pool) = (Cpu::detect()?, Pool::new(options.threads)?);
    let vocos = VocoderConfig::Vocos(VocosConfig::mel_24khz());
    let (backbone, vocoder): (Arc<dyn Backbone>, _) = if options.burn {
        let network = arch.load(weights, VOCAB_SIZE, &device)?;
        (network.into(), vocos.load(&options.vocos, &device)?)
    } else {
        let precision = options.precision;
        let pool_too = pool.clone();
        let network = arch.load_cpu(weights, VOCAB_SIZE, &device, precision, cpu, pool_too)?;
        (
            network.into(),
            vocos.load_cpu(&options.vocos, &device, precision, cpu, pool)?,
        )
    };
    let load_s = clock.elapsed().as_secs_f64();
    let inputs = read(&fs::read(&options.inputs)?)?;
    let engine = Engine {
        backbone,
        vocoder,
        inputs,
    };
    let name = if options.burn {
        "burn".to_owned()
    } else {
        format!("{:?} {}", options.precision, cpu.isa())
    };
    answer(json!({"ready": true, "engine": name, "load_s": load_s, "rss_mb": peak_mb()}))?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let before = threads();
        let clock = Instant::now();
        let values = match words.as_slice() {
            ["forward", n, rows] => engine.forward(n.parse()?, rows.parse::<usize>()? == 2)?,
            ["sample", n, reference, nfe, cfg] => {
                engine.sample(n.parse()?, reference.parse()?, nfe.parse()?, cfg.parse()?)?
            }
            ["vocos", frames] => engine.vocos(frames.parse()?)?,
            ["quit"] => break,
            _ => return Err(format!("no such request: {line}").into()),
        };
        let wall = clock.elapsed().as_secs_f64();
        let spent: Vec<f64> = threads()
            .iter()
            .map(|(id, seconds)| seconds - before.get(id).unwrap_or(&0.0))
            .collect();
        let squares: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        answer(json!({
            "wall": wall,
            "cpu": spent.iter().sum::<f64>(),
            "crit": spent.iter().copied().fold(0.0, f64::max),
            "rms": (squares / values.len() as f64).sqrt(),
            "rss_mb": peak_mb(),
        }))?;
    }
    Ok(())
}

impl Engine {
    fn input(&self, name: &str, n: usize) -> Result<&(Vec<usize>, Vec<f32>), Failure> {
        let name = format!("{name}.{n}");
        self.inputs
            .get(&name)
            .ok_or_else(|| format!("the inputs have no {name}").into())
    }

    fn tensor(&self, name: &str, n: usize) -> Result<Tensor<3>, Failure> {
        let (shape, data) = self.input(name, n)?.clone();
        Ok(Tensor::from_data(
            TensorData::new(data, shape),
            &Device::flex(),
        ))
    }

    fn text(&self, n: usize) -> Result<Vec<i32>, Failure> {
        Ok(self
            .input("text", n)?
            .1
            .iter()
            .map(|&id| id as i32)
            .collect())
    }

    fn forward(&self, n: usize, guided: bool) -> Result<Vec<f32>, Failure> {
        let time = self.inputs.get("time").ok_or("the inputs have no time")?.1[0];
        let field = self.backbone.condition(Conditioning {
            cond: self.tensor("cond", n)?,
            text: vec![self.text(n)?],
            durations: vec![n],
            guided,
            batch_masking: BatchMasking::Exact,
            times: vec![time],
        });
        let velocity = field.velocity(&self.tensor("x", n)?, time);
        let mut values: Vec<f32> = velocity.conditional.into_data().try_into_vec()?;
        if let Some(unconditional) = velocity.unconditional {
            values.extend(unconditional.into_data().try_into_vec::<f32>()?);
        }
        Ok(values)
    }

    fn sample(
        &self,
        n: usize,
        reference: usize,
        nfe_steps: usize,
        cfg_strength: f32,
    ) -> Result<Vec<f32>, Failure> {
        let cond = self.input("cond", n)?.1[..reference * 100].to_vec();
        let (cond, text) = (Mel::new(cond, 100), self.text(n)?);
        let noise = TorchCpuNormal::new(SEED).randn(n * 100);
        let row = SampleRow {
            cond: &cond,
            text: &text,
            duration: n,
            noise: &noise,
            edit_mask: None,
        };
        let params = SamplingParams {
            nfe_steps,
            cfg_strength,
            ..Default::default()
        };
        let cfm = Cfm::new(Arc::clone(&self.backbone));
        let mut mels = cfm.sample(&[row], &params, |_| ControlFlow::Continue(()))?;
        Ok(mels.swap_remove(0).into_data())
    }

    fn vocos(&self, frames: usize) -> Result<Vec<f32>, Failure> {
        let wave = self.vocoder.decode(self.tensor("mel", frames)?)?;
        Ok(wave.into_data().try_into_vec()?)
    }
}

fn answer(line: serde_json::Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn read(bytes: &[u8]) -> Result<Inputs, Failure> {
    let mut inputs = BTreeMap::new();
    for (name, view) in SafeTensors::deserialize(bytes)?.tensors() {
        let data = view.data();
        let values = match view.dtype() {
            Dtype::F32 => data
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect(),
            Dtype::I64 => data
                .as_chunks::<8>()
                .0
                .iter()
                .map(|b| i64::from_le_bytes(*b) as f32)
                .collect(),
            other => return Err(format!("{name} is {other:?}").into()),
        };
        inputs.insert(name, (view.shape().to_vec(), values));
    }
    Ok(inputs)
}

/// Processor seconds of every thread (Linux; empty elsewhere).
fn threads() -> BTreeMap<String, f64> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return BTreeMap::new();
    };
    let task = |entry: fs::DirEntry| {
        let stat = fs::read_to_string(entry.path().join("schedstat")).ok()?;
        let nanoseconds: f64 = stat.split_whitespace().next()?.parse().ok()?;
        Some((entry.file_name().into_string().ok()?, nanoseconds / 1e9))
    };
    tasks.flatten().filter_map(task).collect()
}

/// The most memory the process has had, in megabytes (Linux; 0 elsewhere).
fn peak_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
