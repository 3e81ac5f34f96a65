//! Networks by the file they were loaded from, so that a second engine shares the first one's.

use std::{
    collections::HashMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use f5_model::cfm::Backbone;
use f5_runtime::device::DevicePreference;
use f5_vocoder::Vocoder;

use crate::error::{Repr, Result};

/// Shares networks between engines of one process: give each builder a clone of it.
///
/// A network is shared by engines that load the same file (by path, size and time of change) with
/// the same configuration on the same device. The cache keeps it loaded for the next engine, also
/// when the last one is gone, until [`release_unused`](Self::release_unused).
///
/// ```no_run
/// use f5_tts::{F5Tts, WeightCache};
///
/// # fn main() -> Result<(), f5_tts::Error> {
/// let weights = WeightCache::new();
/// let first = F5Tts::builder().weight_cache(&weights).build()?;
/// let second = F5Tts::builder().weight_cache(&weights).language("de").build()?;
/// assert!(second.report().loading.shared());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct WeightCache {
    shelves: Arc<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    backbones: Shelf<dyn Backbone>,
    vocoders: Shelf<dyn Vocoder>,
}

/// What makes two loads the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct WeightKey {
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
    device: DevicePreference,
    /// Everything else that decides what is computed: configuration and precision.
    variant: String,
}

impl WeightKey {
    pub(crate) fn new(file: &Path, device: DevicePreference, variant: String) -> Result<Self> {
        let read = |source| Repr::Read {
            path: file.to_owned(),
            source,
        };
        let path = fs::canonicalize(file).map_err(read)?;
        let metadata = fs::metadata(&path).map_err(read)?;
        Ok(Self {
            path,
            size: metadata.len(),
            modified: metadata.modified().ok(),
            device,
            variant,
        })
    }
}

impl WeightCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Networks that are loaded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shelves.backbones.len() + self.shelves.vocoders.len()
    }

    /// Whether nothing is loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets the networks that no engine uses, which frees their memory; returns how many.
    pub fn release_unused(&self) -> usize {
        self.shelves.backbones.release_unused() + self.shelves.vocoders.release_unused()
    }

    /// The backbone of a key, loaded unless it is here; and whether it was.
    pub(crate) fn backbone(
        &self,
        key: WeightKey,
        load: impl FnOnce() -> Result<Arc<dyn Backbone>>,
    ) -> Result<(Arc<dyn Backbone>, bool)> {
        self.shelves.backbones.get_or_load(key, load)
    }

    /// The vocoder of a key, loaded unless it is here; and whether it was.
    pub(crate) fn vocoder(
        &self,
        key: WeightKey,
        load: impl FnOnce() -> Result<Arc<dyn Vocoder>>,
    ) -> Result<(Arc<dyn Vocoder>, bool)> {
        self.shelves.vocoders.get_or_load(key, load)
    }
}

/// Networks of one kind. Each has a lock of its own, so that two threads never load one file twice
/// and different files do not wait for each other.
struct Shelf<T: ?Sized>(Mutex<HashMap<WeightKey, Slot<T>>>);

type Slot<T> = Arc<Mutex<Option<Arc<T>>>>;

impl<T: ?Sized> Shelf<T> {
    fn get_or_load(
        &self,
        key: WeightKey,
        load: impl FnOnce() -> Result<Arc<T>>,
    ) -> Result<(Arc<T>, bool)> {
        let slot = Arc::clone(self.slots().entry(key).or_default());
        // A load that panicked left nothing behind.
        let mut loaded = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(network) = loaded.as_ref() {
            return Ok((Arc::clone(network), true));
        }
        let network = load()?;
        *loaded = Some(Arc::clone(&network));
        Ok((network, false))
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<WeightKey, Slot<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn len(&self) -> usize {
        self.slots().values().filter(|slot| is_full(slot)).count()
    }

    fn release_unused(&self) -> usize {
        let mut released = 0;
        self.slots().retain(|_, slot| {
            // A slot that somebody else holds is being loaded.
            let Some(slot) = Arc::get_mut(slot) else {
                return true;
            };
            let loaded = slot.get_mut().unwrap_or_else(PoisonError::into_inner);
            let unused = loaded.as_ref().is_some_and(|n| Arc::strong_count(n) == 1);
            if unused {
                *loaded = None;
                released += 1;
            }
            loaded.is_some()
        });
        released
    }
}

fn is_full<T: ?Sized>(slot: &Slot<T>) -> bool {
    // One that is being loaded is not here yet.
    slot.try_lock().is_ok_and(|loaded| loaded.is_some())
}

impl<T: ?Sized> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: ?Sized> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.slots().keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn key(file: &Path, variant: &str) -> WeightKey {
        WeightKey::new(file, DevicePreference::Cpu, variant.to_owned()).unwrap()
    }

    #[test]
    fn threads_that_ask_together_load_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("w");
        fs::write(&file, "w").unwrap();
        let (shelf, loads) = (Shelf::<String>::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let load = || {
                        loads.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(std::time::Duration::from_millis(5));
                        Ok(Arc::new("weights".to_owned()))
                    };
                    shelf.get_or_load(key(&file, "a"), load).unwrap();
                });
            }
        });
        assert_eq!((loads.into_inner(), shelf.len()), (1, 1));
    }

    #[test]
    fn another_file_content_configuration_or_device_is_another_network() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("w"), dir.path().join("sub/../w"));
        fs::write(&file, "one").unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        let first = key(&file, "a");
        assert_eq!(first, key(&link, "a"), "the same file by another path");
        assert_ne!(first, key(&file, "b"));
        let gpu = WeightKey::new(&file, DevicePreference::Vulkan, "a".to_owned()).unwrap();
        assert_ne!(first, gpu);
        fs::write(&file, "other").unwrap();
        assert_ne!(first, key(&file, "a"));
        let missing = WeightKey::new(&dir.path().join("x"), DevicePreference::Cpu, String::new());
        assert_eq!(missing.unwrap_err().kind(), crate::ErrorKind::Io);
    }

    #[test]
    fn failures_are_not_kept_and_unused_networks_are_released() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("w");
        fs::write(&file, "w").unwrap();
        let shelf = Shelf::<u32>::default();
        let failed = shelf.get_or_load(key(&file, "a"), || {
            Err(Repr::MissingFile {
                what: "w",
                path: PathBuf::new(),
                remedy: "",
            }
            .into())
        });
        assert!(failed.is_err() && shelf.len() == 0);
        let used = shelf
            .get_or_load(key(&file, "a"), || Ok(Arc::new(1)))
            .unwrap();
        shelf
            .get_or_load(key(&file, "b"), || Ok(Arc::new(2)))
            .unwrap();
        assert_eq!((used.1, shelf.len()), (false, 2));
        assert_eq!((shelf.release_unused(), shelf.len()), (1, 1));
        let again = shelf
            .get_or_load(key(&file, "a"), || Ok(Arc::new(3)))
            .unwrap();
        assert!(again.1 && Arc::ptr_eq(&used.0, &again.0));
        drop((used, again));
        assert_eq!((shelf.release_unused(), shelf.len()), (1, 0));
    }
}
