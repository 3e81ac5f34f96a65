//! GPUs, processor, memory and disk, found out without starting any of them.
//!
//! Every answer is a value or a typed reason with one line of remedy. Libraries of drivers are
//! opened at run time, so a program that probes starts on machines that have none of them. A driver
//! that hangs or crashes takes its process along: [`Isolation::Child`] asks it from another.
//!
//! ```
//! use f5_runtime::probe::{ProbeOptions, probe};
//!
//! let machine = probe(&ProbeOptions::default());
//! match &machine.cuda {
//!     Ok(cuda) => println!("{} CUDA device(s)", cuda.devices.len()),
//!     Err(reason) => println!("no CUDA: {reason}; {}", reason.remedy()),
//! }
//! println!("{machine}");
//! ```

pub mod child;
mod cpu;
mod cuda;
mod disk;
mod finding;
mod library;
mod memory;
mod report;
mod vulkan;

pub use cpu::Cpu;
pub use cuda::{ComputeMode, Cuda, CudaDevice, CudaOptions, CudaUnavailable, CudaVersion};
pub use disk::{Disk, DiskUnavailable};
pub use memory::{Memory, MemoryLimit, MemoryUnavailable};
pub use report::Machine;
pub use vulkan::{Vulkan, VulkanUnavailable};

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What to ask, and how.
#[derive(Debug, Clone)]
pub struct ProbeOptions {
    /// The path whose file system is asked for space; need not exist. The current folder by
    /// default.
    pub target: PathBuf,
    /// What a CUDA device must offer.
    pub cuda: CudaOptions,
    /// Which process asks the CUDA driver.
    pub isolation: Isolation,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            target: PathBuf::from("."),
            cuda: CudaOptions::default(),
            isolation: Isolation::InProcess,
        }
    }
}

/// Which process asks the CUDA driver.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Isolation {
    /// The calling one.
    #[default]
    InProcess,
    /// A child that runs `program`, which must call [`child::answer_if_asked`] first thing in its
    /// `main`; [`std::env::current_exe`] is the natural choice.
    Child {
        /// The program to start.
        program: PathBuf,
        /// How long it may take before it is ended.
        limit: Duration,
    },
}

/// Measures the file system that `target` is on, or will be on once it exists.
///
/// # Errors
///
/// [`DiskUnavailable`] if the system does not tell.
pub fn measure_disk(target: &Path) -> Result<Disk, DiskUnavailable> {
    disk::probe(target)
}

/// Finds out what this machine can do.
///
/// Starts no device: a device of Burn panics where the driver is missing, and this is what tells
/// beforehand. Takes under 5 ms on a machine without a GPU.
#[must_use]
pub fn probe(options: &ProbeOptions) -> Machine {
    let _span = tracing::debug_span!("f5.probe").entered();
    let started = Instant::now();
    let cuda = match &options.isolation {
        Isolation::InProcess => cuda::probe(&options.cuda),
        Isolation::Child { program, limit } => child::ask(program, &options.cuda, *limit),
    };
    Machine {
        cuda,
        vulkan: vulkan::probe(),
        cpu: cpu::probe(),
        memory: memory::probe(),
        disk: disk::probe(&options.target),
        elapsed: started.elapsed(),
    }
}
