//! Why CUDA cannot be used, and what to do about it.

use serde::{Deserialize, Serialize};

use super::super::finding::Reason;
use super::super::library::Code;
use super::{CudaOptions, CudaVersion};

/// Why CUDA, or one device of it, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CudaUnavailable {
    /// No driver library is installed, or it cannot be opened.
    #[error("no CUDA driver library, looked for {}: {message}", searched.join(", "))]
    NoDriverLibrary {
        /// Names that were tried.
        searched: Vec<String>,
        /// What the system said of the first one.
        message: String,
    },
    /// The library is a stand-in for linking, or broken.
    #[error("the CUDA driver library is a stub or broken{}", missing(missing_symbol.as_deref()))]
    StubDriver {
        /// The function it lacks, if that gave it away.
        missing_symbol: Option<String>,
    },
    /// The driver works and shows no device.
    #[error("the CUDA driver shows no device{}", because(hidden_by.as_deref()))]
    NoDevice {
        /// The driver's error code, if it was told by one.
        code: Option<i32>,
        /// The environment setting that may hide devices.
        hidden_by: Option<String>,
    },
    /// The driver is older than what was asked for.
    #[error("the driver speaks CUDA {found}, {required} is needed")]
    DriverTooOld {
        /// Newest CUDA that the driver speaks.
        found: CudaVersion,
        /// What was asked for.
        required: CudaVersion,
    },
    /// The kernel module and the driver library are of different versions.
    #[error("driver library and kernel module do not match (code {code})")]
    DriverMismatch {
        /// The driver's error code.
        code: i32,
    },
    /// The device is too old.
    #[error("compute capability {}.{}, {}.{} is needed", found.0, found.1, required.0, required.1)]
    ComputeCapabilityTooLow {
        /// Compute capability of the device.
        found: (u32, u32),
        /// What was asked for.
        required: (u32, u32),
    },
    /// The device has too little free memory.
    #[error("{free} bytes of device memory free, {required} are needed")]
    InsufficientMemory {
        /// Free bytes.
        free: u64,
        /// What was asked for.
        required: u64,
    },
    /// The run-time compiler that builds kernels is missing.
    #[error("no CUDA run-time compiler, looked for {}", searched.join(", "))]
    CompilerMissing {
        /// Names that were tried.
        searched: Vec<String>,
    },
    /// The device is set to let nobody compute.
    #[error("the device's compute mode prohibits computing")]
    ProhibitedMode,
    /// The driver refused a call.
    #[error("{call} failed with code {code}{}", name(*code))]
    DriverFailed {
        /// The call.
        call: String,
        /// The driver's error code.
        code: i32,
    },
    /// The probing child did not answer in time and was ended.
    #[error("the CUDA driver did not answer within {limit_ms} ms")]
    ProbeTimeout {
        /// How long it had.
        limit_ms: u64,
    },
    /// The probing child ended without an answer.
    #[error("the process that asked the CUDA driver {how}")]
    ProbeCrashed {
        /// How it ended, as in `was ended by signal 11`.
        how: String,
    },
    /// The probing child could not be started.
    #[error("cannot start a process to ask the CUDA driver: {message}")]
    ProbeNotStarted {
        /// What the system said.
        message: String,
    },
}

impl CudaUnavailable {
    /// One line on what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoDriverLibrary { .. } => {
                "install the NVIDIA driver; in a container, start it with --gpus all"
            }
            Self::StubDriver { .. } => {
                "take the toolkit's stubs folder out of LD_LIBRARY_PATH so that the driver's own libcuda is found"
            }
            Self::NoDevice {
                hidden_by: Some(_), ..
            } => "unset CUDA_VISIBLE_DEVICES or name an existing device in it",
            Self::NoDevice { .. } => {
                "check nvidia-smi; in a container, pass the GPU through; in WSL, update Windows' NVIDIA driver"
            }
            Self::DriverTooOld { .. } => "update the NVIDIA driver",
            Self::DriverMismatch { .. } => {
                "restart the machine, or reload the nvidia kernel module, after a driver update"
            }
            Self::ComputeCapabilityTooLow { .. } => "use Vulkan or the CPU on this GPU",
            Self::InsufficientMemory { .. } => {
                "end other programs on the GPU, use f16 weights, or use the CPU"
            }
            Self::CompilerMissing { .. } => {
                "install NVRTC of the CUDA toolkit (Debian: libnvrtc12) or add its folder to LD_LIBRARY_PATH"
            }
            Self::ProhibitedMode => "allow computing with nvidia-smi --compute-mode=0",
            Self::DriverFailed { .. } => {
                "check nvidia-smi and the kernel's log; restart the machine"
            }
            Self::ProbeTimeout { .. } | Self::ProbeCrashed { .. } => {
                "check nvidia-smi, update or restart the driver; until then use the CPU"
            }
            Self::ProbeNotStarted { .. } => {
                "name a program that can be started and that answers probes, or probe in this process"
            }
        }
    }
}

impl Reason for CudaUnavailable {
    fn remedy(&self) -> &'static str {
        self.remedy()
    }
}

/// The reason behind an error code of the driver.
pub(super) fn from_code(
    call: &str,
    code: Code,
    found: CudaVersion,
    options: &CudaOptions,
    hidden_by: Option<String>,
) -> CudaUnavailable {
    match code {
        34 => CudaUnavailable::StubDriver {
            missing_symbol: None,
        },
        35 => CudaUnavailable::DriverTooOld {
            found,
            required: options.min_driver,
        },
        100 | 101 => CudaUnavailable::NoDevice {
            code: Some(code),
            hidden_by,
        },
        803 | 804 => CudaUnavailable::DriverMismatch { code },
        _ => CudaUnavailable::DriverFailed {
            call: call.to_owned(),
            code,
        },
    }
}

/// Names of the codes that are seen when probing.
fn name(code: i32) -> &'static str {
    match code {
        1 => " (invalid value)",
        2 => " (out of memory)",
        3 => " (not initialised)",
        4 => " (deinitialised)",
        46 => " (device unavailable)",
        222 => " (PTX of a newer toolkit than the driver)",
        304 => " (operating system)",
        802 => " (system not ready)",
        999 => " (unknown)",
        _ => "",
    }
}

fn missing(symbol: Option<&str>) -> String {
    symbol
        .map(|s| format!(": no function {s}"))
        .unwrap_or_default()
}

fn because(hidden_by: Option<&str>) -> String {
    hidden_by.map(|s| format!(" ({s})")).unwrap_or_default()
}
