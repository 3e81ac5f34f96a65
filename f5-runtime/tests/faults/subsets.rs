//! Every subset of a model's files missing: the report says exactly what is there and what is not.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use f5_runtime::store::{Artifact, Manifest, StoreError};

use super::memory::{Memory, artifact, bytes, store};
use super::{Row, Sizes};

/// Files, and the places in this list of what each needs.
const FILES: &[(&str, &[usize])] = &[
    ("model", &[]),
    ("vocab", &[0]),
    ("vocoder-config", &[]),
    ("vocoder", &[2]),
    ("aligner", &[]),
    ("aligner-words", &[4]),
    ("voices", &[1, 3]),
];

pub(crate) fn reports_are_exact(_: &Sizes) -> Row {
    let count = FILES.len();
    let list: Vec<Artifact> = (0..count)
        .map(|i| {
            let mut artifact = artifact(FILES[i].0, &bytes(100 + i, i), &i.to_string());
            artifact.needs = FILES[i]
                .1
                .iter()
                .map(|&n| FILES[n].0.parse().unwrap())
                .collect();
            artifact
        })
        .collect();
    let manifest = Manifest::new(list.clone()).unwrap();
    let wanted: Vec<_> = list.iter().map(|a| a.name.clone()).collect();
    let mut cases = 0;
    for missing in 0u32..1 << count {
        let lacks = |i: usize| missing >> i & 1 == 1;
        for offline in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let elsewhere = dir.path().join("elsewhere");
            fs::create_dir(&elsewhere).unwrap();
            // What is there lies in another folder; the server has nothing.
            for (i, (name, _)) in FILES.iter().enumerate().filter(|(i, _)| !lacks(*i)) {
                fs::write(elsewhere.join(name), bytes(100 + i, i)).unwrap();
            }
            let store = store(&dir.path().join("store"), Arc::new(Memory::default()), 3);
            let store = store.search(&elsewhere).offline(offline);
            let report = store.ensure(&manifest, &wanted).unwrap();
            let mut good = BTreeSet::new();
            for i in 0..count {
                let result = &report.artifacts[&wanted[i]];
                let need = FILES[i].1.iter().find(|&&n| lacks(n));
                let exact = match result {
                    Ok(_) => !lacks(i) && good.insert(i),
                    Err(StoreError::Needs { need: told, .. }) => {
                        lacks(i) && need.is_some_and(|&n| *told == wanted[n])
                    }
                    Err(StoreError::Missing { .. }) => lacks(i) && need.is_none() && offline,
                    Err(StoreError::GaveUp { .. }) => lacks(i) && need.is_none() && !offline,
                    Err(_) => false,
                };
                assert!(exact, "{missing:b} {}: {result:?}", FILES[i].0);
                assert_eq!(report.path(&wanted[i]).is_some(), !lacks(i));
            }
            assert_eq!(report.is_complete(), missing == 0);
            assert_eq!(good.len() + missing.count_ones() as usize, count);
            cases += 1;
        }
    }
    Row {
        cases,
        what: format!("all subsets of {count} files, offline and with a server: reports exact"),
    }
}
