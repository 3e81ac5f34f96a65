//! Which device the caller prefers, as written in configuration files and on command lines.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The device a model should run on.
///
/// ```
/// use f5_runtime::device::DevicePreference;
///
/// assert_eq!("cuda:1".parse(), Ok(DevicePreference::Cuda(1)));
/// assert_eq!(DevicePreference::Cuda(0).to_string(), "cuda:0");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DevicePreference {
    /// The first that works of CUDA, Vulkan and CPU.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The first GPU with a Vulkan driver.
    Vulkan,
    /// The NVIDIA GPU with this index, counted as CUDA counts.
    Cuda(usize),
}

/// A device name that is none of `auto`, `cpu`, `vulkan`, `cuda` and `cuda:<index>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown device {name:?}; use auto, cpu, vulkan, cuda or cuda:<index>")]
pub struct ParseDeviceError {
    /// What was given.
    pub name: String,
}

impl FromStr for DevicePreference {
    type Err = ParseDeviceError;

    fn from_str(name: &str) -> Result<Self, ParseDeviceError> {
        let lower = name.trim().to_ascii_lowercase();
        match lower.split_once(':') {
            None if lower == "auto" => Some(Self::Auto),
            None if lower == "cpu" => Some(Self::Cpu),
            None if lower == "vulkan" => Some(Self::Vulkan),
            None if lower == "cuda" => Some(Self::Cuda(0)),
            Some(("cuda", index)) if index.bytes().all(|b| b.is_ascii_digit()) => {
                index.parse().ok().map(Self::Cuda)
            }
            _ => None,
        }
        .ok_or_else(|| ParseDeviceError {
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for DevicePreference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Vulkan => f.write_str("vulkan"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl TryFrom<String> for DevicePreference {
    type Error = ParseDeviceError;

    fn try_from(name: String) -> Result<Self, ParseDeviceError> {
        name.parse()
    }
}

impl From<DevicePreference> for String {
    fn from(device: DevicePreference) -> Self {
        device.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for device in [
            DevicePreference::Auto,
            DevicePreference::Cpu,
            DevicePreference::Vulkan,
            DevicePreference::Cuda(0),
            DevicePreference::Cuda(17),
        ] {
            assert_eq!(device.to_string().parse(), Ok(device));
            let json = serde_json::to_string(&device).unwrap();
            assert_eq!(
                serde_json::from_str::<DevicePreference>(&json).unwrap(),
                device
            );
        }
        assert_eq!("CUDA".parse(), Ok(DevicePreference::Cuda(0)));
    }

    #[test]
    fn other_names_are_refused_with_the_name() {
        for name in [
            "", "gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:1:2", "cpu:0", "vulkan:1",
        ] {
            let error = name.parse::<DevicePreference>().unwrap_err();
            assert_eq!(error.name, name);
        }
        assert!(
            "cuda:99999999999999999999999"
                .parse::<DevicePreference>()
                .is_err()
        );
    }
}
