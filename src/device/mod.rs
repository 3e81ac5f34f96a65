//! From the device the caller prefers to one that has shown that it computes.
//!
//! A candidate is used once the probe has nothing against it, Burn lists it, and a small kernel has
//! given the right result on it. Everything that was refused on the way is told.

mod refusal;
mod trial;

use std::time::{Duration, Instant};

use burn::tensor::Device;
use f5_runtime::{
    device::DevicePreference,
    fallback::{Attempt, AttemptReport, FallbackChain},
    probe::{CudaOptions, Machine, ProbeOptions, probe},
};
use serde::Serialize;

use crate::{
    error::{Error, ErrorKind, Repr, Result},
    warm::KernelCache,
};

pub use refusal::DeviceRefusal;
use refusal::guarded;
pub(crate) use refusal::is_out_of_memory;

/// Which device computes, and which ones were refused before it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeviceReport {
    /// What was asked for.
    pub wanted: DevicePreference,
    /// What computes; never [`DevicePreference::Auto`].
    pub used: DevicePreference,
    /// What was tried before it, in order, and why it was refused.
    pub refused: Vec<AttemptReport>,
    /// Time from the question to the device, loading not included.
    pub elapsed: Duration,
    /// Whether the kernels that it compiles are kept for the next process.
    pub kernel_cache: KernelCache,
}

/// A device for use with the crates behind the engine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenDevice {
    /// The device.
    pub device: Device,
    /// How it came to be chosen.
    pub report: DeviceReport,
}

/// The Burn device of a preference: probed, and tried with one small kernel.
///
/// # Errors
///
/// [`Device`](crate::ErrorKind::Device), with the reason why each candidate was refused.
pub fn open_device(preference: DevicePreference) -> Result<OpenDevice> {
    let wish = DeviceWish {
        preference,
        ..DeviceWish::default()
    };
    let (device, report) = wish.choose(|device, _| Ok(device.clone()))?;
    Ok(OpenDevice { device, report })
}

/// What the caller wants to compute on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DeviceWish {
    pub(crate) preference: DevicePreference,
    /// Whether another device may compute where the preferred one cannot.
    pub(crate) allow_fallback: bool,
    /// Bytes that a GPU must have free.
    pub(crate) min_free_memory: u64,
}

/// Why a candidate did not become the device: it was refused, or what should be put on it is bad.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error(transparent)]
    Refused(#[from] DeviceRefusal),
    #[error(transparent)]
    Failed(Error),
}

impl DeviceWish {
    /// Whether work may move to another device than the preferred one.
    pub(crate) fn may_move(self) -> bool {
        self.allow_fallback || self.preference == DevicePreference::Auto
    }

    /// The first candidate that computes and on which `prepare` succeeds, and what that made.
    ///
    /// `prepare` may panic or run out of memory: that refuses the candidate. Its other errors end
    /// the search, because a damaged file is damaged for every device.
    pub(crate) fn choose<T>(
        self,
        prepare: impl Fn(&Device, DevicePreference) -> Result<T>,
    ) -> Result<(T, DeviceReport)> {
        let started = Instant::now();
        let options = ProbeOptions {
            cuda: CudaOptions {
                min_free_memory: self.min_free_memory,
                ..CudaOptions::default()
            },
            ..ProbeOptions::default()
        };
        let machine = probe(&options);
        self.walk(self.candidates(&machine), |candidate| {
            kernel_cache(candidate);
            let device = guarded(|| {
                let device = self.open(candidate, &machine)?;
                trial::run(&device)?;
                Ok::<_, DeviceRefusal>(device)
            })
            .inspect_err(|error| tracing::info!(%candidate, %error, "device refused"))?;
            let elapsed = started.elapsed();
            let made = guarded(|| prepare(&device, candidate).map_err(Unfit::from))?;
            Ok((made, elapsed))
        })
    }

    /// Tries the candidates in order; the one that is tried says how long it took to get there.
    fn walk<T>(
        self,
        order: Vec<DevicePreference>,
        try_one: impl Fn(DevicePreference) -> Result<(T, Duration), Unfit>,
    ) -> Result<(T, DeviceReport)> {
        let try_one = &try_one;
        let chain = order
            .into_iter()
            .fold(FallbackChain::new(), |chain, candidate| {
                chain.or(candidate.to_string(), move || {
                    try_one(candidate).map(|(made, elapsed)| (made, candidate, elapsed))
                })
            });
        match chain.run_while(|attempt| matches!(attempt.error, Unfit::Refused(_))) {
            Ok(reached) => {
                let (made, used, elapsed) = reached.value;
                let report = DeviceReport {
                    wanted: self.preference,
                    used,
                    refused: reached.failed.iter().map(Attempt::report).collect(),
                    elapsed,
                    kernel_cache: kernel_cache(used),
                };
                Ok((made, report))
            }
            Err(mut failed) => match failed.attempts.pop() {
                Some(Attempt {
                    error: Unfit::Failed(error),
                    ..
                }) => Err(error),
                last => {
                    failed.attempts.extend(last);
                    Err(Repr::Device(failed).into())
                }
            },
        }
    }

    /// What is tried, in order: every usable CUDA device, Vulkan, the processor; first of all the
    /// preferred one, and that alone without leave to fall back.
    fn candidates(self, machine: &Machine) -> Vec<DevicePreference> {
        let usable = machine.cuda.iter().flat_map(|cuda| cuda.usable());
        let mut cuda: Vec<_> = usable.map(|d| DevicePreference::Cuda(d.index)).collect();
        if cuda.is_empty() {
            // Tried all the same, for the reason why there is none.
            cuda.push(DevicePreference::Cuda(0));
        }
        let all = cuda
            .into_iter()
            .chain([DevicePreference::Vulkan, DevicePreference::Cpu]);
        match self.preference {
            DevicePreference::Auto => all.collect(),
            one if self.allow_fallback => {
                let others = all.filter(|&other| other != one);
                std::iter::once(one).chain(others).collect()
            }
            one => vec![one],
        }
    }

    /// Asks the probe, then Burn's list of devices. Burn makes GPU devices lazily and panics at the
    /// first tensor where there is no driver, so neither may be left out.
    #[cfg_attr(
        not(any(feature = "cuda", feature = "vulkan", feature = "wgpu")),
        expect(unused_variables, reason = "only GPUs are probed")
    )]
    fn open(self, candidate: DevicePreference, machine: &Machine) -> Result<Device, DeviceRefusal> {
        match candidate {
            #[cfg(feature = "cpu")]
            DevicePreference::Cpu => Ok(Device::flex()),
            #[cfg(any(feature = "vulkan", feature = "wgpu"))]
            DevicePreference::Vulkan => {
                if let Err(reason) = machine.vulkan.clone() {
                    return Err(DeviceRefusal::Vulkan { reason });
                }
                let (first, software) =
                    first_adapter().ok_or(DeviceRefusal::NoSuchDevice { index: 0, found: 0 })?;
                if software && cfg!(feature = "vulkan") {
                    return Err(DeviceRefusal::SoftwareSpirv);
                }
                if software && self.preference != DevicePreference::Vulkan {
                    return Err(DeviceRefusal::Software);
                }
                Ok(first)
            }
            #[cfg(feature = "cuda")]
            DevicePreference::Cuda(index) => {
                use burn::tensor::DeviceType;
                let refused = match &machine.cuda {
                    Ok(cuda) => cuda.devices.get(index).and_then(|d| d.refused.clone()),
                    Err(reason) => Some(reason.clone()),
                };
                if let Some(reason) = refused {
                    return Err(DeviceRefusal::Cuda { reason });
                }
                let devices = Device::enumerate(DeviceType::Cuda).into_vec();
                let found = devices.len();
                devices
                    .into_iter()
                    .nth(index)
                    .ok_or(DeviceRefusal::NoSuchDevice { index, found })
            }
            #[cfg(not(feature = "cpu"))]
            DevicePreference::Cpu => Err(DeviceRefusal::NotCompiled { feature: "cpu" }),
            #[cfg(not(any(feature = "vulkan", feature = "wgpu")))]
            DevicePreference::Vulkan => Err(DeviceRefusal::NotCompiled { feature: "vulkan" }),
            #[cfg(not(feature = "cuda"))]
            DevicePreference::Cuda(_) => Err(DeviceRefusal::NotCompiled { feature: "cuda" }),
            // Never a candidate.
            DevicePreference::Auto => Err(DeviceRefusal::NoSuchDevice { index: 0, found: 0 }),
        }
    }
}

/// The first device with a Vulkan driver, graphics cards before software, and which of both it is.
#[cfg(feature = "vulkan")]
fn first_adapter() -> Option<(Device, bool)> {
    use burn::tensor::{DeviceKind, DeviceType};
    let first = Device::enumerate(DeviceType::Vulkan)
        .into_vec()
        .into_iter()
        .next()?;
    let software = first == Device::vulkan(DeviceKind::Cpu);
    Some((first, software))
}

#[cfg(all(feature = "wgpu", not(feature = "vulkan")))]
fn first_adapter() -> Option<(Device, bool)> {
    use burn::tensor::{DeviceKind, DeviceType};
    let software = Device::wgpu(DeviceKind::Cpu);
    let found = Device::enumerate(DeviceType::Wgpu).into_vec();
    let card = found.iter().find(|device| **device != software);
    let first = card.or(found.first())?.clone();
    let is_software = first == software;
    Some((first, is_software))
}

/// Switched on before the first GPU is used; says afterwards whether it is.
fn kernel_cache(device: DevicePreference) -> KernelCache {
    match device {
        DevicePreference::Cpu => KernelCache::None,
        _ => KernelCache::switch_on(),
    }
}

impl From<Error> for Unfit {
    /// A device that fails or lacks memory is unfit itself; any other error is the caller's to see.
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Device | ErrorKind::OutOfMemory => {
                Self::Refused(DeviceRefusal::from_error(&error))
            }
            _ => Self::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests;
