//! Makes sound of chunks: one, or several as a padded batch.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use f5_core::{audio::loudness::restore_rms, mel::Mel};
use f5_model::cfm::Step;

use crate::{
    error::Result,
    networks::Networks,
    place::{DeviceMove, Place},
};

use super::{
    brake::Brake,
    take::{Chunk, Take},
};

/// What became of a chunk.
#[derive(Debug)]
pub(super) struct Rendered {
    /// The generated part, which begins with the last reference frame.
    pub(super) mel: Mel,
    pub(super) wave: Vec<f32>,
    /// The chunk's share of the time that its batch took.
    pub(super) sampling: Duration,
    pub(super) vocoding: Duration,
    pub(super) device: String,
    pub(super) kernels: Option<String>,
    pub(super) moves: Vec<DeviceMove>,
}

/// Samples chunks as one batch and vocodes each; all of them have the same sampler's parameters.
///
/// A batch that fails is tried again one by one: each chunk has its own error then, and what does
/// not fit into memory at once may fit alone.
///
/// # Errors
///
/// The outer one when `on_step` stopped the run.
pub(super) fn render(
    place: &mut Place,
    chunks: &[(&Take, &Chunk)],
    on_step: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> Result<Vec<Result<Rendered>>> {
    let mut brake = Brake::new(on_step);
    if chunks.len() > 1 {
        let spoken = place.attempt(|networks| speak(networks, chunks, &mut brake));
        brake.check()?;
        if let Ok(spoken) = spoken {
            let spoken = spoken.into_iter();
            return Ok(spoken.map(|spoken| Ok(told(place, spoken))).collect());
        }
    }
    let mut rendered = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let alone = std::slice::from_ref(chunk);
        let spoken = place.run(chunk.1.index, |networks| {
            let mut spoken = speak(networks, alone, &mut brake)?;
            Ok(spoken.swap_remove(0))
        });
        brake.check()?;
        rendered.push(spoken.map(|spoken| told(place, spoken)));
    }
    Ok(rendered)
}

/// Adds the moves to other devices that nobody has been told of.
fn told(place: &mut Place, rendered: Rendered) -> Rendered {
    Rendered {
        moves: std::mem::take(&mut place.moves),
        ..rendered
    }
}

fn speak(
    networks: &Networks,
    chunks: &[(&Take, &Chunk)],
    brake: &mut Brake<'_>,
) -> Result<Vec<Rendered>> {
    let Some((first, _)) = chunks.first() else {
        return Ok(Vec::new());
    };
    let clock = Instant::now();
    let rows: Vec<_> = chunks.iter().map(|(take, chunk)| take.row(chunk)).collect();
    let params = first.params().sampling();
    let span = tracing::debug_span!("f5.sample", rows = rows.len(), device = %networks.device);
    let sampling = span.entered();
    let mels = networks.cfm.sample(&rows, &params, |step| {
        tracing::trace!(step = step.done, "step");
        brake.step(step)
    })?;
    drop(sampling);
    let frames: usize = rows.iter().map(|row| row.duration).sum();
    let share = clock.elapsed().div_f64(frames.max(1) as f64);
    let mut spoken = Vec::with_capacity(chunks.len());
    for ((take, chunk), mel) in chunks.iter().zip(mels) {
        brake.check()?;
        let clock = Instant::now();
        let mel = take.generated(mel);
        let _span = tracing::debug_span!("f5.vocode", frames = mel.frames()).entered();
        let mut wave = networks.vocode(&mel)?;
        restore_rms(&mut wave, take.ref_rms(), take.params().target_rms);
        spoken.push(Rendered {
            mel,
            wave,
            sampling: share.mul_f64(chunk.planned.frames as f64),
            vocoding: clock.elapsed(),
            device: networks.device.to_string(),
            kernels: networks.kernels.clone(),
            moves: Vec::new(),
        });
    }
    Ok(spoken)
}
