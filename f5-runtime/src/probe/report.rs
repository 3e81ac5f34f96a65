//! Everything found out about a machine, for programs as JSON and for people as a table.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::finding::{self, Reason};
use super::{
    Cpu, Cuda, CudaUnavailable, Disk, DiskUnavailable, Memory, MemoryUnavailable, Vulkan,
    VulkanUnavailable,
};

/// What a machine can do. [`Display`](fmt::Display) writes a table of a few lines; as JSON, each
/// part is `{"available": …}` or `{"unavailable": {"reason", "message", "remedy"}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Machine {
    /// NVIDIA GPUs that CUDA programs can use.
    #[serde(with = "finding")]
    pub cuda: Result<Cuda, CudaUnavailable>,
    /// The Vulkan loader and the drivers it may load.
    #[serde(with = "finding")]
    pub vulkan: Result<Vulkan, VulkanUnavailable>,
    /// The processor.
    pub cpu: Cpu,
    /// Main memory.
    #[serde(with = "finding")]
    pub memory: Result<Memory, MemoryUnavailable>,
    /// The file system of the target path.
    #[serde(with = "finding")]
    pub disk: Result<Disk, DiskUnavailable>,
    /// How long it took to find out.
    pub elapsed: Duration,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, "cuda", &self.cuda)?;
        row(f, "vulkan", &self.vulkan)?;
        writeln!(f, "{:<8} {}", "cpu", self.cpu)?;
        row(f, "memory", &self.memory)?;
        row(f, "disk", &self.disk)?;
        write!(
            f,
            "{:<8} {:.1} ms",
            "probed",
            self.elapsed.as_secs_f64() * 1e3
        )
    }
}

fn row<T: fmt::Display, R: Reason>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    finding: &Result<T, R>,
) -> fmt::Result {
    match finding {
        Ok(value) => writeln!(f, "{name:<8} {value}"),
        Err(reason) => writeln!(
            f,
            "{name:<8} none: {reason}\n{:<8} -> {}",
            "",
            reason.remedy()
        ),
    }
}

/// Bytes as `12.3 GiB`.
pub(super) fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::{ProbeOptions, probe};
    use super::*;

    #[test]
    fn json_reads_back_and_names_remedies() {
        let machine = probe(&ProbeOptions::default());
        let json = serde_json::to_value(&machine).unwrap();
        assert_eq!(
            serde_json::from_value::<Machine>(json.clone()).unwrap(),
            machine
        );
        if let Err(reason) = &machine.cuda {
            assert_eq!(json["cuda"]["unavailable"]["remedy"], reason.remedy());
            assert_eq!(json["cuda"]["unavailable"]["message"], reason.to_string());
        } else {
            assert!(json["cuda"]["available"]["devices"].is_array());
        }
    }

    #[test]
    fn table_has_a_row_for_each_part() {
        let table = probe(&ProbeOptions::default()).to_string();
        for name in ["cuda ", "vulkan ", "cpu ", "memory ", "disk ", "probed "] {
            assert!(
                table.lines().any(|line| line.starts_with(name)),
                "{name} in\n{table}"
            );
        }
    }
}
