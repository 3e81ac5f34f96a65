//! Fetching one artifact: under a lock, from where the last attempt ended, checked on the way.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::ModelStore;
use super::check::{self, Finding, HashWriter};
use super::ensure::{Ensured, Origin};
use super::error::StoreError;
use super::layout::{publish, write_whole};
use super::manifest::Artifact;
use super::name::{ArtifactName, Digest};
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

impl ModelStore {
    /// Fetches an artifact that is not here, unless somebody else does so meanwhile.
    pub(super) fn obtain(&self, artifact: &Artifact) -> Result<Ensured, StoreError> {
        let missing = |why| StoreError::Missing {
            name: artifact.name.clone(),
            why,
        };
        let _lock = self.layout.lock(artifact.digest)?;
        let blob = self.layout.blob(artifact.digest);
        match self.check(artifact, &blob)? {
            Finding::Absent => {}
            Finding::Valid { bytes_read } => {
                return Ok(Ensured::here(blob, Origin::Store, bytes_read));
            }
            Finding::Wrong => self.quarantine(artifact, &blob)?,
        }
        if self.offline {
            return Err(missing("the store is offline"));
        }
        let fetcher = self
            .fetcher
            .as_deref()
            .ok_or_else(|| missing("the store has no fetcher"))?;
        let mut cost = Cost::default();
        let mut timer = Told {
            store: self,
            timer: SystemTimer::new(),
        };
        let mut last = missing("it has no address");
        for url in &artifact.urls {
            let result = self.retry.run(&mut timer, |attempt| {
                self.attempt(artifact, url, fetcher, &mut cost)
                    .inspect_err(|error| {
                        self.tell(&StoreEvent::Failed {
                            name: &artifact.name,
                            attempt,
                            error,
                        });
                    })
            });
            match result {
                Ok(()) => {
                    self.tell(&StoreEvent::Published {
                        name: &artifact.name,
                    });
                    let Cost { bytes, requests } = cost;
                    let here = Ensured::here(blob, Origin::Fetched, 0);
                    return Ok(Ensured {
                        bytes_fetched: bytes,
                        requests,
                        ..here
                    });
                }
                Err(source) => {
                    // Without room or handles, another address fares no better.
                    let stop = source.error.class() == ErrorClass::Resource;
                    let (name, url) = (artifact.name.clone(), url.clone());
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

    fn attempt(
        &self,
        artifact: &Artifact,
        url: &str,
        fetcher: &dyn Fetcher,
        cost: &mut Cost,
    ) -> Result<(), StoreError> {
        let path = self.layout.part(artifact.digest);
        let mut part = Part::open(&path, artifact)?;
        if part.len < artifact.size || artifact.size == 0 {
            self.fill(&mut part, url, fetcher, cost)?;
        }
        let got = Digest::from_bytes(part.hasher.clone().finalize().into());
        if got != artifact.digest {
            self.quarantine(artifact, &path)?;
            let (name, expected) = (artifact.name.clone(), artifact.digest);
            return Err(StoreError::WrongDigest {
                name,
                got,
                expected,
            });
        }
        if let Err(error) = check::check_header(artifact, &path) {
            self.quarantine(artifact, &path)?;
            return Err(error);
        }
        let blob = self.layout.blob(artifact.digest);
        publish(&part.file, &path, &blob)?;
        remove_if_there(&self.layout.etag(artifact.digest))?;
        check::leave_receipt(&self.layout, artifact.digest, &blob);
        Ok(())
    }

    /// Brings the rest of the body.
    fn fill(
        &self,
        part: &mut Part<'_>,
        url: &str,
        fetcher: &dyn Fetcher,
        cost: &mut Cost,
    ) -> Result<(), StoreError> {
        let artifact = part.artifact;
        let (name, size) = (&artifact.name, artifact.size);
        let tag_path = self.layout.etag(artifact.digest);
        let tag = fs::read_to_string(&tag_path).ok().filter(|_| part.len > 0);
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
                return Err(StoreError::WrongSize {
                    name: name.clone(),
                    got,
                    size,
                });
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(total) = response.total.filter(|&total| total != size) {
            return Err(StoreError::WrongSize {
                name: name.clone(),
                got: total,
                size,
            });
        }
        if response.offset == 0 {
            part.clear()?;
        } else if response.offset != part.len {
            let what = format!(
                "asked from byte {}, told from {}",
                part.len, response.offset
            );
            return Err(FetchError::BadAnswer {
                url: url.to_owned(),
                what,
            }
            .into());
        }
        match &response.etag {
            Some(etag) if tag.as_ref() != Some(etag) => write_whole(&tag_path, etag.as_bytes())?,
            Some(_) => {}
            None => remove_if_there(&tag_path)?,
        }
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
                return Err(StoreError::WrongSize {
                    name: name.clone(),
                    got,
                    size,
                });
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
    fn quarantine(&self, artifact: &Artifact, path: &Path) -> Result<(), StoreError> {
        remove_if_there(&self.layout.etag(artifact.digest))?;
        let aside = self.layout.quarantined(artifact.digest);
        fs::rename(path, &aside).map_err(StoreError::io("move into quarantine", path))?;
        self.tell(&StoreEvent::Quarantined {
            name: &artifact.name,
        });
        Ok(())
    }
}

/// What has come of an artifact so far.
struct Part<'a> {
    artifact: &'a Artifact,
    path: &'a Path,
    file: File,
    len: u64,
    hasher: Sha256,
}

impl<'a> Part<'a> {
    /// Opens what earlier attempts left, and reads it for the digest.
    fn open(path: &'a Path, artifact: &'a Artifact) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path);
        let file = file.map_err(StoreError::io("open", path))?;
        let mut part = Self {
            artifact,
            path,
            file,
            len: 0,
            hasher: Sha256::new(),
        };
        part.len = io::copy(&mut part.file, &mut HashWriter(&mut part.hasher))
            .map_err(StoreError::io("read", path))?;
        if part.len > artifact.size {
            part.clear()?;
        }
        Ok(part)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(StoreError::io("write", self.path))?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        let cleared = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        cleared.map_err(StoreError::io("empty", self.path))?;
        self.len = 0;
        self.hasher = Sha256::new();
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
        self.store.tell(&StoreEvent::Pause { duration });
        self.timer.sleep(duration);
    }

    fn random(&mut self) -> f64 {
        self.timer.random()
    }
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(StoreError::io("remove", path)),
    }
}
