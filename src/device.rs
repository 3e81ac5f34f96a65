//! From the device the caller prefers to one that Burn can compute on.

use burn::tensor::Device;
use f5_runtime::{device::DevicePreference, fallback::FallbackChain};

use crate::error::{Repr, Result};

/// The Burn device of a preference, and which one it is; for use with the crates behind the engine.
///
/// # Errors
///
/// [`Device`](crate::ErrorKind::Device), with the reason why each candidate was refused.
pub fn open_device(preference: DevicePreference) -> Result<(Device, DevicePreference)> {
    let order = match preference {
        DevicePreference::Auto => {
            vec![
                DevicePreference::Cuda(0),
                DevicePreference::Vulkan,
                DevicePreference::Cpu,
            ]
        }
        one => vec![one],
    };
    let chain = order
        .into_iter()
        .fold(FallbackChain::new(), |chain, candidate| {
            chain.or(candidate.to_string(), move || {
                Ok((open(candidate)?, candidate))
            })
        });
    Ok(chain.run().map_err(Repr::Device)?.value)
}

/// Burn makes GPU devices lazily and panics at the first tensor where there is no driver, so the
/// drivers are asked first.
fn open(candidate: DevicePreference) -> Result<Device, String> {
    match candidate {
        #[cfg(feature = "cpu")]
        DevicePreference::Cpu => Ok(Device::flex()),
        #[cfg(feature = "vulkan")]
        DevicePreference::Vulkan => Device::enumerate(burn::tensor::DeviceType::Vulkan)
            .into_vec()
            .into_iter()
            .next()
            .ok_or_else(|| "no adapter with a Vulkan driver".to_owned()),
        #[cfg(feature = "cuda")]
        DevicePreference::Cuda(index) => {
            let devices = Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec();
            let found = devices.len();
            devices.into_iter().nth(index).ok_or_else(|| {
                format!("{found} CUDA devices found; is the NVIDIA driver installed?")
            })
        }
        _ => Err("not compiled in; enable the feature of its name".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(feature = "cpu", not(any(feature = "cuda", feature = "vulkan"))))]
    #[test]
    fn what_is_not_compiled_in_is_refused_with_its_reason() {
        use super::{DevicePreference, open_device};

        let error = open_device(DevicePreference::Cuda(0)).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Device);
        assert!(
            error.to_string().contains("cuda:0: not compiled in"),
            "{error}"
        );
        assert_eq!(
            open_device(DevicePreference::Auto).unwrap().1,
            DevicePreference::Cpu
        );
    }
}
