//! Servers that live in memory and do as told, and the stores that ask them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use f5_runtime::fetch::{FetchError, FetchRequest, FetchResponse, Fetcher};
use f5_runtime::retry::RetryPolicy;
use f5_runtime::store::{
    Artifact, ArtifactName, Digest, DiskPolicy, EnsureReport, Manifest, ModelStore,
};

/// What a server does with one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Act {
    Serve,
    /// Break off after so many bytes of the answer, with or without an error.
    Break(usize, bool),
    /// Flip one bit.
    Flip(usize),
    /// Another length, told or not.
    Long,
    Html,
    Status(u16),
    /// Everything from the start, whatever was asked.
    IgnoreRange,
    /// Begin somewhere else than asked.
    WrongRange,
}

/// Serves bodies by URL; the acts are used up first.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) bodies: BTreeMap<String, Vec<u8>>,
    pub(crate) acts: Mutex<Vec<Act>>,
    pub(crate) requests: Mutex<Vec<(String, u64)>>,
}

impl Server {
    pub(crate) fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

impl Fetcher for Server {
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<FetchResponse, FetchError> {
        self.requests
            .lock()
            .unwrap()
            .push((request.url.to_owned(), request.offset));
        let mut acts = self.acts.lock().unwrap();
        let act = if acts.is_empty() {
            Act::Serve
        } else {
            acts.remove(0)
        };
        let status = |status| FetchError::Status {
            url: request.url.to_owned(),
            status,
            retry_after: None,
        };
        let all = self.bodies.get(request.url).ok_or_else(|| status(404))?;
        let mut offset = request.offset as usize;
        let mut total = Some(all.len() as u64);
        let mut body = all[offset.min(all.len())..].to_vec();
        let mut error = false;
        match act {
            Act::Serve => {}
            Act::Break(n, with_error) => {
                body.truncate(n);
                error = with_error;
            }
            Act::Flip(at) => {
                let at = at % body.len().max(1);
                body[at] ^= 1 << (at % 8);
            }
            Act::Long => {
                body.extend([0; 100]);
                total = None;
            }
            Act::Html => {
                body = b"<html>busy</html>".to_vec();
                (offset, total) = (0, Some(body.len() as u64));
            }
            Act::Status(code) => return Err(status(code)),
            Act::IgnoreRange => {
                body.clone_from(all);
                offset = 0;
            }
            Act::WrongRange => offset += 1,
        }
        let end = ErrorAtEnd(error);
        Ok(FetchResponse {
            offset: offset as u64,
            total,
            etag: Some("\"1\"".to_owned()),
            body: Box::new(Pieces(Cursor::new(body).chain(end))),
        })
    }
}

/// Gives a body as connections do, in pieces.
struct Pieces<R>(R);

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(1000);
        self.0.read(&mut buffer[..n])
    }
}

pub(crate) struct ErrorAtEnd(bool);

impl Read for ErrorAtEnd {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        if self.0 {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(0)
        }
    }
}

pub(crate) fn name(of: &str) -> ArtifactName {
    of.parse().unwrap()
}

/// A safetensors file with one tensor of `len` bytes.
pub(crate) fn safetensors(len: usize, seed: u8) -> Vec<u8> {
    let header =
        format!("{{\"x\":{{\"dtype\":\"U8\",\"shape\":[{len}],\"data_offsets\":[0,{len}]}}}}");
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend((0..len).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed)));
    bytes
}

/// A model, its vocabulary, its vocoder and its aligner, each needing the one before.
pub(crate) fn four() -> (Manifest, Server) {
    let mut server = Server::default();
    let mut artifacts = Vec::new();
    let files = [
        ("m/model.safetensors", safetensors(5000, 1)),
        ("m/vocab.txt", b" \na\nb\n".to_vec()),
        ("v/vocoder.safetensors", safetensors(900, 2)),
        ("a/aligner.safetensors", safetensors(100, 3)),
    ];
    for (i, (file, bytes)) in files.into_iter().enumerate() {
        let url = format!("https://host/{file}");
        artifacts.push(Artifact {
            name: name(file),
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
            urls: vec![url.clone()],
            needs: if i == 0 {
                vec![]
            } else {
                vec![Artifact::clone(&artifacts[i - 1]).name]
            },
        });
        server.bodies.insert(url, bytes);
    }
    (Manifest::new(artifacts).unwrap(), server)
}

pub(crate) fn all(manifest: &Manifest) -> Vec<ArtifactName> {
    manifest
        .iter()
        .map(|artifact| artifact.name.clone())
        .collect()
}

pub(crate) fn store(root: &Path, server: &Arc<Server>) -> ModelStore {
    let quick = RetryPolicy {
        base_pause: Duration::from_micros(1),
        max_pause: Duration::from_micros(1),
        ..RetryPolicy::default()
    };
    let store = ModelStore::open(root)
        .unwrap()
        .fetcher(server.clone())
        .retry_policy(quick);
    store.disk_policy(DiskPolicy {
        min_free_after: 0,
        headroom_per_mille: 0,
    })
}

pub(crate) fn bytes_of(report: &EnsureReport) -> (u64, u64, u32) {
    let ensured: Vec<_> = report
        .artifacts
        .values()
        .map(|r| r.as_ref().unwrap())
        .collect();
    (
        ensured.iter().map(|e| e.bytes_read).sum(),
        ensured.iter().map(|e| e.bytes_fetched).sum(),
        ensured.iter().map(|e| e.requests).sum(),
    )
}

/// Nothing lies under a final name that is not what its name says.
pub(crate) fn assert_sound(root: &Path) {
    for entry in fs::read_dir(root.join("blobs")).unwrap() {
        let path = entry.unwrap().path();
        let digest = Digest::of(&fs::read(&path).unwrap()).to_string();
        assert_eq!(path.file_name().unwrap().to_str().unwrap(), digest);
    }
}
