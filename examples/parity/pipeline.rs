//! Kind `pipeline`: a whole synthesis with the demo model, from WAV file to WAV samples.

use std::{fs, path::Path, time::Duration};

use f5_tts::{Chunking, F5Tts, SynthesisParams, demo_dir};
use serde_json::Value;

use crate::{
    Target,
    case::{Array, Case, Failure, sha256},
    report::{Report, SAMPLE},
};

pub(crate) fn run(case: &Case, target: Target, report: &mut Report) -> Result<(), Failure> {
    let dir = demo_dir();
    same_file(&dir.join("model.safetensors"), &case.json["model_sha256"])?;
    same_file(
        &dir.join("vocoder.safetensors"),
        &case.json["vocoder_sha256"],
    )?;
    let text = |key: &str| {
        case.json[key]
            .as_str()
            .ok_or(format!("case.json has no {key}"))
    };

    let tts = F5Tts::builder()
        .model_dir(dir)
        .device(target.device)
        .cpu_engine(target.engine)
        .precision(target.precision)
        .build()?;
    let voice = tts.voice(case.dir.join(text("ref_audio")?), text("ref_text")?)?;
    let speech = tts.synthesize(&voice, text("gen_text")?, &params(case)?)?;
    for stage in case.stages(|_| false) {
        let got = match stage.as_str() {
            "mel" => {
                let shape = [1, speech.mel.frames(), speech.mel.n_mels()];
                Array::new(shape, speech.mel.data().to_vec()).transposed()
            }
            "wave" => {
                let samples = speech.waveform.samples().to_vec();
                Array::new([samples.len()], samples)
            }
            _ => {
                report.fail(&stage, "this stage is not implemented");
                continue;
            }
        };
        report.compare(&stage, case.get(&stage)?, got, SAMPLE);
    }
    Ok(())
}

/// Weights other than the case's would fail on numbers and say nothing.
fn same_file(path: &Path, expected: &Value) -> Result<(), Failure> {
    let bytes =
        fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let got = sha256(&bytes);
    if expected == &got {
        return Ok(());
    }
    Err(format!(
        "{} has sha256 {got}, the case was made with {expected}",
        path.display()
    )
    .into())
}

fn params(case: &Case) -> Result<SynthesisParams, Failure> {
    let seed = case.json["torch_seed"]
        .as_u64()
        .ok_or("case.json has no torch_seed")?;
    // Cases are made by `infer_batch_process`, whose caller has cut the text.
    let mut params = SynthesisParams {
        seed: Some(seed),
        chunking: Chunking::Whole,
        ..SynthesisParams::upstream()
    };
    for (key, value) in case.json["params"]
        .as_object()
        .ok_or("case.json has no params")?
    {
        let number = || {
            value
                .as_f64()
                .ok_or(format!("{key} is {value}, not a number"))
        };
        match key.as_str() {
            "nfe_step" => params.nfe_steps = number()? as usize,
            "cfg_strength" => params.cfg_strength = number()? as f32,
            "sway_sampling_coef" => {
                params.sway_sampling_coef = if value.is_null() {
                    None
                } else {
                    Some(number()? as f32)
                };
            }
            "speed" => params.speed = number()?,
            "target_rms" => params.target_rms = number()? as f32,
            "cross_fade_duration" => {
                params.cross_fade_duration = Duration::try_from_secs_f64(number()?)?;
            }
            "fix_duration" => {
                params.fix_duration = match value.is_null() {
                    true => None,
                    false => Some(Duration::try_from_secs_f64(number()?)?),
                };
            }
            _ => return Err(format!("parameter {key} is not implemented").into()),
        }
    }
    Ok(params)
}
