//! A subscriber that writes down which span was entered inside which.

use std::sync::{Arc, LazyLock, Mutex};

use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

/// Another subscriber, for as long as the process lives. While there is a single one, tracing asks the
/// thread that is first at a span whether it listens, and keeps the answer for all threads: tests that
/// run beside this one do not listen.
static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Recorder::default()));

/// `outer/inner` for every span that was entered and every event that was told, in order.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    names: Vec<&'static str>,
    open: Vec<&'static str>,
    paths: Vec<String>,
}

/// What `work` does in this thread.
pub(crate) fn record<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    LazyLock::force(&OTHER);
    let recorder = Recorder::default();
    let value = with_default(recorder.clone(), work);
    let seen = recorder.0.lock().unwrap();
    assert!(seen.open.is_empty(), "{seen:?}");
    (value, seen.paths.clone())
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("f5_") && *metadata.level() <= tracing::Level::DEBUG
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let names = &mut self.0.lock().unwrap().names;
        names.push(span.metadata().name());
        Id::from_u64(names.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let seen = &mut *self.0.lock().unwrap();
        let path = [&*seen.open, &[event.metadata().level().as_str()]].concat();
        seen.paths.push(path.join("/"));
    }

    fn enter(&self, id: &Id) {
        let seen = &mut *self.0.lock().unwrap();
        seen.open.push(seen.names[id.into_u64() as usize - 1]);
        seen.paths.push(seen.open.join("/"));
    }

    fn exit(&self, _: &Id) {
        self.0.lock().unwrap().open.pop();
    }
}
