//! Hostile names: none that is accepted leads out of the folder it is joined to.

use std::path::{Component, Path};

use f5_runtime::store::{ArtifactName, Digest};

use super::memory::in_parallel;
use super::server::mix;
use super::{Row, Sizes};

/// Pieces that path handling trips over.
const PIECES: &[&str] = &[
    "..", ".", "/", "\\", "a", "b.c", "-", "_", "\0", " ", ":", "C", "nul", "con.", "%2e", "~",
    "é", "e\u{301}", "\u{202e}", "A1", "//", "?", "com1", "lpt9.", "models--", "\u{ff0e}", "0f",
];

pub(crate) fn stay_inside(sizes: &Sizes) -> Row {
    let part = |range: std::ops::Range<usize>| {
        let mut accepted = 0;
        for i in range {
            let mut state = mix(i as u64);
            let mut name = String::new();
            for _ in 0..=state % 12 {
                state = mix(state);
                name.push_str(PIECES[(state >> 20) as usize % PIECES.len()]);
            }
            // Digests are the other half of every path.
            assert!(name.parse::<Digest>().is_err());
            let Ok(parsed) = name.parse::<ArtifactName>() else {
                continue;
            };
            accepted += 1;
            let root = Path::new("/store/root");
            let path = root.join(parsed.as_str());
            let below = path.strip_prefix(root).unwrap();
            let normal = |c: Component<'_>| matches!(c, Component::Normal(_));
            assert!(below.components().all(normal), "{name:?}");
            assert_eq!(below.components().count(), name.split('/').count());
            assert_eq!(parsed.as_str(), name);
        }
        accepted
    };
    let accepted: usize = in_parallel(sizes.names, part).into_iter().sum();
    assert!(accepted > sizes.names / 1000, "{accepted}");
    Row {
        cases: sizes.names,
        what: format!("{accepted} accepted, 0 of them lead out"),
    }
}
