//! Fetching one artifact: under a lock, from where the last attempt ended, checked on the way.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::ModelStore;
use super::check::{self, Finding, Receipt};
use super::ensure::{Ensured, Origin};
use super::error::StoreError;
use super::header::check_header_in;
use super::layout::{publish, remove_if_there};
use super::manifest::Artifact;
use super::name::{ArtifactName, Digest};
use super::part::{Part, tag_path};
use crate::fetch::{FetchError, FetchRequest, Fetcher};
use crate::retry::{Classify, ErrorClass, SystemTimer, Timer};

/// What happens while artifacts are fetched.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreEvent<'a> {
    /// A server is asked.
    Request {
        /// For which artifact.
        name: &'a ArtifactName,
        /// Where.
        url: &'a str,
        /// From which byte on.
        offset: u64,
    },
    /// Bytes came.
    Progress {
        /// Of which artifact.
        name: &'a ArtifactName,
        /// How many are here.
        done: u64,
        /// How many there will be.
        size: u64,
    },
    /// An attempt failed.
    Failed {
        /// For which artifact.
        name: &'a ArtifactName,
        /// Number of the attempt, from 1.
        attempt: u32,
        /// Why.
        error: &'a StoreError,
    },
    /// A pause before the next attempt.
    Pause {
        /// How long.
        duration: Duration,
    },
    /// A file was wrong and was put aside.
    Quarantined {
        /// Which artifact it should have been.
        name: &'a ArtifactName,
    },
    /// An artifact is complete, right, and in its place.
    Published {
        /// Which one.
        name: &'a ArtifactName,
    },
}

/// What fetching cost.
#[derive(Default)]
struct Cost {
    bytes: u64,
    requests: u32,
}

/// A file to fetch, and what is known of it beforehand.
pub(super) struct Target<'a> {
    pub(super) name: &'a ArtifactName,
    /// Names its lock and what has come of it.
    pub(super) key: Digest,
    pub(super) digest: Option<Digest>,
    pub(super) size: Option<u64>,
    pub(super) urls: &'a [String],
}

/// A file that was fetched and is in its place.
pub(super) struct Fetched {
    pub(super) digest: Digest,
    pub(super) size: u64,
    cost: Cost,
}

impl<'a> From<&'a Artifact> for Target<'a> {
    fn from(artifact: &'a Artifact) -> Self {
        Self {
            name: &artifact.name,
            key: artifact.digest,
            digest: Some(artifact.digest),
            size: Some(artifact.size),
            urls: &artifact.urls,
        }
    }
}

impl ModelStore {
    /// Fetches an artifact that is not here, unless somebody else does so meanwhile.
    pub(super) fn obtain(&self, artifact: &Artifact) -> Result<Ensured, StoreError> {
        let _lock = self.layout.lock(artifact.digest)?;
        let blob = self.layout.blob(artifact.digest);
        let target = Target::from(artifact);
        match self.check(artifact, &blob)? {
            Finding::Absent => {}
            Finding::Valid { bytes_read } => {
                return Ok(Ensured::here(blob, Origin::Store, bytes_read));
            }
            Finding::Wrong => self.quarantine(&target, &blob)?,
        }
        let Cost { bytes, requests } = self.fetch(&target)?.cost;
        Ok(Ensured {
            bytes_fetched: bytes,
            requests,
            ..Ensured::here(blob, Origin::Fetched, 0)
        })
    }

    /// Fetches a file to its place among the blobs; the caller holds its lock.
    pub(super) fn fetch(&self, target: &Target<'_>) -> Result<Fetched, StoreError> {
        let missing = |why| StoreError::Missing {
            name: target.name.clone(),
            why,
        };
        if self.offline {
            return Err(missing("the store is offline"));
        }
        let fetcher = self
            .fetcher
            .as_deref()
            .ok_or_else(|| missing("the store has no fetcher"))?;
        let (mut cost, mut part) = (Cost::default(), None);
        let mut timer = Told {
            store: self,
            timer: SystemTimer::new(),
        };
        let mut last = missing("it has no address");
        for url in target.urls {
            let result = self.retry.run(&mut timer, |attempt| {
                let name = target.name.as_str();
                let _span = tracing::debug_span!("f5.fetch", name, url, attempt).entered();
                self.attempt(target, url, fetcher, &mut part, &mut cost)
                    .inspect_err(|error| {
                        tracing::warn!(%error, "attempt failed");
                        self.tell(&StoreEvent::Failed {
                            name: target.name,
                            attempt,
                            error,
                        });
                    })
            });
            match result {
                Ok((digest, size)) => {
                    self.tell(&StoreEvent::Published { name: target.name });
                    return Ok(Fetched { digest, size, cost });
                }
                Err(source) => {
                    // Without room or handles, another address fares no better.
                    let stop = source.error.class() == ErrorClass::Resource;
                    let (name, url) = (target.name.clone(), url.clone());
                    last = StoreError::GaveUp {
                        name,
                        url,
                        source: Box::new(source),
                    };
                    if stop {
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    /// One attempt; digest and size of what is in its place then. What has come is in `slot` between
    /// attempts.
    fn attempt(
        &self,
        target: &Target<'_>,
        url: &str,
        fetcher: &dyn Fetcher,
        slot: &mut Option<Part>,
        cost: &mut Cost,
    ) -> Result<(Digest, u64), StoreError> {
        let mut part = match slot.take() {
            Some(part) => part,
            None => Part::open(&self.layout, target.key)?,
        };
        if target.size.is_some_and(|size| part.len > size) {
            part.clear()?;
        }
        if target.size.is_none_or(|size| part.len < size || size == 0) {
            let filled = self.fill(&mut part, target, url, fetcher, cost);
            if let Err(error) = filled {
                // After a failed write, the file may hold more than is known of it.
                *slot = Some(part).filter(|_| !matches!(error, StoreError::Io { .. }));
                return Err(error);
            }
        }
        let (got, name) = (part.digest(), target.name);
        if let Some(expected) = target.digest.filter(|&expected| got != expected) {
            self.quarantine(target, &part.path)?;
            return Err(StoreError::WrongDigest {
                name: name.clone(),
                got,
                expected,
            });
        }
        // Through the handle, because another process may have taken the name.
        (&part.file)
            .seek(SeekFrom::Start(0))
            .map_err(StoreError::io("read", &part.path))?;
        let checked = check_header_in(name, part.len, &part.file, &part.path);
        if let Err(error @ StoreError::NotSafetensors { .. }) = checked {
            self.quarantine(target, &part.path)?;
            return Err(error);
        }
        checked?;
        let blob = self.layout.blob(got);
        match publish(&part.file, &part.path, &blob) {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                // Where locks do nothing, another process takes what it thinks was left.
                if File::open(&blob).and_then(Digest::of_reader).ok() != Some(got) {
                    return Err(StoreError::Taken { name: name.clone() });
                }
            }
            result => result?,
        }
        remove_if_there(&tag_path(&part.path))?;
        if let Ok(receipt) = Receipt::of(&blob) {
            check::leave_receipt(&self.layout, got, receipt);
        }
        Ok((got, part.len))
    }

    /// Brings the rest of the body.
    fn fill(
        &self,
        part: &mut Part,
        target: &Target<'_>,
        url: &str,
        fetcher: &dyn Fetcher,
        cost: &mut Cost,
    ) -> Result<(), StoreError> {
        let name = target.name;
        let wrong_size = |got, size| StoreError::WrongSize {
            name: name.clone(),
            got,
            size,
        };
        let bad_answer = |what| FetchError::BadAnswer {
            url: url.to_owned(),
            what,
        };
        let mut tag = part.tag().map(str::to_owned);
        // Where nothing else tells two versions apart, only a tag may join their halves, and a weak
        // one says nothing about bytes.
        if target.digest.is_none() && tag.as_ref().is_none_or(|tag| tag.starts_with("W/")) {
            part.clear()?;
            tag = None;
        }
        self.tell(&StoreEvent::Request {
            name,
            url,
            offset: part.len,
        });
        cost.requests += 1;
        let request = FetchRequest {
            url,
            offset: part.len,
            etag: tag.as_deref(),
        };
        let mut response = match fetcher.fetch(&request) {
            Ok(response) => response,
            // Nothing follows what is here: it is of another file, and the next attempt starts anew.
            Err(FetchError::Status { status: 416, .. }) if part.len > 0 => {
                let got = part.len;
                part.clear()?;
                return Err(wrong_size(got, target.size.unwrap_or(0)));
            }
            Err(error) => return Err(error.into()),
        };
        let size = match (target.size, response.total) {
            (Some(size), Some(total)) if size != total => return Err(wrong_size(total, size)),
            (Some(size), _) | (None, Some(size)) => size,
            (None, None) => return Err(bad_answer("it does not tell a length".to_owned()).into()),
        };
        if target.size.is_none() {
            // How much room it takes is known only now.
            let here = if response.offset == 0 { 0 } else { part.len };
            self.check_free(size.saturating_sub(here), || 0)?;
        }
        if response.offset == 0 {
            part.clear()?;
        } else if response.offset != part.len {
            let what = format!(
                "asked from byte {}, told from {}",
                part.len, response.offset
            );
            return Err(bad_answer(what).into());
        } else if target.digest.is_none() && tag != response.etag {
            // The rest of another version: the next attempt starts anew.
            part.clear()?;
            let what = format!("asked for the rest of {tag:?}, told of {:?}", response.etag);
            return Err(bad_answer(what).into());
        }
        part.set_tag(response.etag.as_deref())?;
        let mut buffer = vec![0; 1 << 18];
        loop {
            let broken = |source, got| StoreError::Broken {
                name: name.clone(),
                got,
                size,
                source,
            };
            let n = match response.body.read(&mut buffer) {
                Ok(0) if part.len == size => return Ok(()),
                Ok(0) => {
                    let got = part.len;
                    // Of a body whose length nobody told, a short end may be that of another file.
                    if response.total.is_none() {
                        part.clear()?;
                    }
                    return Err(broken(None, got));
                }
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(broken(Some(e), part.len)),
            };
            cost.bytes += n as u64;
            let got = part.len + n as u64;
            if got > size {
                part.clear()?;
                return Err(wrong_size(got, size));
            }
            part.push(&buffer[..n])?;
            self.tell(&StoreEvent::Progress {
                name,
                done: part.len,
                size,
            });
        }
    }

    /// Puts a wrong file aside, where the next one replaces it.
    fn quarantine(&self, target: &Target<'_>, path: &Path) -> Result<(), StoreError> {
        remove_if_there(&tag_path(path))?;
        let aside = self.layout.quarantined(target.key);
        match fs::rename(path, &aside) {
            // Where locks do nothing, another process may have taken it.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            result => result.map_err(StoreError::io("move into quarantine", path))?,
        }
        tracing::warn!(name = target.name.as_str(), "put into quarantine");
        self.tell(&StoreEvent::Quarantined { name: target.name });
        Ok(())
    }
}

/// The system's timer, its pauses told to the observer.
struct Told<'a> {
    store: &'a ModelStore,
    timer: SystemTimer,
}

impl Timer for Told<'_> {
    fn now(&mut self) -> Duration {
        self.timer.now()
    }

    fn sleep(&mut self, duration: Duration) {
        tracing::debug!(?duration, "pause before the next attempt");
        self.store.tell(&StoreEvent::Pause { duration });
        self.timer.sleep(duration);
    }

    fn random(&mut self) -> f64 {
        self.timer.random()
    }
}
