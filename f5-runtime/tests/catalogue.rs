//! The built-in catalogue against a hub on this machine: files without a published digest are pinned
//! to what first comes of them, and pickles are refused before anything is fetched.
#![expect(clippy::unwrap_used, reason = "tests with helpers")]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "support/http.rs"]
mod server;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use f5_runtime::catalogue::{self, Content, Hub, Release, ReleasedFile};
use f5_runtime::fetch::{FetchError, HttpFetcher};
use f5_runtime::retry::RetryPolicy;
use f5_runtime::store::{
    ArtifactName, Digest, DiskPolicy, Manifest, ManifestError, ModelStore, Origin, Source,
    StoreError, Unpinned,
};

use server::{Act, Server};

const VOCAB: &[u8] = b" \na\nb\n";
const HEADER: &[u8] = br#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;

fn weights(value: u8) -> Vec<u8> {
    let length = (HEADER.len() as u64).to_le_bytes();
    [&length, HEADER, &[value; 8]].concat()
}

fn e2() -> &'static Release {
    catalogue::find("E2TTS_Base").unwrap()
}

fn all(manifest: &Manifest) -> Vec<ArtifactName> {
    manifest
        .iter()
        .map(|artifact| artifact.name.clone())
        .collect()
}

fn source(repository: &str, revision: &str, path: &str) -> Source {
    Source {
        repository: repository.parse().unwrap(),
        revision: revision.parse().unwrap(),
        path: path.parse().unwrap(),
    }
}

/// A hub that has the files of E2-TTS, answering by `acts` first.
fn hub(acts: Vec<Act>) -> (Server, Hub) {
    let acts = Mutex::new(acts.into_iter());
    let body = |path: &str| match path {
        "/SWivid/E2-TTS/resolve/main/E2TTS_Base/vocab.txt" => Some(VOCAB.to_vec()),
        "/SWivid/E2-TTS/resolve/main/E2TTS_Base/model_1200000.safetensors" => Some(weights(7)),
        _ => None,
    };
    let server = Server::with_script(body, move |_| {
        acts.lock().unwrap().next().unwrap_or(Act::Good)
    });
    let endpoint = server.address.clone();
    (server, Hub { endpoint })
}

fn store(root: &Path, hub: &Hub) -> ModelStore {
    let pause = Duration::from_millis(1);
    ModelStore::open(root)
        .unwrap()
        .fetcher(Arc::new(HttpFetcher::new(hub.http_options())))
        .retry_policy(RetryPolicy {
            attempts: 3,
            base_pause: pause,
            max_pause: pause,
            ..RetryPolicy::default()
        })
        .disk_policy(DiskPolicy {
            min_free_after: 0,
            headroom_per_mille: 0,
        })
}

#[test]
fn files_without_a_published_digest_are_fetched_once_and_pinned() {
    let dir = tempfile::tempdir().unwrap();
    let (server, hub) = hub(vec![]);
    let store = store(dir.path(), &hub);
    let manifest = catalogue::manifest(&[e2()], &store, &hub).unwrap();
    assert_eq!(server.heads().len(), 2);
    let vocab = manifest
        .get(&"E2TTS_Base/vocab.txt".parse().unwrap())
        .unwrap();
    assert_eq!(
        (vocab.digest, vocab.size),
        (Digest::of(VOCAB), VOCAB.len() as u64)
    );
    let model = manifest.get(&"E2TTS_Base/model_1200000.safetensors".parse().unwrap());
    assert_eq!(model.unwrap().digest, Digest::of(&weights(7)));
    assert_eq!(model.unwrap().needs, std::slice::from_ref(&vocab.name));
    // Everything is here by now, and stays known without a server.
    for store in [
        store.clone(),
        ModelStore::open(dir.path()).unwrap().offline(true),
    ] {
        let again = catalogue::manifest(&[e2()], &store, &hub).unwrap();
        assert_eq!(again, manifest);
        let report = store.ensure(&again, &all(&again)).unwrap();
        for ensured in report.artifacts.values().map(|r| r.as_ref().unwrap()) {
            assert_eq!((ensured.origin, ensured.requests), (Origin::Store, 0));
        }
    }
    assert_eq!(server.heads().len(), 2);
}

#[test]
fn another_content_is_refused_once_there_is_a_pin() {
    let dir = tempfile::tempdir().unwrap();
    let changed = Arc::new(AtomicBool::new(false));
    let now = changed.clone();
    let body = move |_: &str| Some(weights(u8::from(now.load(Ordering::Relaxed))));
    let server = Server::with_script(body, |_| Act::Good);
    let file = Unpinned {
        name: "m/model.safetensors".parse().unwrap(),
        source: source("m", "main", "model.safetensors"),
        digest: None,
        urls: vec![format!("{}/m", server.address)],
        needs: vec![],
    };
    let hub = Hub {
        endpoint: server.address.clone(),
    };
    let store = store(dir.path(), &hub);
    let artifact = store.pin(&file).unwrap();
    fs::remove_file(dir.path().join("blobs").join(artifact.digest.to_string())).unwrap();
    changed.store(true, Ordering::Relaxed);
    assert_eq!(store.pin(&file).unwrap(), artifact);
    let manifest = Manifest::new(vec![artifact.clone()]).unwrap();
    let report = store.ensure(&manifest, &all(&manifest)).unwrap();
    let Err(StoreError::GaveUp { source, .. }) = &report.artifacts[&artifact.name] else {
        panic!("{report:?}");
    };
    let expected = artifact.digest;
    assert!(matches!(source.error, StoreError::WrongDigest { expected: e, .. } if e == expected));
    // A pin cannot overrule a digest that has been published since.
    let published = Unpinned {
        digest: Some(Digest::of(&weights(1))),
        ..file
    };
    assert_eq!(
        store.pin(&published).unwrap().digest,
        Digest::of(&weights(1))
    );
}

#[test]
fn a_digest_without_a_length_is_enough() {
    for (digest, right) in [(Digest::of(VOCAB), true), (Digest::of(b"else"), false)] {
        let dir = tempfile::tempdir().unwrap();
        let (server, hub) = hub(vec![Act::Break(2)]);
        let file = Unpinned {
            name: "e2/vocab.txt".parse().unwrap(),
            source: source("e2", "main", "vocab.txt"),
            digest: Some(digest),
            urls: vec![format!(
                "{}/SWivid/E2-TTS/resolve/main/E2TTS_Base/vocab.txt",
                server.address
            )],
            needs: vec![],
        };
        match store(dir.path(), &hub).pin(&file) {
            Ok(artifact) => assert!(right && artifact.size == VOCAB.len() as u64),
            Err(StoreError::GaveUp { source, .. }) => {
                assert!(!right);
                assert!(matches!(source.error, StoreError::WrongDigest { .. }));
                assert!(
                    fs::read_dir(dir.path().join("blobs"))
                        .unwrap()
                        .next()
                        .is_none()
                );
                assert!(
                    fs::read_dir(dir.path().join("pins"))
                        .unwrap()
                        .next()
                        .is_none()
                );
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn bodies_that_end_anyhow_are_not_pinned() {
    let untold = Act::Raw("HTTP/1.1 200 OK\r\n".into(), VOCAB[..3].to_vec());
    let dir = tempfile::tempdir().unwrap();
    let (_server, hub) = hub(vec![untold; 3]);
    let error = catalogue::manifest(&[e2()], &store(dir.path(), &hub), &hub).unwrap_err();
    let StoreError::GaveUp { source, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(
        matches!(
            source.error,
            StoreError::Fetch(FetchError::BadAnswer { .. })
        ),
        "{error:?}"
    );
    // Halves without a tag, or with a weak one, may be of two versions, and are not joined.
    for tag in ["", "ETag: W/\"1\"\r\n"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n{tag}");
        let (server, hub) = self::hub(vec![Act::Head(head, 2), Act::Good]);
        let dir = tempfile::tempdir().unwrap();
        let manifest = catalogue::manifest(&[e2()], &store(dir.path(), &hub), &hub).unwrap();
        let vocab = manifest
            .get(&"E2TTS_Base/vocab.txt".parse().unwrap())
            .unwrap();
        assert_eq!(vocab.digest, Digest::of(VOCAB));
        let mut heads = server.heads().into_iter();
        assert!(heads.all(|head| server::range_of(&head).is_none()));
    }
}

#[test]
fn halves_of_two_versions_are_not_pinned() {
    let (old, new) = (vec![b'a'; 1000], vec![b'b'; 1000]);
    let untagged = Act::Raw(
        "HTTP/1.1 206 Partial\r\nContent-Range: bytes 500-999/1000\r\n".into(),
        new[500..].to_vec(),
    );
    for second in [Act::Retagged, untagged] {
        let asked = Arc::new(AtomicUsize::new(0));
        let (now, first, then) = (asked.clone(), old.clone(), new.clone());
        let body = move |_: &str| {
            let first_time = now.load(Ordering::Relaxed) == 1;
            Some(if first_time { &first } else { &then }.clone())
        };
        let server =
            Server::with_script(body, move |_| match asked.fetch_add(1, Ordering::Relaxed) {
                0 => Act::Break(500),
                1 => second.clone(),
                _ => Act::Good,
            });
        let file = Unpinned {
            name: "m/vocab.txt".parse().unwrap(),
            source: source("m", "main", "vocab.txt"),
            digest: None,
            urls: vec![format!("{}/m", server.address)],
            needs: vec![],
        };
        let hub = Hub {
            endpoint: server.address.clone(),
        };
        let dir = tempfile::tempdir().unwrap();
        let artifact = store(dir.path(), &hub).pin(&file).unwrap();
        assert_eq!(artifact.digest, Digest::of(&new));
        let ranges: Vec<_> = server
            .heads()
            .iter()
            .map(|head| server::range_of(head))
            .collect();
        assert_eq!(ranges, [None, Some(500), None]);
    }
}

#[test]
fn a_file_of_unknown_length_is_not_begun_where_it_does_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let (server, hub) = hub(vec![]);
    let store = store(dir.path(), &hub).free_space(|_| Some(VOCAB.len() as u64));
    let error = catalogue::manifest(&[e2()], &store, &hub).unwrap_err();
    let StoreError::GaveUp { name, source, .. } = &error else {
        panic!("{error:?}");
    };
    // The vocabulary fits exactly, the weights do not, and asking again does not help.
    assert_eq!(name.file_name(), "model_1200000.safetensors");
    let StoreError::Disk(shortfall) = &source.error else {
        panic!("{error:?}");
    };
    assert_eq!(shortfall.missing, weights(7).len() as u64);
    assert_eq!((source.attempts, server.heads().len()), (1, 2));
}

#[test]
fn files_in_the_cache_of_the_hub_are_found_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("hub");
    let repository = cache.join("models--SWivid--E2-TTS");
    let snapshot = repository.join("snapshots/0123/E2TTS_Base");
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::write(repository.join("refs/main"), "0123").unwrap();
    fs::write(snapshot.join("vocab.txt"), VOCAB).unwrap();
    fs::write(snapshot.join("model_1200000.safetensors"), weights(7)).unwrap();
    // A vocabulary of another model does not count as this one's.
    fs::write(cache.join("vocab.txt"), "other\n").unwrap();
    let store = ModelStore::open(dir.path().join("store")).unwrap();
    let store = store.search(&cache).offline(true);
    let manifest = catalogue::manifest(&[e2()], &store, &Hub::default()).unwrap();
    let report = store.ensure(&manifest, &all(&manifest)).unwrap();
    for ensured in report.artifacts.values().map(|r| r.as_ref().unwrap()) {
        assert_eq!(ensured.origin, Origin::Found);
    }
    assert!(report.is_complete());

    // Small files of a pinned digest are there under their own name, not their digest's.
    let letters = catalogue::find("wav2vec2-base-960h").unwrap();
    let file = letters
        .files
        .iter()
        .find(|f| f.path == "vocab.json")
        .unwrap();
    let Content::Known { digest, .. } = file.content else {
        panic!("{file:?}");
    };
    let text = letters_of_wav2vec2();
    assert_eq!(Digest::of(text.as_bytes()).to_string(), digest);
    let snapshot = cache.join("models--facebook--wav2vec2-base-960h/snapshots/22aa");
    fs::create_dir_all(&snapshot).unwrap();
    fs::write(snapshot.join("vocab.json"), text).unwrap();
    let manifest = catalogue::manifest(&[letters], &store, &Hub::default()).unwrap();
    let report = store.ensure(&manifest, &all(&manifest)).unwrap();
    let found = &report.artifacts[&"wav2vec2-base-960h/vocab.json".parse().unwrap()];
    assert_eq!(found.as_ref().unwrap().origin, Origin::Found);
}

#[test]
fn only_the_repository_and_revision_of_a_file_are_searched_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, plain) = (dir.path().join("hub"), dir.path().join("plain"));
    let write = |path: &str, text: &str| {
        let path = cache.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    // A fine-tune, another model of the same owner, and an older state of the right one.
    write("models--a--tuned/refs/main", "aa");
    write("models--a--tuned/snapshots/aa/E2/vocab.txt", "tuned");
    write("models--o--m2/refs/main", "aa");
    write("models--o--m2/snapshots/aa/E2/vocab.txt", "second");
    write("models--o--m/snapshots/aa/E2/vocab.txt", "old");
    let pin = |revision: &str, digest: Option<Digest>| {
        // A store of its own, so that no pin is left from before.
        let store = ModelStore::open(tempfile::tempdir_in(dir.path()).unwrap().keep()).unwrap();
        let file = Unpinned {
            name: "E2/vocab.txt".parse().unwrap(),
            source: source("o/m", revision, "E2/vocab.txt"),
            digest,
            urls: vec![],
            needs: vec![],
        };
        let store = store.search(&cache).search(&plain).offline(true);
        store.pin(&file).map(|artifact| artifact.digest)
    };
    let of = |text: &str| Digest::of(text.as_bytes());
    let missing = |revision: &str| matches!(pin(revision, None), Err(StoreError::Missing { .. }));
    assert!(missing("main") && missing("bb"));
    // A digest tells which file it is, wherever it lies.
    assert_eq!(pin("main", Some(of("tuned"))).unwrap(), of("tuned"));
    // A commit is found by itself, a branch by the commit that is noted for it.
    assert_eq!(pin("aa", None).unwrap(), of("old"));
    write("models--o--m/refs/main", "cc\n");
    assert!(missing("main"), "the cache has nothing of that commit");
    write("models--o--m/snapshots/cc/E2/vocab.txt", "new");
    write("models--o--m/refs/refs/pr/1", "aa");
    assert_eq!(pin("main", None).unwrap(), of("new"));
    assert_eq!(pin("refs/pr/1", None).unwrap(), of("old"));
    // What is noted cannot lead elsewhere.
    for noted in ["../../../models--a--tuned/snapshots/aa", "..", ""] {
        write("models--o--m/refs/main", noted);
        assert!(missing("main"), "{noted:?}");
    }
    // In a plain folder its name says what it is.
    fs::create_dir_all(plain.join("E2")).unwrap();
    fs::write(plain.join("E2/vocab.txt"), "plain").unwrap();
    assert_eq!(pin("main", None).unwrap(), of("plain"));
}

fn letters_of_wav2vec2() -> String {
    let letters = "ETAONIHSRDLUMWCFGYPBVK'XJQZ".chars().map(String::from);
    let pieces = ["<pad>", "<s>", "</s>", "<unk>", "|"].map(str::to_owned);
    let entries: Vec<String> = pieces
        .into_iter()
        .chain(letters)
        .enumerate()
        .map(|(id, piece)| format!("\"{piece}\": {id}"))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

#[test]
fn pickles_are_refused_before_anything_is_fetched() {
    let dir = tempfile::tempdir().unwrap();
    let (server, hub) = hub(vec![]);
    let store = store(dir.path(), &hub);
    for name in ["vocos-mel-24khz", "bigvgan_v2_24khz_100band_256x"] {
        let release = catalogue::find(name).unwrap();
        // The one that needs no pin is named last, and still told before the other is fetched.
        let result = catalogue::manifest(&[e2(), release], &store, &hub);
        if cfg!(feature = "pickle") {
            assert_eq!(result.unwrap().iter().count(), 4);
            continue;
        }
        let Err(StoreError::Manifest(error @ ManifestError::Pickle { .. })) = result else {
            panic!("{result:?}");
        };
        assert!(error.to_string().contains("feature pickle"), "{error}");
        assert_eq!(server.heads().len(), 0);
    }
}

#[test]
fn every_release_has_its_weights_last() {
    let is_weights = |file: &ReleasedFile| {
        [".safetensors", ".pt", ".bin"]
            .iter()
            .any(|end| file.path.ends_with(end))
    };
    for release in catalogue::RELEASES {
        let (last, others) = release.files.split_last().unwrap();
        assert!(
            is_weights(last) && !others.iter().any(is_weights),
            "{}",
            release.name
        );
    }
}
