//! Which files a model consists of, and which of them need which.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::name::{ArtifactName, Digest};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Its name, which ends like the file's; `.safetensors` files have their header checked.
    pub name: ArtifactName,
    /// SHA-256 of its content.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Where it can be fetched, in order of preference; may be empty.
    #[serde(default)]
    pub urls: Vec<String>,
    /// Artifacts that it is of no use without.
    #[serde(default)]
    pub needs: Vec<ArtifactName>,
}

/// A set of artifacts whose needs form no circle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Artifact>", into = "Vec<Artifact>")]
pub struct Manifest {
    artifacts: BTreeMap<ArtifactName, Artifact>,
}

/// Why a list of artifacts is no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Two artifacts of one name.
    #[error("artifact {name} is listed twice")]
    Twice {
        /// The name.
        name: ArtifactName,
    },
    /// A name that nothing has.
    #[error("there is no artifact {name}{}", needed_by(by.as_ref()))]
    Unknown {
        /// The name.
        name: ArtifactName,
        /// The artifact that needs it.
        by: Option<ArtifactName>,
    },
    /// An artifact that needs itself, through others or directly.
    #[error("artifact {name} needs itself")]
    Circle {
        /// The name.
        name: ArtifactName,
    },
    /// An entry of the built-in catalogue that makes no sense; its tests rule that out.
    #[error("the catalogue's entry {release} is malformed: {why}")]
    BadEntry {
        /// Name of the release.
        release: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A pickle, which PyTorch itself runs as a program.
    #[error(
        "artifact {name} is a pickle; enable feature pickle, which reads it without running it, or \
         convert it to safetensors where you trust it"
    )]
    Pickle {
        /// The name.
        name: ArtifactName,
    },
}

impl Manifest {
    /// Checks and takes a list of artifacts.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] for names listed twice or unknown, for circles, and, without feature
    /// `pickle`, for pickles.
    pub fn new(artifacts: Vec<Artifact>) -> Result<Self, ManifestError> {
        let mut manifest = Self::default();
        for artifact in artifacts {
            let name = artifact.name.clone();
            check_readable(&name)?;
            if manifest.artifacts.insert(name.clone(), artifact).is_some() {
                return Err(ManifestError::Twice { name });
            }
        }
        let all: Vec<ArtifactName> = manifest.artifacts.keys().cloned().collect();
        manifest.in_order(&all)?;
        Ok(manifest)
    }

    /// The artifact of this name.
    #[must_use]
    pub fn get(&self, name: &ArtifactName) -> Option<&Artifact> {
        self.artifacts.get(name)
    }

    /// Every artifact, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Artifact> {
        self.artifacts.values()
    }

    /// `wanted` and all they need, each after what it needs, small ones first among equals.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Unknown`] for a name that is not here.
    pub fn in_order(&self, wanted: &[ArtifactName]) -> Result<Vec<&Artifact>, ManifestError> {
        let mut open = BTreeSet::new();
        let mut queue: Vec<(&ArtifactName, Option<&ArtifactName>)> =
            wanted.iter().map(|name| (name, None)).collect();
        while let Some((name, by)) = queue.pop() {
            let Some(artifact) = self.get(name) else {
                return Err(ManifestError::Unknown {
                    name: name.clone(),
                    by: by.cloned(),
                });
            };
            if open.insert((artifact.size, name)) {
                queue.extend(artifact.needs.iter().map(|need| (need, Some(name))));
            }
        }
        let mut order: Vec<&Artifact> = Vec::new();
        let mut done = BTreeSet::new();
        while let Some(&(_, first)) = open.first() {
            let ready = |name: &ArtifactName| {
                self.get(name)
                    .is_some_and(|a| a.needs.iter().all(|need| done.contains(need)))
            };
            let Some(&next) = open.iter().find(|(_, name)| ready(name)) else {
                return Err(ManifestError::Circle {
                    name: first.clone(),
                });
            };
            open.remove(&next);
            done.insert(next.1);
            order.extend(self.get(next.1));
        }
        Ok(order)
    }
}

impl TryFrom<Vec<Artifact>> for Manifest {
    type Error = ManifestError;

    fn try_from(artifacts: Vec<Artifact>) -> Result<Self, ManifestError> {
        Self::new(artifacts)
    }
}

impl From<Manifest> for Vec<Artifact> {
    fn from(manifest: Manifest) -> Self {
        manifest.artifacts.into_values().collect()
    }
}

/// Refuses PyTorch's own files unless this build reads them.
pub(crate) fn check_readable(name: &ArtifactName) -> Result<(), ManifestError> {
    let lower = name.as_str().to_ascii_lowercase();
    let pickle = [".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"]
        .iter()
        .any(|end| lower.ends_with(end));
    if pickle && !cfg!(feature = "pickle") {
        return Err(ManifestError::Pickle { name: name.clone() });
    }
    Ok(())
}

fn needed_by(name: Option<&ArtifactName>) -> String {
    name.map(|name| format!(", which {name} needs"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> ArtifactName {
        name.parse().unwrap()
    }

    fn artifact(of: &str, size: u64, needs: &[&str]) -> Artifact {
        let needs = needs.iter().map(|n| name(n)).collect();
        Artifact {
            name: name(of),
            digest: Digest::of(of.as_bytes()),
            size,
            urls: vec![],
            needs,
        }
    }

    #[test]
    fn needs_come_first_and_small_ones_before_large() {
        let manifest = Manifest::new(vec![
            artifact("aligner", 1, &["vocoder"]),
            artifact("model", 9, &[]),
            artifact("vocab", 2, &["model"]),
            artifact("vocoder", 5, &["vocab"]),
            artifact("other", 3, &[]),
        ])
        .unwrap();
        let order = |wanted: &[&str]| -> Vec<String> {
            let wanted: Vec<_> = wanted.iter().map(|n| name(n)).collect();
            manifest
                .in_order(&wanted)
                .unwrap()
                .iter()
                .map(|a| a.name.to_string())
                .collect()
        };
        assert_eq!(
            order(&["aligner"]),
            ["model", "vocab", "vocoder", "aligner"]
        );
        assert_eq!(order(&["model", "other", "model"]), ["other", "model"]);
        assert_eq!(order(&[]), [""; 0]);
    }

    #[test]
    fn bad_lists_are_refused() {
        let error = |list| Manifest::new(list).unwrap_err();
        let (a, b) = (artifact("a", 1, &["b"]), artifact("b", 1, &["a"]));
        assert_eq!(
            error(vec![a.clone(), b]),
            ManifestError::Circle { name: name("a") }
        );
        let unknown = ManifestError::Unknown {
            name: name("b"),
            by: Some(name("a")),
        };
        assert_eq!(error(vec![a]), unknown);
        let twice = vec![artifact("a", 1, &[]), artifact("a", 2, &[])];
        assert_eq!(error(twice), ManifestError::Twice { name: name("a") });
    }

    #[test]
    fn pickles_are_refused_with_a_remedy_unless_they_can_be_read() {
        for of in ["vocos/pytorch_model.bin", "F5/model.PT", "g.pth", "x.ckpt"] {
            let result = Manifest::new(vec![artifact(of, 1, &[])]);
            if cfg!(feature = "pickle") {
                assert!(result.is_ok(), "{of}");
            } else {
                let error = result.unwrap_err();
                assert_eq!(error, ManifestError::Pickle { name: name(of) });
                assert!(error.to_string().contains("feature pickle"), "{error}");
            }
        }
        assert!(Manifest::new(vec![artifact("pt/binary.txt", 1, &[])]).is_ok());
    }

    #[test]
    fn json_is_checked_when_read() {
        let manifest = Manifest::new(vec![artifact("a", 1, &[])]).unwrap();
        let json = serde_json::to_string(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
        assert!(serde_json::from_str::<Manifest>(&json.replace("\"a\"", "\"../a\"")).is_err());
        assert!(serde_json::from_str::<Manifest>(&json.replace("size", "length")).is_err());
    }
}
