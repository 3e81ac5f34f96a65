//! How a run is stopped.

use std::ops::ControlFlow;

use f5_model::{SampleError, cfm::Step};

use crate::error::{Error, Result};

/// Hears of steps and stops the run, also where the sampler would not: at its last step, and between
/// two chunks.
pub(crate) struct Brake<'a> {
    on_step: &'a mut dyn FnMut(Step) -> ControlFlow<()>,
    pulled: Option<Step>,
}

impl<'a> Brake<'a> {
    pub(crate) fn new(on_step: &'a mut dyn FnMut(Step) -> ControlFlow<()>) -> Self {
        Self {
            on_step,
            pulled: None,
        }
    }

    pub(crate) fn step(&mut self, step: Step) -> ControlFlow<()> {
        let flow = (self.on_step)(step);
        if flow.is_break() {
            self.pulled = Some(step);
        }
        flow
    }

    pub(crate) fn check(&self) -> Result<()> {
        match self.pulled {
            Some(Step { done, total }) => Err(cancelled(done, total)),
            None => Ok(()),
        }
    }
}

/// The error of a run that was stopped.
pub(crate) fn cancelled(done: usize, total: usize) -> Error {
    f5_model::Error::from(SampleError::Cancelled { done, total }).into()
}
