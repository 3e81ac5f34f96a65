//! Where files may lie in the folders that are searched: under their names, or in a cache of Hugging
//! Face's libraries.
//!
//! ```text
//! models--<owner>--<name>/blobs/<digest>               large files; small ones have another name
//! models--<owner>--<name>/snapshots/<commit>/<path>    what a repository holds in a revision
//! models--<owner>--<name>/refs/<revision>              the commit that a branch or tag was last seen at
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use super::ModelStore;
use super::layout::list;
use super::name::{ArtifactName, Digest};
use super::pin::Source;

impl ModelStore {
    /// Places where a file of this name or digest may lie, to be taken by its digest: in a cache it
    /// may be of any repository.
    pub(super) fn candidates(&self, name: &ArtifactName, digest: Digest) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for folder in &self.search {
            let repositories = hub_repositories(folder);
            let by_digest =
                |repository: &PathBuf| repository.join("blobs").join(digest.to_string());
            paths.extend(repositories.iter().map(by_digest));
            let snapshots = repositories.iter().flat_map(|r| snapshots(r));
            for place in std::iter::once(folder.clone()).chain(snapshots) {
                paths.push(place.join(name.as_str()));
                paths.push(place.join(name.file_name()));
            }
        }
        paths
    }

    /// Places where a file may lie that is known by its place alone: under its whole name, or in a
    /// cache in its own repository and revision. What other repositories hold under its path is
    /// something else.
    pub(super) fn own_places(&self, name: &ArtifactName, source: &Source) -> Vec<PathBuf> {
        let places = |folder: &PathBuf| {
            let snapshot = snapshot(folder, source);
            let cached = snapshot.map(|snapshot| snapshot.join(source.path.as_str()));
            std::iter::once(folder.join(name.as_str())).chain(cached)
        };
        self.search.iter().flat_map(places).collect()
    }
}

/// Repositories in a cache.
fn hub_repositories(folder: &Path) -> Vec<PathBuf> {
    let names = list(folder).unwrap_or_default().into_iter();
    names
        .filter(|name| name.as_encoded_bytes().starts_with(b"models--"))
        .map(|name| folder.join(name))
        .collect()
}

/// The revisions of such a repository.
fn snapshots(repository: &Path) -> Vec<PathBuf> {
    let folder = repository.join("snapshots");
    let names = list(&folder).unwrap_or_default().into_iter();
    names.map(|name| folder.join(name)).collect()
}

/// What a cache holds of a source's revision: that of the commit which the cache notes for it, or
/// else of the commit that it is. None if what is noted is no commit.
fn snapshot(folder: &Path, source: &Source) -> Option<PathBuf> {
    let repository = source.repository.as_str().replace('/', "--");
    let repository = folder.join(format!("models--{repository}"));
    let revision = source.revision.as_str();
    let commit = match fs::read_to_string(repository.join("refs").join(revision)) {
        Ok(commit) => commit.trim().to_owned(),
        Err(_) => revision.to_owned(),
    };
    let is_commit = !commit.is_empty() && commit.bytes().all(|b| b.is_ascii_hexdigit());
    is_commit.then(|| repository.join("snapshots").join(commit))
}
