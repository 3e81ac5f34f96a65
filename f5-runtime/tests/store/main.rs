//! The store against files, faults and damage, with servers that live in memory.

#![expect(clippy::unwrap_used, reason = "tests with helpers")]

mod faults;
mod locks;
mod recorder;
mod server;
mod spans;

use std::fs;
use std::sync::Arc;

use f5_runtime::store::{Artifact, Digest, DiskPolicy, Manifest, Origin, PruneReason, StoreError};

use server::{Server, all, bytes_of, four, name, store};

#[test]
fn the_second_time_nothing_is_fetched_and_little_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    let server = Arc::new(server);
    let store = store(dir.path(), &server);
    let wanted = [name("a/aligner.safetensors")];
    let first = store.ensure(&manifest, &wanted).unwrap();
    assert!(first.is_complete());
    let size: u64 = manifest.iter().map(|a| a.size).sum();
    assert_eq!(bytes_of(&first), (0, size, 4));
    assert_eq!(server.requests(), 4);

    let second = store.ensure(&manifest, &wanted).unwrap();
    let (read, fetched, requests) = bytes_of(&second);
    assert_eq!((fetched, requests, server.requests()), (0, 0, 4));
    assert!(read * 20 <= size, "{read} of {size}");
    let origins = second
        .artifacts
        .values()
        .map(|r| r.as_ref().unwrap().origin);
    assert!(origins.into_iter().all(|o| o == Origin::Store));

    let checked = store.verify_all(&manifest, &wanted).unwrap();
    assert_eq!(bytes_of(&checked).0, size);
    for (path, artifact) in first.into_paths().unwrap().values().zip(manifest.iter()) {
        assert_eq!(Digest::of(&fs::read(path).unwrap()), artifact.digest);
    }
}

#[test]
fn without_permission_or_means_nothing_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    let server = Arc::new(server);
    let offline = store(dir.path(), &server).offline(true);
    let report = offline.ensure(&manifest, &all(&manifest)).unwrap();
    let missing = report.artifacts.values();
    assert_eq!(
        missing
            .filter(|r| matches!(r, Err(StoreError::Missing { .. })))
            .count(),
        1,
        "the others lack what they need"
    );
    assert!(matches!(
        report.into_paths(),
        Err(StoreError::Missing { .. })
    ));
    assert_eq!(server.requests(), 0);
    assert!(matches!(
        offline.ensure(&manifest, &[name("unknown")]),
        Err(StoreError::Manifest(_))
    ));
}

#[test]
fn what_does_not_fit_is_not_begun() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    let server = Arc::new(server);
    let policy = DiskPolicy {
        min_free_after: u64::MAX,
        ..DiskPolicy::default()
    };
    let store = store(dir.path(), &server).disk_policy(policy);
    let error = store.ensure(&manifest, &all(&manifest)).unwrap_err();
    let StoreError::Disk(shortfall) = error else {
        panic!("{error:?}")
    };
    let size: u64 = manifest.iter().map(|a| a.size).sum();
    assert_eq!((shortfall.missing, shortfall.needed), (size, u64::MAX));
    assert_eq!(server.requests(), 0);
}

#[test]
fn files_elsewhere_are_used_where_they_lie() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    let (plain, hub) = (dir.path().join("plain"), dir.path().join("hub"));
    let blobs = hub.join("models--org--name/blobs");
    fs::create_dir_all(plain.join("m")).unwrap();
    fs::create_dir_all(&blobs).unwrap();
    let body = |n: &str| &server.bodies[&format!("https://host/{n}")];
    fs::write(
        plain.join("m/model.safetensors"),
        body("m/model.safetensors"),
    )
    .unwrap();
    fs::write(plain.join("vocab.txt"), body("m/vocab.txt")).unwrap();
    let vocoder = manifest.get(&name("v/vocoder.safetensors")).unwrap();
    fs::write(
        blobs.join(vocoder.digest.to_string()),
        body("v/vocoder.safetensors"),
    )
    .unwrap();
    // Of the right length and name, and wrong: passed over, and left alone.
    let mut wrong = body("a/aligner.safetensors").clone();
    *wrong.last_mut().unwrap() ^= 1;
    fs::write(plain.join("aligner.safetensors"), &wrong).unwrap();

    let server = Arc::new(server);
    let store = store(&dir.path().join("store"), &server)
        .search(&plain)
        .search(&hub);
    let first = store.ensure(&manifest, &all(&manifest)).unwrap();
    assert!(first.is_complete());
    assert_eq!(server.requests(), 1);
    assert_eq!(fs::read(plain.join("aligner.safetensors")).unwrap(), wrong);
    let found = first
        .artifacts
        .values()
        .filter(|r| r.as_ref().unwrap().origin == Origin::Found);
    assert_eq!(found.count(), 3);
    let second = store.ensure(&manifest, &all(&manifest)).unwrap();
    let (read, fetched, _) = bytes_of(&second);
    assert!(read < 300 && fetched == 0, "{read}");
}

/// A thousand ways to damage a file in the store: all are found, and mended from the server.
#[test]
fn every_damage_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    let server = Arc::new(server);
    let store = store(dir.path(), &server);
    let wanted = [name("v/vocoder.safetensors")];
    let report = store.ensure(&manifest, &wanted).unwrap();
    let path = report.path(&wanted[0]).unwrap().to_path_buf();
    let good = fs::read(&path).unwrap();
    let mut state = 7u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut found = 0;
    for i in 0..1000 {
        let mut bad = good.clone();
        match i % 4 {
            0 => bad[next(good.len())] ^= 1 << next(8),
            1 => bad.truncate(next(good.len())),
            2 => bad.extend(vec![0; 1 + next(50)]),
            _ => bad.rotate_left(1 + next(7)),
        }
        // Written anew, as damage through other programs is; the receipt no longer matches.
        fs::remove_file(&path).unwrap();
        fs::write(&path, &bad).unwrap();
        let offline = store
            .clone()
            .offline(true)
            .ensure(&manifest, &wanted)
            .unwrap();
        found += usize::from(offline.artifacts[&wanted[0]].is_err());
        if offline.artifacts[&wanted[0]].is_ok() {
            fs::write(&path, &good).unwrap();
        }
        if i % 100 == 0 {
            assert!(store.ensure(&manifest, &wanted).unwrap().is_complete());
            assert_eq!(fs::read(&path).unwrap(), good);
        } else if !path.exists() {
            fs::write(&path, &good).unwrap();
        }
    }
    assert_eq!(found, 1000);
}

#[test]
fn pruning_takes_only_what_is_ours_and_unneeded() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    let server = Arc::new(server);
    let store = store(dir.path(), &server);
    assert!(
        store
            .ensure(&manifest, &all(&manifest))
            .unwrap()
            .is_complete()
    );
    let foreign = [
        "blobs/notes.txt",
        "tmp/other.part",
        "quarantine/.keep",
        "mine.txt",
    ];
    for path in foreign {
        fs::write(dir.path().join(path), "mine").unwrap();
    }
    let stray = Digest::of(b"stray");
    fs::write(dir.path().join(format!("tmp/{stray}.part")), [0; 10]).unwrap();
    fs::write(dir.path().join(format!("quarantine/{stray}")), [0; 7]).unwrap();
    fs::create_dir(dir.path().join(format!("blobs/{stray}"))).unwrap();

    let keep: Vec<Artifact> = manifest
        .iter()
        .filter(|a| a.name.as_str().starts_with("m/"))
        .cloned()
        .collect();
    let keep = Manifest::new(keep).unwrap();
    let plan = store.plan_prune(&keep, None).unwrap();
    let reasons: Vec<PruneReason> = plan.items().iter().map(|item| item.reason).collect();
    let unreferenced = PruneReason::Unreferenced;
    assert_eq!(
        reasons,
        [
            PruneReason::Quarantined,
            PruneReason::AbandonedPart,
            unreferenced,
            unreferenced
        ]
    );
    // A little need takes little.
    assert_eq!(store.plan_prune(&keep, Some(8)).unwrap().bytes(), 17);
    assert!(store.plan_prune(&keep, Some(0)).unwrap().items().is_empty());
    // Planning removed nothing.
    assert_eq!(store.prune(&plan).unwrap(), plan.bytes());
    assert_eq!(store.prune(&plan).unwrap(), 0);
    for path in foreign {
        assert_eq!(fs::read(dir.path().join(path)).unwrap(), b"mine");
    }
    let report = store
        .clone()
        .offline(true)
        .ensure(&manifest, &all(&manifest))
        .unwrap();
    assert_eq!(report.artifacts.values().filter(|r| r.is_ok()).count(), 2);
}

#[test]
fn artifacts_are_linked_under_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    let server = Arc::new(server);
    let store = store(&dir.path().join("store"), &server);
    let report = store.ensure(&manifest, &all(&manifest)).unwrap();
    let folder = dir.path().join("folder");
    fs::create_dir_all(folder.join("m")).unwrap();
    fs::write(folder.join("m/vocab.txt"), "old").unwrap();
    fs::write(folder.join("m/mine.txt"), "mine").unwrap();
    for _ in 0..2 {
        report.link_into(&folder).unwrap();
        for artifact in manifest.iter() {
            let bytes = fs::read(folder.join(artifact.name.as_str())).unwrap();
            assert_eq!(Digest::of(&bytes), artifact.digest);
        }
        assert_eq!(fs::read_dir(folder.join("m")).unwrap().count(), 3);
    }
    // The links are no damage to the store.
    let again = store.ensure(&manifest, &all(&manifest)).unwrap();
    assert!(again.is_complete() && server.requests() == 4);
}

#[test]
fn what_is_promised_must_also_be_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let page = b"<html>not found</html>".to_vec();
    let artifact = Artifact {
        name: name("model.safetensors"),
        digest: Digest::of(&page),
        size: page.len() as u64,
        urls: vec!["https://host/x".into()],
        needs: vec![],
    };
    let server = Server {
        bodies: [("https://host/x".into(), page)].into(),
        ..Server::default()
    };
    let server = Arc::new(server);
    let manifest = Manifest::new(vec![artifact]).unwrap();
    let report = store(dir.path(), &server)
        .ensure(&manifest, &all(&manifest))
        .unwrap();
    let error = report.into_paths().unwrap_err();
    let StoreError::GaveUp { source, .. } = error else {
        panic!("{error:?}")
    };
    assert!(matches!(source.error, StoreError::NotSafetensors { .. }));
    assert_eq!(server.requests(), 1);
}
