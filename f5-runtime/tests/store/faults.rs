//! Servers that break off, lie and refuse: what is fetched all the same, and what is given up.

use std::fs;
use std::sync::Arc;

use f5_runtime::store::{Artifact, Manifest, StoreError};

use crate::server::{Act, all, assert_sound, bytes_of, four, name, store};

#[test]
fn a_broken_body_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    *server.acts.lock().unwrap() = vec![
        Act::Break(1000, true),
        Act::Break(500, false),
        Act::Break(0, true),
    ];
    let server = Arc::new(server);
    let wanted = [name("m/model.safetensors")];
    let report = store(dir.path(), &server)
        .ensure(&manifest, &wanted)
        .unwrap();
    let size = manifest.get(&wanted[0]).unwrap().size;
    assert_eq!(bytes_of(&report), (0, size, 4));
    let offsets: Vec<u64> = server
        .requests
        .lock()
        .unwrap()
        .iter()
        .map(|r| r.1)
        .collect();
    assert_eq!(offsets, [0, 1000, 1500, 1500]);
}

#[test]
fn a_range_that_was_not_asked_for_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    *server.acts.lock().unwrap() = vec![Act::Break(1000, true), Act::WrongRange];
    let server = Arc::new(server);
    let wanted = [name("m/model.safetensors")];
    let report = store(dir.path(), &server)
        .ensure(&manifest, &wanted)
        .unwrap();
    assert_eq!(
        bytes_of(&report),
        (0, manifest.get(&wanted[0]).unwrap().size, 3)
    );
}

#[test]
fn every_single_fault_is_survived() {
    let dir = tempfile::tempdir().unwrap();
    let acts = [
        Act::Break(0, false),
        Act::Break(77, true),
        Act::Flip(0),
        Act::Flip(4321),
        Act::Long,
        Act::Html,
        Act::Status(408),
        Act::Status(429),
        Act::Status(500),
        Act::Status(503),
        Act::WrongRange,
        Act::IgnoreRange,
    ];
    // Each alone, and each while a broken body is resumed.
    for (i, act) in acts.into_iter().enumerate() {
        for before in [None, Some(Act::Break(2000, true))] {
            let root = dir.path().join(format!("{i}{}", before.is_some()));
            let (manifest, server) = four();
            *server.acts.lock().unwrap() = before.into_iter().chain([act]).collect();
            let server = Arc::new(server);
            let report = store(&root, &server)
                .ensure(&manifest, &all(&manifest))
                .unwrap();
            assert!(report.is_complete(), "{act:?}: {report:?}");
            assert_sound(&root);
        }
    }
    // Nothing follows what is here: the next attempt starts anew.
    let (manifest, server) = four();
    *server.acts.lock().unwrap() = vec![Act::Break(2000, true), Act::Status(416)];
    let server = Arc::new(server);
    let report = store(&dir.path().join("x"), &server)
        .ensure(&manifest, &all(&manifest))
        .unwrap();
    assert!(report.is_complete());
    assert_eq!(server.requests.lock().unwrap()[2].1, 0);
}

#[test]
fn permanent_faults_stop_at_once_and_only_what_needs_them_fails_too() {
    let dir = tempfile::tempdir().unwrap();
    for (i, status) in [400, 401, 403, 404, 410, 451, 501].into_iter().enumerate() {
        let (manifest, server) = four();
        // The model and the vocabulary are served, the vocoder is not.
        *server.acts.lock().unwrap() = vec![Act::Serve, Act::Serve, Act::Status(status)];
        let server = Arc::new(server);
        let root = dir.path().join(i.to_string());
        let report = store(&root, &server)
            .ensure(&manifest, &all(&manifest))
            .unwrap();
        assert_eq!(server.requests(), 3, "{status}");
        let of = |n: &str| report.artifacts[&name(n)].as_ref();
        assert!(of("m/model.safetensors").is_ok() && of("m/vocab.txt").is_ok());
        let error = of("v/vocoder.safetensors").unwrap_err();
        assert!(matches!(error, StoreError::GaveUp { source, .. } if source.attempts == 1));
        let error = of("a/aligner.safetensors").unwrap_err();
        assert!(
            matches!(error, StoreError::Needs { need, .. } if need.file_name() == "vocoder.safetensors")
        );
    }
}

#[test]
fn lasting_corruption_is_an_error_and_never_visible() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    *server.acts.lock().unwrap() = vec![Act::Flip(99); 5];
    let server = Arc::new(server);
    let wanted = [name("m/model.safetensors")];
    let report = store(dir.path(), &server)
        .ensure(&manifest, &wanted)
        .unwrap();
    let Err(StoreError::GaveUp { source, .. }) = &report.artifacts[&wanted[0]] else {
        panic!("{report:?}")
    };
    assert!(matches!(source.error, StoreError::WrongDigest { .. }));
    assert_eq!((source.attempts, server.requests()), (5, 5));
    assert_eq!(fs::read_dir(dir.path().join("blobs")).unwrap().count(), 0);
    assert_eq!(
        fs::read_dir(dir.path().join("quarantine")).unwrap().count(),
        1
    );
}

#[test]
fn another_address_is_tried_when_the_first_has_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    let mut list: Vec<Artifact> = manifest.into();
    for artifact in &mut list {
        artifact.urls.insert(0, "https://mirror/gone".into());
    }
    let manifest = Manifest::new(list).unwrap();
    let server = Arc::new(server);
    let report = store(dir.path(), &server)
        .ensure(&manifest, &all(&manifest))
        .unwrap();
    assert!(report.is_complete());
    assert_eq!(server.requests(), 8);
}
