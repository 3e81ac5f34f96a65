//! Files whose digest nobody has published: the first content that comes of one is what it is from
//! then on.
//!
//! A pin is a small file that notes digest and size. It is as good as the connection it was made
//! over, which is why [`Artifact`] itself knows no such state: a manifest lists digests only.

use std::fs::{self, File};

use serde::{Deserialize, Serialize};

use super::ModelStore;
use super::check::{self, Receipt};
use super::error::StoreError;
use super::layout::write_whole;
use super::manifest::Artifact;
use super::name::{ArtifactName, Digest};
use super::obtain::Target;

/// What a file is, whichever mirror it comes from: its place on Hugging Face's hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The repository, as `owner/name`.
    pub repository: ArtifactName,
    /// A commit of it, or a branch or tag.
    pub revision: ArtifactName,
    /// The file's path in it.
    pub path: ArtifactName,
}

/// A file that is known by its place alone, or by its digest and not its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpinned {
    /// Its name in the manifest.
    pub name: ArtifactName,
    /// Its place on the hub.
    pub source: Source,
    /// Its digest, if that is known.
    pub digest: Option<Digest>,
    /// Where it can be fetched, in order of preference.
    pub urls: Vec<String>,
    /// Artifacts that it is of no use without.
    pub needs: Vec<ArtifactName>,
}

/// What came of a file the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    digest: Digest,
    size: u64,
}

impl Unpinned {
    fn key(&self) -> Digest {
        let Source {
            repository,
            revision,
            path,
        } = &self.source;
        Digest::of(format!("{repository}@{revision}/{path}").as_bytes())
    }

    fn pinned(&self, Pin { digest, size }: Pin) -> Artifact {
        Artifact {
            name: self.name.clone(),
            digest,
            size,
            urls: self.urls.clone(),
            needs: self.needs.clone(),
        }
    }

    /// Whether a content may be this file.
    fn allows(&self, digest: Digest) -> bool {
        self.digest.is_none_or(|expected| expected == digest)
    }
}

impl ModelStore {
    /// The artifact that a file is, from the pin of an earlier call, from a folder that is searched,
    /// or else by fetching it once. Another content under its address is refused from then on.
    ///
    /// In a cache of Hugging Face's libraries, a file without a digest is looked for in its own
    /// repository and revision alone: a file of the same path may be another one in a fine-tune.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as [`ensure`](Self::ensure) reports it, if the file has no pin and cannot be
    /// fetched.
    pub fn pin(&self, file: &Unpinned) -> Result<Artifact, StoreError> {
        if let Some(artifact) = self.find_pin(file)? {
            return Ok(artifact);
        }
        let _lock = self.layout.lock(file.key())?;
        // Somebody else may have fetched it meanwhile.
        if let Some(artifact) = self.find_pin(file)? {
            return Ok(artifact);
        }
        let fetched = self.fetch(&Target {
            name: &file.name,
            key: file.key(),
            digest: file.digest,
            size: None,
            urls: &file.urls,
        })?;
        let (digest, size) = (fetched.digest, fetched.size);
        self.leave_pin(file, Pin { digest, size })
    }

    /// The artifact, if its content is known without a server.
    fn find_pin(&self, file: &Unpinned) -> Result<Option<Artifact>, StoreError> {
        // A pin that cannot be read counts as none: the content is fetched and pinned again.
        let pin = fs::read(self.layout.pin(file.key())).unwrap_or_default();
        if let Ok(pin) = serde_json::from_slice::<Pin>(&pin)
            && file.allows(pin.digest)
        {
            return Ok(Some(file.pinned(pin)));
        }
        let places = match file.digest {
            Some(digest) => self.candidates(&file.name, digest),
            None => self.own_places(&file.name, &file.source),
        };
        for path in places {
            // What others own may be unreadable or something else without that being an error.
            let before = Receipt::of(&path);
            let Ok(Ok((digest, size))) = File::open(&path).map(check::digest_of) else {
                continue;
            };
            if file.allows(digest) {
                if let Ok(before) = before {
                    check::leave_receipt(&self.layout, digest, before);
                }
                return self.leave_pin(file, Pin { digest, size }).map(Some);
            }
        }
        Ok(None)
    }

    fn leave_pin(&self, file: &Unpinned, pin: Pin) -> Result<Artifact, StoreError> {
        let json = serde_json::to_vec(&pin).unwrap_or_default();
        write_whole(&self.layout.pin(file.key()), &json)?;
        Ok(file.pinned(pin))
    }
}
