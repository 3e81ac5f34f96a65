//! Main memory, as far as this process's control groups let it have it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::finding::Reason;
use super::report::gib;

/// Main memory in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Memory {
    /// What this process can have at most: the machine's memory or the limit of a control group.
    pub total: u64,
    /// What it can have without pushing anything out, page cache counted as free.
    pub available: u64,
    /// What sets [`total`](Self::total).
    pub limit: MemoryLimit,
}

/// What sets the most memory a process can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MemoryLimit {
    /// The machine's own memory.
    Machine,
    /// A control group, as containers and services have.
    ControlGroup,
}

/// Why memory is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MemoryUnavailable {
    /// The system's table is missing or reads otherwise than expected.
    #[error("{path:?} does not tell")]
    Unreadable {
        /// The table.
        path: PathBuf,
    },
}

impl MemoryUnavailable {
    /// One line on what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "mount /proc, or make sure of enough memory by hand",
        }
    }
}

impl Reason for MemoryUnavailable {
    fn remedy(&self) -> &'static str {
        self.remedy()
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} available",
            gib(self.available),
            gib(self.total)
        )?;
        match self.limit {
            MemoryLimit::Machine => Ok(()),
            MemoryLimit::ControlGroup => f.write_str(" (limited by a control group)"),
        }
    }
}

pub(super) fn probe() -> Result<Memory, MemoryUnavailable> {
    read(Path::new("/"))
}

/// Reads `proc` and `sys` below `root`.
fn read(root: &Path) -> Result<Memory, MemoryUnavailable> {
    let table = root.join("proc/meminfo");
    let unreadable = || MemoryUnavailable::Unreadable {
        path: table.clone(),
    };
    let info = fs::read_to_string(&table).map_err(|_| unreadable())?;
    let total = kib(&info, "MemTotal:").ok_or_else(unreadable)?;
    // Kernels before 3.14 do not say what is available.
    let available = kib(&info, "MemAvailable:")
        .or_else(|| Some(kib(&info, "MemFree:")? + kib(&info, "Cached:").unwrap_or(0)))
        .ok_or_else(unreadable)?;
    let mut memory = Memory {
        total,
        available,
        limit: MemoryLimit::Machine,
    };
    for group in groups(root) {
        memory.confine(&group);
    }
    memory.available = memory.available.min(memory.total);
    Ok(memory)
}

impl Memory {
    /// Takes the limit of one control group into account.
    fn confine(&mut self, group: &Group) {
        let Some(limit) = number(&group.dir.join(group.limit)) else {
            return;
        };
        if limit < self.total {
            self.total = limit;
            self.limit = MemoryLimit::ControlGroup;
        }
        let used = number(&group.dir.join(group.usage)).unwrap_or(0);
        // Cached files count as used although they are given up on demand.
        let stat = fs::read_to_string(group.dir.join("memory.stat")).unwrap_or_default();
        let cached = stat
            .lines()
            .find_map(|line| line.strip_prefix(group.cached)?.trim().parse().ok());
        let used = used.saturating_sub(cached.unwrap_or(0));
        self.available = self.available.min(limit.saturating_sub(used));
    }
}

struct Group {
    dir: PathBuf,
    limit: &'static str,
    usage: &'static str,
    cached: &'static str,
}

/// The control groups of this process that can limit memory, with their ancestors, which limit too.
fn groups(root: &Path) -> Vec<Group> {
    let list = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut groups = Vec::new();
    for line in list.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (mount, limit, usage, cached) = if controllers.is_empty() {
            (
                "sys/fs/cgroup",
                "memory.max",
                "memory.current",
                "inactive_file ",
            )
        } else if controllers.split(',').any(|c| c == "memory") {
            let usage = "memory.usage_in_bytes";
            (
                "sys/fs/cgroup/memory",
                "memory.limit_in_bytes",
                usage,
                "total_inactive_file ",
            )
        } else {
            continue;
        };
        let mount = root.join(mount);
        // In a container the path may be one of the host's, and the mount itself is the group.
        let relative = Path::new(path.trim_start_matches('/'));
        if relative
            .components()
            .all(|c| matches!(c, std::path::Component::Normal(_)))
        {
            for ancestor in relative.ancestors() {
                groups.push(Group {
                    dir: mount.join(ancestor),
                    limit,
                    usage,
                    cached,
                });
            }
        } else {
            groups.push(Group {
                dir: mount,
                limit,
                usage,
                cached,
            });
        }
    }
    groups
}

fn kib(info: &str, name: &str) -> Option<u64> {
    let value = info.lines().find_map(|line| line.strip_prefix(name))?;
    value
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

/// A number alone in a file; `max` is none.
fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const INFO: &str = "MemTotal: 16777216 kB\nMemFree: 1 kB\nMemAvailable: 8388608 kB\n";

    fn machine(files: &[(&str, &str)]) -> Result<Memory, MemoryUnavailable> {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        read(dir.path())
    }

    #[test]
    fn a_machine_without_limits() {
        let memory = machine(&[("proc/meminfo", INFO)]).unwrap();
        let limit = MemoryLimit::Machine;
        assert_eq!(
            memory,
            Memory {
                total: 16 * GIB,
                available: 8 * GIB,
                limit
            }
        );
    }

    #[test]
    fn a_parent_group_limits_and_its_cache_is_free() {
        let memory = machine(&[
            ("proc/meminfo", INFO),
            ("proc/self/cgroup", "0::/pod/box\n"),
            ("sys/fs/cgroup/pod/box/memory.max", "max\n"),
            ("sys/fs/cgroup/pod/memory.max", "4294967296\n"),
            ("sys/fs/cgroup/pod/memory.current", "3221225472\n"),
            (
                "sys/fs/cgroup/pod/memory.stat",
                "anon 1\ninactive_file 1073741824\n",
            ),
        ]);
        let limit = MemoryLimit::ControlGroup;
        assert_eq!(
            memory.unwrap(),
            Memory {
                total: 4 * GIB,
                available: 2 * GIB,
                limit
            }
        );
    }

    #[test]
    fn first_version_groups_limit_too() {
        let memory = machine(&[
            ("proc/meminfo", INFO),
            (
                "proc/self/cgroup",
                "3:cpu,cpuacct:/x\n2:memory:/docker/a\nrubbish\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n"),
        ]);
        let limit = MemoryLimit::ControlGroup;
        assert_eq!(
            memory.unwrap(),
            Memory {
                total: 2 * GIB,
                available: GIB,
                limit
            }
        );
    }

    #[test]
    fn a_group_path_cannot_lead_out_of_the_mount() {
        let memory = machine(&[
            ("proc/meminfo", INFO),
            ("proc/self/cgroup", "0::/../../outside\n"),
            ("outside/memory.max", "1\n"),
        ]);
        assert_eq!(memory.unwrap().total, 16 * GIB);
    }

    #[test]
    fn bad_tables_are_named() {
        for info in [
            "",
            "MemTotal: many kB\n",
            "MemTotal: 18446744073709551615 kB\n",
        ] {
            let error = machine(&[("proc/meminfo", info)]).unwrap_err();
            assert!(error.to_string().contains("proc/meminfo"), "{error}");
        }
        assert!(machine(&[]).is_err());
    }
}
