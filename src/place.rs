//! Where a call computes, and what happens when that device fails or runs out of memory on the way.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, PoisonError},
    time::Duration,
};

use f5_core::panics::panic_message;
use f5_runtime::device::DevicePreference;

use crate::{
    device::{DeviceWish, is_out_of_memory},
    engine::Engine,
    error::{Error, ErrorKind, Repr, Result, with_causes},
    networks::Networks,
};

/// A call that went on on another device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceMove {
    /// The chunk that was spoken then, from 0; it is spoken anew.
    pub chunk: usize,
    /// The device that failed.
    pub from: DevicePreference,
    /// The device that went on.
    pub to: DevicePreference,
    /// Why the first one failed.
    pub reason: String,
    /// Time it took to load the networks there; zero if an earlier call had done so.
    pub loading: Duration,
}

/// Where a call computes.
#[derive(Debug)]
pub(crate) struct Place {
    engine: Arc<Engine>,
    networks: Arc<Networks>,
    pub(crate) moves: Vec<DeviceMove>,
}

impl Place {
    /// Every call begins on the engine's own device: the next one may find it free again.
    pub(crate) fn new(engine: &Arc<Engine>) -> Self {
        Self {
            engine: Arc::clone(engine),
            networks: Arc::clone(&engine.networks),
            moves: Vec::new(),
        }
    }

    /// The device that computes now.
    pub(crate) fn device(&self) -> DevicePreference {
        self.networks.device
    }

    /// Does a piece of work, on the processor if the device fails and may be left.
    pub(crate) fn run<T>(
        &mut self,
        chunk: usize,
        mut work: impl FnMut(&Networks) -> Result<T>,
    ) -> Result<T> {
        loop {
            match self.attempt(&mut work) {
                Ok(value) => return Ok(value),
                Err(error) => self.leave(chunk, error)?,
            }
        }
    }

    /// Does a piece of work here or not at all.
    pub(crate) fn attempt<T>(&self, work: impl FnOnce(&Networks) -> Result<T>) -> Result<T> {
        let device = self.networks.device;
        match catch_unwind(AssertUnwindSafe(|| work(&self.networks))) {
            Ok(outcome) => outcome.map_err(|error| out_of_memory(error, device)),
            Err(payload) => {
                let message = panic_message(payload.as_ref());
                // Any other panic may be the caller's own.
                if !is_out_of_memory(&message) {
                    resume_unwind(payload);
                }
                Err(Repr::OutOfMemory { device, message }.into())
            }
        }
    }

    /// Moves to the processor, or gives the error back.
    fn leave(&mut self, chunk: usize, error: Error) -> Result<()> {
        let from = self.networks.device;
        let failed = matches!(error.kind(), ErrorKind::Device | ErrorKind::OutOfMemory);
        if !failed || from == DevicePreference::Cpu || !self.engine.wish.may_move() {
            return Err(error);
        }
        // Where the processor cannot help either, the first error is the one to tell.
        let Ok((networks, loading)) = self.engine.on_processor() else {
            return Err(error);
        };
        tracing::warn!(%from, to = %networks.device, %error, "moved to another device");
        self.moves.push(DeviceMove {
            chunk,
            from,
            to: networks.device,
            reason: with_causes(&error),
            loading,
        });
        self.networks = networks;
        Ok(())
    }
}

impl Engine {
    /// The networks on the processor, loaded when they are first needed, and how long that took.
    fn on_processor(&self) -> Result<(Arc<Networks>, Duration)> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(networks) = spare.as_ref() {
            return Ok((Arc::clone(networks), Duration::ZERO));
        }
        let processor = DeviceWish {
            preference: DevicePreference::Cpu,
            ..DeviceWish::default()
        };
        let (networks, _) = processor.choose(|device, name| self.files.load(device, name))?;
        let loading = networks.loading.elapsed;
        let networks = Arc::new(networks);
        *spare = Some(Arc::clone(&networks));
        Ok((networks, loading))
    }
}

/// The error, as one of memory if that is what the device said.
fn out_of_memory(error: Error, device: DevicePreference) -> Error {
    let message = with_causes(&error);
    if error.kind() == ErrorKind::Device && is_out_of_memory(&message) {
        return Repr::OutOfMemory { device, message }.into();
    }
    error
}

#[cfg(all(test, feature = "cpu"))]
mod tests;
