//! What a subscriber of `tracing` and an observer see of a store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use f5_runtime::observe::{Observer, tell};
use f5_runtime::store::ArtifactName;

use crate::recorder::record;
use crate::server::{Act, four, name, store};

#[derive(Default)]
struct Told {
    calls: AtomicU64,
    last: Mutex<Option<(String, u64, u64)>>,
}

impl Observer for Told {
    fn bytes(&self, name: &ArtifactName, done: u64, size: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        *self.last.lock().unwrap() = Some((name.to_string(), done, size));
    }
}

#[test]
fn each_attempt_is_a_span_in_that_of_ensure_and_the_observer_is_told_of_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (manifest, server) = four();
    *server.acts.lock().unwrap() = vec![Act::Break(1000, true), Act::Flip(7)];
    let (server, told) = (Arc::new(server), Arc::new(Told::default()));
    let seer = Arc::clone(&told);
    let store = store(dir.path(), &server).observer(move |event| tell(&*seer, event));
    let wanted = [name("m/model.safetensors")];
    let (report, seen) = record(|| store.ensure(&manifest, &wanted).unwrap());
    assert!(report.is_complete());
    let attempt = "f5.ensure/f5.fetch";
    let failed = format!("{attempt}/WARN");
    let pause = "f5.ensure/DEBUG";
    // The flipped bit is noticed, put aside and told before the attempt counts as failed.
    let expected = [
        "f5.ensure",
        attempt,
        &failed,
        pause,
        attempt,
        &failed,
        &failed,
        pause,
        attempt,
    ];
    assert_eq!(seen, expected);
    let size = manifest.get(&wanted[0]).unwrap().size;
    let last = told.last.lock().unwrap().clone();
    assert_eq!(last, Some((wanted[0].to_string(), size, size)));
    assert!(told.calls.load(Ordering::Relaxed) >= 3);

    let (_, seen) = record(|| store.ensure(&manifest, &wanted).unwrap());
    assert_eq!(seen, ["f5.ensure"], "nothing is left to fetch");
}
