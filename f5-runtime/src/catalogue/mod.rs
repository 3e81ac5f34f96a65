//! The released models: which files they are, where they lie, what they must contain, and under
//! which licence.
//!
//! Sizes and digests are those that the hub states for the pinned revision. Where nobody has
//! published a digest, [`Content`] says so, and the file is [pinned](ModelStore::pin) to what first
//! comes of it.
//!
//! ```no_run
//! use std::sync::Arc;
//! use f5_runtime::catalogue::{self, Hub};
//! use f5_runtime::fetch::HttpFetcher;
//! use f5_runtime::store::{ModelStore, offline_by_environment};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::from_environment();
//! let store = ModelStore::open("models")?
//!     .fetcher(Arc::new(HttpFetcher::new(hub.http_options())))
//!     .offline(offline_by_environment());
//! let model = catalogue::find("F5TTS_v1_Base").ok_or("no such model")?;
//! let manifest = catalogue::manifest(&[model], &store, &hub)?;
//! let names: Vec<_> = manifest.iter().map(|artifact| artifact.name.clone()).collect();
//! store.ensure(&manifest, &names)?.link_into("models/by-name")?;
//! # Ok(())
//! # }
//! ```

mod hub;
mod releases;

pub use hub::{Hub, hub_cache};
pub use releases::RELEASES;

use crate::fetch::hugging_face_url;
use crate::store::{
    Artifact, ArtifactName, DigestError, Manifest, ManifestError, ModelStore, NameError, Source,
    StoreError, Unpinned, check_readable,
};

/// A released model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// Its name, as upstream's programs take it.
    pub name: &'static str,
    /// What it does.
    pub role: Role,
    /// Licence of the weights, as an SPDX identifier.
    pub licence: &'static str,
    /// Repository on Hugging Face's hub.
    pub repository: &'static str,
    /// Revision of it: a commit, or `main` where none is known.
    pub revision: &'static str,
    /// Its files.
    pub files: &'static [ReleasedFile],
    /// The vocoder that it was trained with.
    pub vocoder: Option<&'static str>,
}

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Speaks, as mel spectrograms.
    Speech,
    /// Turns mel spectrograms into waveforms.
    Vocoder,
    /// Finds words in speech.
    Aligner,
}

/// A file of a released model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReleasedFile {
    /// Its path in the repository.
    pub path: &'static str,
    /// What it must contain.
    pub content: Content,
}

/// What is known of a file's content before it is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Everything.
    Known {
        /// SHA-256, in hexadecimal digits.
        digest: &'static str,
        /// Length in bytes.
        size: u64,
    },
    /// The digest, and not the length.
    DigestOnly {
        /// SHA-256, in hexadecimal digits.
        digest: &'static str,
    },
    /// Nothing: nobody has published a digest.
    Unpublished,
}

/// The released model of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Release> {
    RELEASES.iter().find(|release| release.name == name)
}

/// The manifest of released models: every file as `<release>/<file name>`, the last one of each
/// release, its weights, needing the others.
///
/// Files without a published digest or length are pinned, which fetches them the first time.
///
/// # Errors
///
/// [`StoreError::Manifest`] for a pickle without feature `pickle`, before anything is fetched;
/// [`StoreError`] of a file that has to be fetched to be pinned, and cannot.
pub fn manifest(
    releases: &[&Release],
    store: &ModelStore,
    hub: &Hub,
) -> Result<Manifest, StoreError> {
    let mut files = Vec::new();
    for release in releases {
        let mut before = Vec::new();
        for (at, file) in release.files.iter().enumerate() {
            let last = at + 1 == release.files.len();
            let needs = if last { before.clone() } else { Vec::new() };
            let unpinned = release.unpinned(file, needs, hub).map_err(|why| {
                let release = release.name;
                ManifestError::BadEntry { release, why }
            })?;
            // Told before gigabytes are fetched to be pinned.
            check_readable(&unpinned.name)?;
            before.push(unpinned.name.clone());
            files.push((unpinned, file.content));
        }
    }
    let artifacts: Result<Vec<Artifact>, StoreError> = files
        .into_iter()
        .map(|(file, content)| match (content, file.digest) {
            (Content::Known { size, .. }, Some(digest)) => Ok(Artifact {
                name: file.name,
                digest,
                size,
                urls: file.urls,
                needs: file.needs,
            }),
            _ => store.pin(&file),
        })
        .collect();
    Ok(Manifest::new(artifacts?)?)
}

impl Release {
    /// A file of this release as the store knows those whose content is still open.
    fn unpinned(
        &self,
        file: &ReleasedFile,
        needs: Vec<ArtifactName>,
        hub: &Hub,
    ) -> Result<Unpinned, String> {
        let name = |name: &str| name.parse().map_err(|e: NameError| e.to_string());
        let digest = match file.content {
            Content::Known { digest, .. } | Content::DigestOnly { digest } => {
                Some(digest.parse().map_err(|e: DigestError| e.to_string())?)
            }
            Content::Unpublished => None,
        };
        let source = Source {
            repository: name(self.repository)?,
            revision: name(self.revision)?,
            path: name(file.path)?,
        };
        let Source {
            repository,
            revision,
            path,
        } = &source;
        let url = hugging_face_url(&hub.endpoint, repository, revision, path);
        Ok(Unpinned {
            name: name(&format!("{}/{}", self.name, path.file_name()))?,
            source,
            digest,
            urls: vec![url],
            needs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_makes_names_and_addresses() {
        let hub = Hub::default();
        let mut names = std::collections::BTreeSet::new();
        for release in RELEASES {
            assert_eq!(find(release.name), Some(release));
            assert!(!release.files.is_empty() && !release.licence.is_empty());
            assert!(release.vocoder.is_none_or(|name| find(name).is_some()));
            for file in release.files {
                let unpinned = release.unpinned(file, vec![], &hub).unwrap();
                let url = format!(
                    "https://huggingface.co/{}/resolve/{}/{}",
                    release.repository, release.revision, file.path
                );
                assert_eq!(unpinned.urls, [url]);
                assert!(names.insert(unpinned.name), "{}", file.path);
                let has_digest = !matches!(file.content, Content::Unpublished);
                assert_eq!(unpinned.digest.is_some(), has_digest);
            }
        }
        assert_eq!(find("F5TTS_v2_Base"), None);
    }
}
