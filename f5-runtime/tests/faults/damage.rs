//! Files of the store damaged in every way: all are found, and mended from the server.

use std::fs::{self, File};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use f5_runtime::store::Manifest;

use super::memory::{Memory, all, artifact, bytes, sound, store};
use super::server::mix;
use super::{Row, Sizes};

const SIZE: usize = 5000;

pub(crate) fn all_found(sizes: &Sizes) -> Row {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Memory::default();
    let mut list = Vec::new();
    for i in 0..2 {
        let body = bytes(SIZE, i);
        list.push(artifact(&format!("{i}.dat"), &body, &i.to_string()));
        server.bodies.insert(i.to_string(), body);
    }
    let (name, other) = (list[0].name.clone(), bytes(SIZE, 1));
    let manifest = Manifest::new(list).unwrap();
    let wanted = all(&manifest);
    let server = Arc::new(server);
    let store = store(dir.path(), server.clone(), 3);
    let good = bytes(SIZE, 0);
    let mut in_place = 0;
    for i in 0..sizes.damages {
        let report = store.ensure(&manifest, &wanted).unwrap();
        let path = report.path(&name).unwrap().to_path_buf();
        assert_eq!(fs::read(&path).unwrap(), good);
        let random = |salt: u64, below: usize| (mix(i as u64 ^ salt << 32) % below as u64) as usize;
        let mut bad = good.clone();
        let kind = i % 6;
        match kind {
            0 | 1 => bad[random(1, SIZE)] ^= 1 << random(2, 8),
            2 => bad.truncate(random(1, SIZE)),
            3 => bad.extend(vec![0; 1 + random(1, 50)]),
            4 => bad[random(1, SIZE / 2)..][..512].fill(0xff),
            _ => bad.clone_from(&other),
        }
        let before = server.requests.load(Ordering::Relaxed);
        let report = if kind == 0 {
            // Of the same size, time and inode, as a failing disk does it: only reading can tell.
            in_place += 1;
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            fs::write(&path, &bad).unwrap();
            let file = File::options().append(true).open(&path).unwrap();
            file.set_modified(modified).unwrap();
            store.verify_all(&manifest, &wanted).unwrap()
        } else {
            fs::write(&path, &bad).unwrap();
            let offline = store.clone().offline(true);
            offline.ensure(&manifest, &wanted).unwrap()
        };
        assert!(report.artifacts[&name].is_err(), "damage {i} was not found");
        assert_eq!(server.requests.load(Ordering::Relaxed), before);
    }
    store.ensure(&manifest, &wanted).unwrap();
    assert_eq!(sound(dir.path()), 2);
    Row {
        cases: sizes.damages,
        what: format!(
            "all found ({in_place} of them left size and time alone and were found by verifying), \
             all mended"
        ),
    }
}
