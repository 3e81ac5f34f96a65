//! The Vulkan loader and the drivers that are installed for it.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::finding::Reason;
use super::library::{self, OpenError};

const LOADERS: &[&str] = if cfg!(windows) {
    &["vulkan-1.dll"]
} else if cfg!(target_vendor = "apple") {
    &["libvulkan.1.dylib", "libvulkan.dylib", "libMoltenVK.dylib"]
} else {
    &["libvulkan.so.1", "libvulkan.so"]
};

/// The Vulkan loader. Whether a driver works is known only once a kernel has run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Vulkan {
    /// File name of the loader.
    pub loader: String,
    /// Version of the interface that the loader speaks: major, minor, patch.
    pub version: (u32, u32, u32),
    /// Manifests of the installed drivers; empty on systems that keep no such files.
    pub drivers: Vec<PathBuf>,
}

/// Why Vulkan cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VulkanUnavailable {
    /// No loader is installed.
    #[error("no Vulkan loader, looked for {}", searched.join(", "))]
    NoLoader {
        /// File names that were tried.
        searched: Vec<String>,
    },
    /// The loader lacks a function that every Vulkan 1.1 loader has.
    #[error("the Vulkan loader has no function {missing_symbol}")]
    LoaderBroken {
        /// The missing function.
        missing_symbol: String,
    },
    /// There is a loader, and no driver for it.
    #[error("a Vulkan loader ({loader}) but no driver for it")]
    NoDriver {
        /// File name of the loader.
        loader: String,
        /// Folders and files without a manifest.
        searched: Vec<PathBuf>,
    },
}

impl VulkanUnavailable {
    /// One line on what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoLoader { .. } => {
                "install the Vulkan loader (Debian: libvulkan1) and the driver of the GPU"
            }
            Self::LoaderBroken { .. } => "install a Vulkan loader of version 1.1 or newer",
            Self::NoDriver { .. } => {
                "install the GPU's Vulkan driver (Debian: mesa-vulkan-drivers), or set VK_DRIVER_FILES"
            }
        }
    }
}

impl Reason for VulkanUnavailable {
    fn remedy(&self) -> &'static str {
        self.remedy()
    }
}

impl fmt::Display for Vulkan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.version;
        write!(
            f,
            "Vulkan {major}.{minor}.{patch} ({}), drivers:",
            self.loader
        )?;
        let names = self.drivers.iter().filter_map(|p| p.file_stem());
        names
            .map(Path::new)
            .try_for_each(|name| write!(f, " {}", name.display()))
    }
}

pub(super) fn probe() -> Result<Vulkan, VulkanUnavailable> {
    let (loader, version) = library::vulkan_version(LOADERS).map_err(|error| match error {
        OpenError::NotFound(_) => {
            let searched = LOADERS.iter().map(|&name| name.to_owned()).collect();
            VulkanUnavailable::NoLoader { searched }
        }
        OpenError::MissingSymbol(name) => VulkanUnavailable::LoaderBroken {
            missing_symbol: name.to_owned(),
        },
    })?;
    let version = (
        (version >> 22) & 0x7f,
        (version >> 12) & 0x3ff,
        version & 0xfff,
    );
    let searched = places(|name| env::var_os(name).map(PathBuf::from));
    let drivers = manifests(&searched);
    // Windows and Apple name their drivers elsewhere than in these folders.
    if drivers.is_empty() && cfg!(all(unix, not(target_vendor = "apple"))) {
        return Err(VulkanUnavailable::NoDriver { loader, searched });
    }
    Ok(Vulkan {
        loader,
        version,
        drivers,
    })
}

/// Where the loader looks for manifests, in its documented order.
fn places(var: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    for name in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        if let Some(list) = var(name) {
            return env::split_paths(&list).collect();
        }
    }
    let home = |tail: &str| var("HOME").map(|home| home.join(tail));
    let list = |name: &str, otherwise: &str| {
        let list = var(name).filter(|v| !v.as_os_str().is_empty());
        env::split_paths(&list.unwrap_or_else(|| otherwise.into())).collect::<Vec<_>>()
    };
    let mut roots: Vec<PathBuf> = Vec::new();
    roots.extend(var("XDG_CONFIG_HOME").or_else(|| home(".config")));
    roots.extend(list("XDG_CONFIG_DIRS", "/etc/xdg"));
    roots.extend(["/etc", "/usr/local/etc"].map(PathBuf::from));
    roots.extend(var("XDG_DATA_HOME").or_else(|| home(".local/share")));
    roots.extend(list("XDG_DATA_DIRS", "/usr/local/share:/usr/share"));
    roots
        .into_iter()
        .map(|root| root.join("vulkan/icd.d"))
        .collect()
}

/// The `.json` files among and directly below `places`.
fn manifests(places: &[PathBuf]) -> Vec<PathBuf> {
    let is_manifest = |p: &Path| p.extension().is_some_and(|e| e == "json") && p.is_file();
    let mut found = Vec::new();
    for place in places {
        if is_manifest(place) {
            found.push(place.clone());
        } else if let Ok(entries) = fs::read_dir(place) {
            found.extend(
                entries
                    .flatten()
                    .map(|e| e.path())
                    .filter(|p| is_manifest(p)),
            );
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_files_replace_the_folders() {
        let vars = |name: &str| match name {
            "VK_DRIVER_FILES" => Some(PathBuf::from("/a/x.json:/b")),
            "HOME" => Some(PathBuf::from("/home/u")),
            _ => None,
        };
        if cfg!(unix) {
            assert_eq!(places(vars), [Path::new("/a/x.json"), Path::new("/b")]);
        }
        let home = places(|name| (name == "HOME").then(|| PathBuf::from("/home/u")));
        assert!(home.contains(&PathBuf::from("/home/u/.config/vulkan/icd.d")));
        assert!(home.contains(&PathBuf::from("/usr/share/vulkan/icd.d")));
    }

    #[test]
    fn manifests_are_found_in_folders_and_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("icd.d");
        fs::create_dir(&folder).unwrap();
        let (a, b) = (folder.join("a.json"), dir.path().join("b.json"));
        for path in [&a, &b, &folder.join("c.txt")] {
            fs::write(path, "{}").unwrap();
        }
        let missing = dir.path().join("missing");
        assert_eq!(manifests(&[folder, b.clone(), b.clone(), missing]), {
            let mut expected = vec![a, b];
            expected.sort();
            expected
        });
    }

    #[test]
    fn every_reason_has_a_remedy_of_one_line() {
        for reason in [
            VulkanUnavailable::NoLoader {
                searched: vec!["x".into()],
            },
            VulkanUnavailable::LoaderBroken {
                missing_symbol: "x".into(),
            },
            VulkanUnavailable::NoDriver {
                loader: "x".into(),
                searched: vec![],
            },
        ] {
            assert!(!reason.remedy().is_empty() && !reason.remedy().contains('\n'));
        }
    }
}
