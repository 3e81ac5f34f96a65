//! File systems on which locks do nothing: two writers at once, and nothing that is published changes.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use f5_runtime::store::{Manifest, StoreEvent};

use crate::server::{Act, Server, all, assert_sound, four, name, store};

/// Ensures everything as another process does on such a file system: what is held keeps nobody away.
fn overtake(root: &Path, manifest: &Manifest, server: &Arc<Server>) {
    for lock in fs::read_dir(root.join("locks")).unwrap() {
        fs::remove_file(lock.unwrap().path()).unwrap();
    }
    let report = store(root, server)
        .ensure(manifest, &all(manifest))
        .unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert_sound(root);
}

/// One store fetches a piece of a model; another one takes that, fetches the rest and publishes; and
/// then the first one goes on, with whatever it is sent.
#[test]
fn what_another_process_published_never_changes() {
    for act in [
        Act::Long,
        Act::Flip(4500),
        Act::Break(3000, true),
        Act::Serve,
    ] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_path_buf();
        let ((manifest, first), (names, second)) = (four(), four());
        *first.acts.lock().unwrap() = vec![act];
        let (first, second) = (Arc::new(first), Arc::new(second));
        let done = AtomicBool::new(false);
        let store = store(&root.clone(), &first).observer(move |event| {
            let piece = matches!(event, StoreEvent::Progress { .. });
            if piece && !done.swap(true, Ordering::Relaxed) {
                overtake(&root, &names, &second);
                assert_eq!(second.requests.lock().unwrap()[0].1, 1000, "resumed");
            }
            assert_sound(&root);
        });
        let wanted = [name("m/model.safetensors")];
        let report = store.ensure(&manifest, &wanted).unwrap();
        assert!(report.is_complete(), "{act:?}: {report:?}");
        assert_sound(dir.path());
        let left: Vec<_> = fs::read_dir(dir.path().join("tmp")).unwrap().collect();
        assert!(left.is_empty(), "{act:?}: {left:?}");
    }
}
