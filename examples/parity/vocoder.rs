//! Kind `vocoder`: mel to waveform.

use f5_tts::{
    model::cpu::{Cpu, Pool},
    vocoder::VocoderConfig,
};

use crate::{
    Target,
    case::{Array, Case, Failure, device},
    report::{Report, STAGE},
};

pub(crate) fn run(case: &Case, target: Target, report: &mut Report) -> Result<(), Failure> {
    let stages = case.stages(|name| name == "mel");
    if case.class() != "Vocos" {
        for stage in stages {
            report.fail(&stage, &format!("{} is not implemented", case.class()));
        }
        return Ok(());
    }
    let device = device(target.device)?;
    let config = VocoderConfig::Vocos(serde_json::from_value(case.json["config"].clone())?);
    let weights = case.dir.join("weights.safetensors");
    let vocos = if target.is_fused() {
        config.load_cpu(weights, &device, Cpu::detect()?, Pool::default())?
    } else {
        config.load(weights, &device)?
    };
    for stage in stages {
        match stage.as_str() {
            "wave" => {
                let wave = vocos.decode(case.get("mel")?.tensor(&device))?;
                report.compare(&stage, case.get(&stage)?, Array::of(wave)?, STAGE);
            }
            _ => report.fail(&stage, "this stage is not implemented"),
        }
    }
    Ok(())
}
