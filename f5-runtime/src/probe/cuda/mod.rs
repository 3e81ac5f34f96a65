//! NVIDIA GPUs, as the CUDA driver and the management library tell of them.

mod reason;

pub use reason::CudaUnavailable;

use std::env;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::library::{self, Code, CudaDriver, Nvml, OpenError};
use super::report::gib;

const DRIVERS: &[&str] = if cfg!(windows) {
    &["nvcuda.dll"]
} else {
    &[
        "libcuda.so.1",
        "libcuda.so",
        "/usr/lib/wsl/lib/libcuda.so.1",
    ]
};
const MANAGEMENT: &[&str] = if cfg!(windows) {
    &["nvml.dll"]
} else {
    &["libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"]
};
/// Names under which the bindings that Burn uses look for the run-time compiler.
const COMPILERS: &[&str] = if cfg!(windows) {
    &[
        "nvrtc.dll",
        "nvrtc64.dll",
        "nvrtc64_130_0.dll",
        "nvrtc64_120_0.dll",
    ]
} else {
    &["libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12"]
};

// Attributes of `CUdevice_attribute`.
const COMPUTE_MODE: i32 = 20;
const COMPUTE_CAPABILITY_MAJOR: i32 = 75;
const COMPUTE_CAPABILITY_MINOR: i32 = 76;

/// What a CUDA device must offer to be counted as usable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CudaOptions {
    /// Oldest driver, by the CUDA version it speaks. 12.0 by default.
    pub min_driver: CudaVersion,
    /// Lowest compute capability. 5.0 by default, the lowest that CUDA 12 compiles for.
    pub min_compute_capability: (u32, u32),
    /// Fewest free bytes of device memory. 0 by default.
    pub min_free_memory: u64,
    /// Whether the run-time compiler, with which Burn builds its kernels, must be there. True by
    /// default.
    pub need_compiler: bool,
}

impl Default for CudaOptions {
    fn default() -> Self {
        Self {
            min_driver: CudaVersion {
                major: 12,
                minor: 0,
            },
            min_compute_capability: (5, 0),
            min_free_memory: 0,
            need_compiler: true,
        }
    }
}

/// A version of CUDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CudaVersion {
    /// Major version.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
}

impl fmt::Display for CudaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A working CUDA driver with at least one usable device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cuda {
    /// The newest CUDA that the driver speaks.
    pub version: CudaVersion,
    /// The driver's own version, as in `570.86.15`, where the management library tells.
    pub driver: Option<String>,
    /// File name of the run-time compiler, where there is one.
    pub compiler: Option<String>,
    /// Whether this is Linux inside Windows.
    pub wsl: bool,
    /// Every device that CUDA shows, in its order; some may be refused.
    pub devices: Vec<CudaDevice>,
}

/// One NVIDIA GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CudaDevice {
    /// Index by which CUDA programs name it.
    pub index: usize,
    /// Name of the model.
    pub name: String,
    /// Compute capability: major, minor.
    pub compute_capability: (u32, u32),
    /// Bytes of device memory.
    pub total_memory: u64,
    /// Bytes of it that are free, where the management library tells.
    pub free_memory: Option<u64>,
    /// Who may compute on it.
    pub compute_mode: ComputeMode,
    /// Why it should not be used, if so.
    pub refused: Option<CudaUnavailable>,
}

/// Who may compute on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ComputeMode {
    /// Every process.
    Default,
    /// One process at a time.
    ExclusiveProcess,
    /// Nobody.
    Prohibited,
    /// A mode this crate does not know.
    Other,
}

impl Cuda {
    /// Devices that are not refused.
    pub fn usable(&self) -> impl Iterator<Item = &CudaDevice> {
        self.devices.iter().filter(|d| d.refused.is_none())
    }
}

impl fmt::Display for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CUDA {}", self.version)?;
        if let Some(driver) = &self.driver {
            write!(f, ", driver {driver}")?;
        }
        if self.wsl {
            f.write_str(", WSL")?;
        }
        for device in &self.devices {
            let (major, minor) = device.compute_capability;
            let memory = gib(device.total_memory);
            write!(
                f,
                "\n{:9}{}: {} (compute {major}.{minor}, {memory}",
                "", device.index, device.name
            )?;
            if let Some(free) = device.free_memory {
                write!(f, ", {} free", gib(free))?;
            }
            f.write_str(")")?;
            if let Some(reason) = &device.refused {
                write!(f, " refused: {reason}")?;
            }
        }
        Ok(())
    }
}

/// Asks the driver in this process.
pub(super) fn probe(options: &CudaOptions) -> Result<Cuda, CudaUnavailable> {
    let driver = CudaDriver::open(DRIVERS).map_err(|error| match error {
        OpenError::NotFound(message) => CudaUnavailable::NoDriverLibrary {
            searched: DRIVERS.iter().map(|&name| name.to_owned()).collect(),
            message,
        },
        OpenError::MissingSymbol(symbol) => CudaUnavailable::StubDriver {
            missing_symbol: Some(symbol.to_owned()),
        },
    })?;
    let version = version(&driver, options)?;
    driver
        .init()
        .map_err(|code| reason::from_code("cuInit", code, version, options, hidden()))?;
    let failed = |call| move |code| reason::from_code(call, code, version, options, hidden());
    let count = driver.device_count().map_err(failed("cuDeviceGetCount"))?;
    if count <= 0 {
        return Err(CudaUnavailable::NoDevice {
            code: None,
            hidden_by: hidden(),
        });
    }
    let compiler = library::find(COMPILERS);
    if compiler.is_none() && options.need_compiler {
        let searched = COMPILERS.iter().map(|&name| name.to_owned()).collect();
        return Err(CudaUnavailable::CompilerMissing { searched });
    }
    let nvml = Nvml::open(MANAGEMENT);
    let devices = (0..count)
        .map(|i| device(&driver, nvml.as_ref(), i, options))
        .collect::<Result<Vec<_>, (&str, Code)>>()
        .map_err(|(call, code)| failed(call)(code))?;
    let cuda = Cuda {
        version,
        driver: nvml.as_ref().and_then(Nvml::driver_version),
        compiler,
        wsl: is_wsl(),
        devices,
    };
    let first_refusal = cuda.devices.iter().find_map(|d| d.refused.clone());
    match first_refusal {
        Some(reason) if cuda.usable().next().is_none() => Err(reason),
        _ => Ok(cuda),
    }
}

fn version(driver: &CudaDriver, options: &CudaOptions) -> Result<CudaVersion, CudaUnavailable> {
    let unknown = CudaVersion { major: 0, minor: 0 };
    let number = driver.version().map_err(|code| {
        reason::from_code("cuDriverGetVersion", code, unknown, options, hidden())
    })?;
    let number = u32::try_from(number).unwrap_or(0);
    let found = CudaVersion {
        major: number / 1000,
        minor: number % 1000 / 10,
    };
    // A stub answers zero.
    if number == 0 {
        return Err(CudaUnavailable::StubDriver {
            missing_symbol: None,
        });
    }
    if found < options.min_driver {
        return Err(CudaUnavailable::DriverTooOld {
            found,
            required: options.min_driver,
        });
    }
    Ok(found)
}

fn device(
    driver: &CudaDriver,
    nvml: Option<&Nvml>,
    ordinal: i32,
    options: &CudaOptions,
) -> Result<CudaDevice, (&'static str, Code)> {
    let at = |call| move |code| (call, code);
    let handle = driver.device(ordinal).map_err(at("cuDeviceGet"))?;
    let attribute = |name| {
        driver
            .attribute(name, handle)
            .map_err(at("cuDeviceGetAttribute"))
    };
    let compute_capability = (
        u32::try_from(attribute(COMPUTE_CAPABILITY_MAJOR)?).unwrap_or(0),
        u32::try_from(attribute(COMPUTE_CAPABILITY_MINOR)?).unwrap_or(0),
    );
    let compute_mode = match attribute(COMPUTE_MODE)? {
        0 => ComputeMode::Default,
        2 => ComputeMode::Prohibited,
        3 => ComputeMode::ExclusiveProcess,
        _ => ComputeMode::Other,
    };
    let total_memory = driver
        .total_memory(handle)
        .map_err(at("cuDeviceTotalMem"))?;
    let bus = driver.pci_bus_id(handle).ok();
    let free_memory = nvml.and_then(|nvml| nvml.free_memory(&bus?));
    let mut device = CudaDevice {
        index: usize::try_from(ordinal).unwrap_or(0),
        name: driver.name(handle).map_err(at("cuDeviceGetName"))?,
        compute_capability,
        total_memory,
        free_memory,
        compute_mode,
        refused: None,
    };
    device.refused = refusal(&device, options);
    Ok(device)
}

/// Why `device` is not what `options` ask for.
fn refusal(device: &CudaDevice, options: &CudaOptions) -> Option<CudaUnavailable> {
    let (found, required) = (device.compute_capability, options.min_compute_capability);
    let free = device.free_memory.unwrap_or(device.total_memory);
    if device.compute_mode == ComputeMode::Prohibited {
        Some(CudaUnavailable::ProhibitedMode)
    } else if found < required {
        Some(CudaUnavailable::ComputeCapabilityTooLow { found, required })
    } else if free < options.min_free_memory {
        Some(CudaUnavailable::InsufficientMemory {
            free,
            required: options.min_free_memory,
        })
    } else {
        None
    }
}

/// The setting that hides devices from CUDA, if there is one.
fn hidden() -> Option<String> {
    let value = env::var("CUDA_VISIBLE_DEVICES").ok()?;
    Some(format!("CUDA_VISIBLE_DEVICES={value}"))
}

fn is_wsl() -> bool {
    Path::new("/dev/dxg").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(compute_mode: ComputeMode, compute_capability: (u32, u32), free: u64) -> CudaDevice {
        CudaDevice {
            index: 0,
            name: "gpu".into(),
            compute_capability,
            total_memory: 100,
            free_memory: Some(free),
            compute_mode,
            refused: None,
        }
    }

    #[test]
    fn devices_are_refused_for_what_they_lack() {
        let options = CudaOptions {
            min_free_memory: 50,
            ..CudaOptions::default()
        };
        let refuse = |mode, capability, free| refusal(&gpu(mode, capability, free), &options);
        let default = ComputeMode::Default;
        assert_eq!(refuse(default, (9, 0), 50), None);
        assert_eq!(refuse(ComputeMode::ExclusiveProcess, (5, 0), 99), None);
        assert_eq!(
            refuse(ComputeMode::Prohibited, (9, 0), 99),
            Some(CudaUnavailable::ProhibitedMode)
        );
        let (found, required) = ((3, 7), (5, 0));
        assert_eq!(
            refuse(default, found, 99),
            Some(CudaUnavailable::ComputeCapabilityTooLow { found, required })
        );
        assert_eq!(
            refuse(default, (9, 0), 49),
            Some(CudaUnavailable::InsufficientMemory {
                free: 49,
                required: 50
            })
        );
    }

    #[test]
    fn versions_are_ordered() {
        let v = |major, minor| CudaVersion { major, minor };
        assert!(v(11, 8) < v(12, 0) && v(12, 0) < v(12, 10));
        assert_eq!(v(12, 8).to_string(), "12.8");
    }
}
