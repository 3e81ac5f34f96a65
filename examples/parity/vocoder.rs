//! Kind `vocoder`: mel to waveform.

use f5_tts::{
    model::cpu::{Cpu, Pool},
    vocoder::{BigVgan, VocoderConfig},
};

use crate::{
    Target,
    case::{Array, Case, Failure, device},
    report::{Report, STAGE},
};

pub(crate) fn run(case: &Case, target: Target, report: &mut Report) -> Result<(), Failure> {
    let stages = case.stages(|name| name == "mel");
    let device = device(target.device)?;
    let json = case.json["config"].clone();
    let config = match case.class() {
        "Vocos" => VocoderConfig::Vocos(serde_json::from_value(json)?),
        "BigVGAN" => VocoderConfig::BigVgan(serde_json::from_value(json)?),
        class => return Err(format!("{class} is not implemented").into()),
    };
    let weights = case.dir.join("weights.safetensors");
    let vocoder = if target.is_fused() {
        let (precision, cpu) = (target.precision, Cpu::detect()?);
        config.load_cpu(&weights, &device, precision, cpu, Pool::default())?
    } else {
        config.load(&weights, &device)?
    };
    let mel = || Ok::<_, Failure>(case.get("mel")?.tensor(&device));
    for stage in stages {
        let got = match (stage.as_str(), &config) {
            ("wave", config) => {
                let mut wave = Array::of(vocoder.decode(mel()?)?)?;
                // Upstream's BigVGAN keeps the axis of the one channel.
                if matches!(config, VocoderConfig::BigVgan(_)) {
                    wave.shape.insert(1, 1);
                }
                wave
            }
            ("activation0", VocoderConfig::BigVgan(config)) => {
                let network = BigVgan::load(&weights, config, &device)?;
                Array::of(network.first_activation(network.first_stage(mel()?)))?
            }
            _ => {
                report.fail(&stage, "this stage is not implemented");
                continue;
            }
        };
        report.compare(&stage, case.get(&stage)?, got, STAGE);
    }
    Ok(())
}
