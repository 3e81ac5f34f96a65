//! Kind `vocoder`: mel to waveform.

use f5_tts::{
    DevicePreference,
    vocoder::{Vocoder, Vocos, VocosConfig},
};

use crate::{
    case::{Array, Case, Failure, device},
    report::{Report, STAGE},
};

pub(crate) fn run(
    case: &Case,
    preference: DevicePreference,
    report: &mut Report,
) -> Result<(), Failure> {
    let stages = case.stages(|name| name == "mel");
    if case.class() != "Vocos" {
        for stage in stages {
            report.fail(&stage, &format!("{} is not implemented", case.class()));
        }
        return Ok(());
    }
    let device = device(preference)?;
    let config: VocosConfig = serde_json::from_value(case.json["config"].clone())?;
    let vocos = Vocos::load(case.dir.join("weights.safetensors"), &config, &device)?;
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
