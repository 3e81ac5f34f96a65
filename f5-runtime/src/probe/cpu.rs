//! The processor: what it is, which instructions it has, how many cores this process may use.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cpu {
    /// Instruction set family, as in `x86_64`.
    pub architecture: String,
    /// Name of the model, where the system tells.
    pub model: Option<String>,
    /// Instructions that matter to inference and that processor and system both allow, by the names
    /// of Rust's `target_feature`.
    pub features: Vec<String>,
    /// Cores this process may keep busy: affinity and the quota of its control group considered.
    pub cores: usize,
}

impl Cpu {
    /// Whether `feature` (`"avx2"`, `"avx512f"`, `"avx512bf16"`, `"amx-tile"` …) can be used.
    #[must_use]
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|f| f == feature)
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.model.as_deref().unwrap_or("unnamed");
        write!(
            f,
            "{model} ({}), {} core(s) usable",
            self.architecture, self.cores
        )?;
        if self.features.is_empty() {
            Ok(())
        } else {
            write!(f, "; {}", self.features.join(" "))
        }
    }
}

pub(super) fn probe() -> Cpu {
    let info = cpuinfo();
    let mut features: Vec<String> = detected().into_iter().map(str::to_owned).collect();
    features.extend(amx(&info).into_iter().map(str::to_owned));
    Cpu {
        architecture: std::env::consts::ARCH.to_owned(),
        model: field(&info, "model name").map(str::to_owned),
        features,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

#[cfg(target_arch = "x86_64")]
fn detected() -> Vec<&'static str> {
    macro_rules! have {
        ($($name:tt)*) => {
            [$(($name, std::arch::is_x86_feature_detected!($name))),*]
        };
    }
    let all = have!("sse4.2" "avx" "avx2" "fma" "f16c" "avxvnni" "avx512f" "avx512bw" "avx512dq"
        "avx512vl" "avx512vnni" "avx512bf16" "avx512fp16");
    all.into_iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| name)
        .collect()
}

#[cfg(target_arch = "aarch64")]
fn detected() -> Vec<&'static str> {
    macro_rules! have {
        ($($name:tt)*) => {
            [$(($name, std::arch::is_aarch64_feature_detected!($name))),*]
        };
    }
    let all = have!("neon" "fp16" "dotprod" "bf16" "i8mm" "sve" "sve2");
    all.into_iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| name)
        .collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn detected() -> Vec<&'static str> {
    Vec::new()
}

/// The first processor's entry of Linux's table; empty elsewhere.
fn cpuinfo() -> String {
    use std::io::Read as _;
    let mut text = Vec::new();
    // The table grows with the cores, and its first entry is enough.
    if let Ok(file) = std::fs::File::open("/proc/cpuinfo") {
        let _ = file.take(8192).read_to_end(&mut text);
    }
    let text = String::from_utf8_lossy(&text);
    text.split("\n\n").next().unwrap_or_default().to_owned()
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then_some(value.trim())
    })
}

/// AMX needs the system's consent, and the kernel lists it only where it gives that; stable Rust
/// has no detection of it.
fn amx(info: &str) -> Vec<&'static str> {
    let flags = field(info, "flags").unwrap_or_default();
    [
        ("amx_tile", "amx-tile"),
        ("amx_int8", "amx-int8"),
        ("amx_bf16", "amx-bf16"),
    ]
    .into_iter()
    .filter(|(flag, _)| flags.split(' ').any(|f| f == *flag))
    .map(|(_, name)| name)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nflags\t\t: fpu avx2 amx_bf16 amx_tile_x amx_int8\n";

    #[test]
    fn fields_of_the_table_are_read() {
        assert_eq!(field(INFO, "model name"), Some("Some CPU @ 2.00GHz"));
        assert_eq!(field(INFO, "model"), None);
        assert_eq!(amx(INFO), ["amx-int8", "amx-bf16"]);
        assert_eq!(amx(""), [""; 0]);
    }

    #[test]
    fn this_machine_has_a_core() {
        let cpu = probe();
        assert!(cpu.cores >= 1);
        assert!(!cpu.has("no such feature"));
        if cfg!(target_arch = "x86_64") && cpu.has("avx512f") {
            assert!(cpu.has("avx2"));
        }
    }
}
