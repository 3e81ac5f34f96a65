//! The loudness rule: quiet references are raised before the model hears them, and what it says is
//! lowered by as much afterwards.

use super::{AudioError, Waveform};

/// Loudness upstream works at.
pub const TARGET_RMS: f32 = 0.1;

/// Raises a reference to `target_rms` if it is quieter (it is never lowered), and returns its RMS
/// from before. Applied at the recording's own rate, before resampling.
///
/// # Errors
///
/// [`AudioError::SilentReference`] if there is nothing to raise, [`AudioError::InvalidTargetRms`]
/// for a target that is not a positive number. The waveform is not changed then.
pub fn boost_to_target_rms(wave: &mut Waveform, target_rms: f32) -> Result<f32, AudioError> {
    if !target_rms.is_finite() || target_rms <= 0.0 {
        return Err(AudioError::InvalidTargetRms { value: target_rms });
    }
    let rms = wave.rms();
    if rms <= 0.0 {
        return Err(AudioError::SilentReference {
            frames: wave.samples().len(),
            rms,
        });
    }
    if rms < target_rms {
        wave.samples_mut()
            .iter_mut()
            .for_each(|v| *v = *v * target_rms / rms);
    }
    Ok(rms)
}

/// Lowers generated samples by as much as [`boost_to_target_rms`] raised the reference, whose RMS
/// it returned. No clipping, no limiter.
pub fn restore_rms(samples: &mut [f32], ref_rms: f32, target_rms: f32) {
    if ref_rms < target_rms {
        samples
            .iter_mut()
            .for_each(|v| *v = *v * ref_rms / target_rms);
    }
}
