//! Making sure that artifacts are there: what is right stays, what is missing is obtained.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::check::{self, Finding, Verify};
use super::error::StoreError;
use super::manifest::{Artifact, Manifest};
use super::name::ArtifactName;
use super::part;
use super::{ModelStore, Shortfall};

/// What came of [`ModelStore::ensure`]: each artifact is there, or there is a reason.
#[derive(Debug)]
#[non_exhaustive]
pub struct EnsureReport {
    /// What came of each artifact that was wanted or needed.
    pub artifacts: BTreeMap<ArtifactName, Result<Ensured, StoreError>>,
    /// How long it took.
    pub elapsed: Duration,
}

/// An artifact that is there and right.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ensured {
    /// Where it is. Its content does not change, but the name is the store's own.
    pub path: PathBuf,
    /// How it came there.
    pub origin: Origin,
    /// Bytes that were read to see that it is right.
    pub bytes_read: u64,
    /// Bytes that were fetched, those of failed attempts included.
    pub bytes_fetched: u64,
    /// Times that a server was asked.
    pub requests: u32,
}

/// How an artifact came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// It was in the store.
    Store,
    /// It was in a folder that is searched, and stays there.
    Found,
    /// It was fetched.
    Fetched,
}

impl EnsureReport {
    /// Where an artifact is, if it is there.
    #[must_use]
    pub fn path(&self, name: &ArtifactName) -> Option<&Path> {
        Some(&self.artifacts.get(name)?.as_ref().ok()?.path)
    }

    /// Whether every artifact is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.artifacts.values().all(Result::is_ok)
    }

    /// Where every artifact is.
    ///
    /// # Errors
    ///
    /// The error of the first that is not there, in the order of names; one that only lacks
    /// something else is named after that.
    pub fn into_paths(self) -> Result<BTreeMap<ArtifactName, PathBuf>, StoreError> {
        let mut paths = BTreeMap::new();
        let mut lacks = None;
        for (name, result) in self.artifacts {
            match result {
                Ok(ensured) => drop(paths.insert(name, ensured.path)),
                Err(error @ StoreError::Needs { .. }) => lacks = lacks.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        lacks.map_or(Ok(paths), Err)
    }
}

impl ModelStore {
    /// Makes sure that `wanted` artifacts and those they need are there and right.
    ///
    /// What is there is looked at and not read, as long as its receipt matches; what is wrong is put
    /// into quarantine; what is missing is fetched, once, however many processes ask. The failure of
    /// one artifact keeps only those from being fetched that need it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Manifest`] for an unknown name; [`StoreError::Disk`], before anything is
    /// fetched, if what is missing does not fit. Everything else is in the report.
    pub fn ensure(
        &self,
        manifest: &Manifest,
        wanted: &[ArtifactName],
    ) -> Result<EnsureReport, StoreError> {
        let started = Instant::now();
        let order = manifest.in_order(wanted)?;
        let _span = tracing::info_span!("f5.ensure", artifacts = order.len()).entered();
        let mut artifacts = BTreeMap::new();
        let mut missing = Vec::new();
        for &artifact in &order {
            match self.local(artifact) {
                Ok(Some(ensured)) => drop(artifacts.insert(artifact.name.clone(), Ok(ensured))),
                Ok(None) => missing.push(artifact),
                Err(error) => drop(artifacts.insert(artifact.name.clone(), Err(error))),
            }
        }
        if self.can_fetch() {
            self.check_room(manifest, &missing)?;
        }
        for artifact in missing {
            let lacking = artifact.needs.iter().find(|need| {
                !artifacts
                    .get(*need)
                    .is_some_and(|r: &Result<_, _>| r.is_ok())
            });
            let result = match lacking {
                Some(need) => Err(StoreError::Needs {
                    name: artifact.name.clone(),
                    need: need.clone(),
                }),
                None => self.obtain(artifact),
            };
            artifacts.insert(artifact.name.clone(), result);
        }
        Ok(EnsureReport {
            artifacts,
            elapsed: started.elapsed(),
        })
    }

    pub(super) fn can_fetch(&self) -> bool {
        self.fetcher.is_some() && !self.offline
    }

    /// The artifact if it is here already, in the store or in a folder that is searched.
    fn local(&self, artifact: &Artifact) -> Result<Option<Ensured>, StoreError> {
        let blob = self.layout.blob(artifact.digest);
        if let Finding::Valid { bytes_read } = self.check(artifact, &blob)? {
            self.touch(artifact);
            return Ok(Some(Ensured::here(blob, Origin::Store, bytes_read)));
        }
        for path in self.candidates(&artifact.name, artifact.digest) {
            // What others own may be unreadable or wrong without that being an error.
            if let Ok(Finding::Valid { bytes_read }) = self.check(artifact, &path) {
                return Ok(Some(Ensured::here(path, Origin::Found, bytes_read)));
            }
        }
        Ok(None)
    }

    pub(super) fn check(&self, artifact: &Artifact, path: &Path) -> Result<Finding, StoreError> {
        check::check(&self.layout, artifact, path, self.verify)
    }

    /// Notes when the artifact was used last, in the receipt's time; a hint, so failures are none.
    fn touch(&self, artifact: &Artifact) {
        let receipt = fs::File::options()
            .append(true)
            .open(self.layout.receipt(artifact.digest));
        if let Ok(receipt) = receipt {
            let _ = receipt.set_modified(std::time::SystemTime::now());
        }
    }

    /// Compares what is missing with the room on the store's own disk.
    fn check_room(&self, manifest: &Manifest, missing: &[&Artifact]) -> Result<(), StoreError> {
        let bytes = missing.iter().fold(0u64, |sum, artifact| {
            let here = part::here(&self.layout, artifact.digest);
            sum.saturating_add(artifact.size.saturating_sub(here))
        });
        self.check_free(bytes, || {
            self.plan_prune(manifest, None)
                .map_or(0, |plan| plan.bytes())
        })
    }

    /// Compares bytes that are to be fetched with the room on the store's own disk.
    pub(super) fn check_free(
        &self,
        missing: u64,
        reclaimable: impl FnOnce() -> u64,
    ) -> Result<(), StoreError> {
        let needed = self.disk.needed(missing);
        // Where the room cannot be measured, running out of it is still an error on the way.
        let Some(available) = (self.free_space)(self.layout.root()) else {
            return Ok(());
        };
        if needed <= available {
            return Ok(());
        }
        Err(StoreError::Disk(Shortfall {
            path: self.layout.root().to_path_buf(),
            missing,
            needed,
            available,
            reclaimable: reclaimable(),
        }))
    }
}

impl Ensured {
    pub(super) fn here(path: PathBuf, origin: Origin, bytes_read: u64) -> Self {
        Self {
            path,
            origin,
            bytes_read,
            bytes_fetched: 0,
            requests: 0,
        }
    }
}

impl ModelStore {
    /// Reads every artifact that is there and says which are right, fetching nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Manifest`] for an unknown name.
    pub fn verify_all(
        &self,
        manifest: &Manifest,
        wanted: &[ArtifactName],
    ) -> Result<EnsureReport, StoreError> {
        self.clone()
            .offline(true)
            .verify(Verify::Always)
            .ensure(manifest, wanted)
    }
}
