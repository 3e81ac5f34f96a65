//! Why a device is not used, and how the panics of Burn and CubeCL become such reasons.

use std::panic::{AssertUnwindSafe, catch_unwind};

use f5_core::panics::panic_message;
use f5_runtime::probe::{CudaUnavailable, VulkanUnavailable};

use crate::error::with_causes;

/// Why a device is not used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceRefusal {
    /// This build cannot compute on it.
    #[error("not compiled in; enable feature {feature}")]
    NotCompiled {
        /// The feature of this crate that adds it.
        feature: &'static str,
    },
    /// The probe found no usable CUDA device.
    #[error("{reason}; {}", reason.remedy())]
    Cuda {
        /// Why not.
        reason: CudaUnavailable,
    },
    /// The probe found no usable Vulkan driver.
    #[error("{reason}; {}", reason.remedy())]
    Vulkan {
        /// Why not.
        reason: VulkanUnavailable,
    },
    /// There are fewer devices of its kind.
    #[error("there is no device {index}: {found} found")]
    NoSuchDevice {
        /// The index that was asked for.
        index: usize,
        /// Devices of this kind.
        found: usize,
    },
    /// It computes on the processor, where the CPU device is faster; used only when asked for by name.
    #[error("the only adapter computes on the processor; prefer vulkan by name to use it")]
    Software,
    /// The kernels that `vulkan` compiles end the process in software drivers: CubeCL 0.11.3 declares
    /// shared memory wrongly where `VK_KHR_workgroup_memory_explicit_layout` is missing.
    #[error(
        "the only adapter computes on the processor, for which feature wgpu is needed in place of vulkan"
    )]
    SoftwareSpirv,
    /// The trial kernel, or loading the model, broke off.
    #[error("the device failed: {message}; the driver may have said more on standard error")]
    Failed {
        /// What Burn said.
        message: String,
    },
    /// The trial kernel gave a wrong number.
    #[error(
        "the trial kernel gave {got} at index {index} instead of {expected}; update the driver"
    )]
    WrongResult {
        /// Row-major index in the result.
        index: usize,
        /// The right number.
        expected: f32,
        /// What the device gave.
        got: f32,
    },
    /// The device has too little free memory.
    #[error("out of memory: {message}; end other programs on the device or use a smaller model")]
    OutOfMemory {
        /// What Burn said.
        message: String,
    },
}

impl DeviceRefusal {
    /// The refusal behind what Burn said when it failed.
    pub(crate) fn from_message(message: &str) -> Self {
        // Backtraces follow on later lines; nobody reads those in a report.
        let mut lines = message.lines().map(str::trim).filter(|line| {
            !line.is_empty() && !line.starts_with("Caused by") && !line.starts_with("Backtrace")
        });
        let short: Vec<&str> = lines.by_ref().take(3).collect();
        let short = short.join(": ");
        if is_out_of_memory(message) {
            Self::OutOfMemory { message: short }
        } else {
            Self::Failed { message: short }
        }
    }

    /// The refusal behind an error of Burn's or the CPU engine's, with its causes.
    pub(crate) fn from_error(error: &dyn std::error::Error) -> Self {
        Self::from_message(&with_causes(error))
    }
}

/// Whether this is what Burn, CubeCL, wgpu or the CUDA driver say when memory is used up.
///
/// Burn hands errors of devices on as text, and some as panics, so the text is all there is: the
/// wordings are those of CubeCL 0.11 (`LaunchError`, `IoError`, pools), wgpu 30 and CUDA.
pub(crate) fn is_out_of_memory(message: &str) -> bool {
    const WORDINGS: [&str; 7] = [
        "out of memory",
        "outofmemory",
        "out of device memory",
        "out of host memory",
        "not enough memory",
        "can't allocate buffer of size",
        "no pool handles allocation",
    ];
    let plain = message.to_lowercase().replace(['_', '-'], " ");
    WORDINGS.iter().any(|wording| plain.contains(wording))
}

/// Runs work on a device; a panic in it becomes a refusal.
///
/// The panic hook of the program still prints: a library must not replace it.
pub(crate) fn guarded<T, E: From<DeviceRefusal>>(
    run: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        Err(DeviceRefusal::from_message(&panic_message(payload.as_ref())).into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wordings_of_used_up_memory_are_known() {
        for message in [
            "An out-of-memory error happened during launch\nCaused by:\n  page\nBacktrace\nx",
            "out of device memory allocating 4096 bytes\nbacktrace",
            "can't allocate buffer of size: 99999999999",
            "No pool handles allocation",
            "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
            "In Device::create_buffer: Not enough memory left.",
            "ERROR_OUT_OF_HOST_MEMORY",
        ] {
            let refusal = DeviceRefusal::from_message(message);
            assert!(
                matches!(refusal, DeviceRefusal::OutOfMemory { .. }),
                "{message}"
            );
        }
        for message in ["device lost", "memory is fine", "", "RecvError"] {
            let refusal = DeviceRefusal::from_message(message);
            assert!(matches!(refusal, DeviceRefusal::Failed { .. }), "{message}");
        }
    }

    #[test]
    fn backtraces_stay_out_of_reasons() {
        let message = "An error happened during execution\nCaused by:\n  lost\n  a\n  b\n  c";
        assert_eq!(
            DeviceRefusal::from_message(message),
            DeviceRefusal::Failed {
                message: "An error happened during execution: lost: a".to_owned()
            }
        );
    }

    #[test]
    fn panics_become_reasons() {
        let caught = |message: &'static str| {
            guarded::<(), DeviceRefusal>(|| std::panic::panic_any(message)).unwrap_err()
        };
        assert_eq!(
            caught("no driver"),
            DeviceRefusal::Failed {
                message: "no driver".to_owned()
            }
        );
        assert!(matches!(
            caught("out of memory"),
            DeviceRefusal::OutOfMemory { .. }
        ));
        let odd = guarded::<(), DeviceRefusal>(|| std::panic::panic_any(7)).unwrap_err();
        assert!(odd.to_string().contains("without a message"), "{odd}");
        assert_eq!(guarded::<_, DeviceRefusal>(|| Ok(3)), Ok(3));
    }
    #[test]
    fn reasons_name_what_is_behind_them() {
        let source = "F5_CPU_ISA is foo, which names no instruction set".into();
        let error = crate::Error::from(crate::error::Repr::Cpu(source));
        assert_eq!(
            DeviceRefusal::from_error(&error),
            DeviceRefusal::Failed {
                message: "cannot set up the CPU engine: F5_CPU_ISA is foo, which names no \
                    instruction set"
                    .to_owned()
            }
        );
    }
}
