//! Kind `features`: mel front ends, filterbanks, resampler, torch's normal numbers.

use f5_tts::core::{
    audio::resample::SincResampler,
    mel::{MelExtractor, MelSpec, filterbank},
    noise::TorchCpuNormal,
};

use crate::{
    case::{Array, Case, Failure},
    report::{Report, SAMPLE, STAGE},
};

/// Resampler and random numbers are reproduced, not approximated.
const REPRODUCED: f32 = 2e-6;

pub(crate) fn run(case: &Case, report: &mut Report) -> Result<(), Failure> {
    let rate = case.json["sample_rate"]
        .as_u64()
        .and_then(|rate| u32::try_from(rate).ok());
    let rate = rate.ok_or("case.json has no sample_rate")?;
    for stage in case.stages(|name| name == "wave" || name.starts_with("resample_in_")) {
        let expected = case.get(&stage)?;
        let tolerance = if matches!(stage.as_str(), "mel_vocos" | "mel_bigvgan") {
            SAMPLE
        } else {
            STAGE
        };
        match compute(case, &stage, rate) {
            Ok((got, Some(absolute))) => report.compare_absolute(&stage, expected, got, absolute),
            Ok((got, None)) => report.compare(&stage, expected, got, tolerance),
            Err(error) => report.fail(&stage, &error.to_string()),
        }
    }
    Ok(())
}

/// The stage, and its absolute tolerance where it is not relative.
fn compute(case: &Case, stage: &str, rate: u32) -> Result<(Array, Option<f32>), Failure> {
    let vocos = MelSpec {
        target_sample_rate: rate,
        ..MelSpec::vocos()
    };
    if let Some(from) = stage.strip_prefix("resample_out_") {
        let input = case.get(&format!("resample_in_{from}"))?;
        let out = SincResampler::new(from.parse()?, rate)?.resample(&input.data);
        return Ok((Array::new([1, out.len()], out), Some(REPRODUCED)));
    }
    if let Some(numbers) = stage.strip_prefix("torch_randn_") {
        let (seed, n) = numbers
            .split_once('_')
            .ok_or("expected torch_randn_SEED_N")?;
        let drawn = TorchCpuNormal::new(seed.parse()?).randn(n.parse()?);
        return Ok((Array::new([drawn.len()], drawn), Some(REPRODUCED)));
    }
    let array = match stage {
        "mel_vocos" => mel(case, &vocos)?,
        "mel_bigvgan" => mel(
            case,
            &MelSpec {
                target_sample_rate: rate,
                ..MelSpec::bigvgan()
            },
        )?,
        "mel_filterbank_htk" => {
            let bank = filterbank::htk(rate, vocos.n_fft, vocos.n_mel_channels);
            Array::new([bank.n_mels(), bank.bins()], bank.weights().to_vec()).transposed()
        }
        "mel_filterbank_slaney" => {
            let bank = filterbank::slaney(rate, vocos.n_fft, vocos.n_mel_channels);
            Array::new([bank.n_mels(), bank.bins()], bank.weights().to_vec())
        }
        _ => return Err("this stage is not implemented".into()),
    };
    Ok((array, None))
}

fn mel(case: &Case, spec: &MelSpec) -> Result<Array, Failure> {
    let mel = MelExtractor::new(spec)?.extract(&case.get("wave")?.data)?;
    Ok(Array::new([1, mel.frames(), mel.n_mels()], mel.into_data()).transposed())
}
