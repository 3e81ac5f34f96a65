//! Prepared voices by their content, for programs that are sent the same recording again and again.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use f5_core::audio::Pcm;
use f5_runtime::store::Digest;

use crate::{F5Tts, Voice, error::Result};

/// Keeps the voices that were used last, by what is in the recording and its text rather than by a
/// file's name. Engines may share it: where the text is empty, each gets what its own transcriber wrote
/// down. Shared by cloning.
///
/// ```no_run
/// use f5_tts::{F5Tts, VoiceCache};
///
/// # fn main() -> Result<(), f5_tts::Error> {
/// let (tts, voices) = (F5Tts::builder().build()?, VoiceCache::new(100));
/// for _ in 0..2 {
///     voices.voice(&tts, "me.wav", "What I say in this recording.")?;
/// }
/// assert_eq!(voices.stats().hits, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct VoiceCache {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    capacity: usize,
    /// The one that was used last is last.
    voices: Vec<(Digest, Voice)>,
    stats: VoiceCacheStats,
}

/// How often a [`VoiceCache`] had what was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VoiceCacheStats {
    /// Voices that were there.
    pub hits: u64,
    /// Voices that had to be prepared.
    pub misses: u64,
}

impl VoiceCache {
    /// A cache of at most `capacity` voices.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                capacity,
                voices: Vec::new(),
                stats: VoiceCacheStats::default(),
            })),
        }
    }

    /// As [`F5Tts::voice`], which is asked only for a recording that is new.
    ///
    /// # Errors
    ///
    /// As [`F5Tts::voice`].
    pub fn voice(&self, tts: &F5Tts, ref_audio: impl AsRef<Path>, ref_text: &str) -> Result<Voice> {
        self.voice_from_pcm(tts, &Pcm::read(ref_audio)?, ref_text)
    }

    /// As [`F5Tts::voice_from_pcm`], which is asked only for a recording that is new.
    ///
    /// # Errors
    ///
    /// As [`F5Tts::voice_from_pcm`].
    pub fn voice_from_pcm(&self, tts: &F5Tts, ref_audio: &Pcm, ref_text: &str) -> Result<Voice> {
        let key = content(tts, ref_audio, ref_text);
        {
            let mut inner = self.lock();
            if let Some(at) = inner.voices.iter().position(|(other, _)| *other == key) {
                let found = inner.voices.remove(at);
                let voice = found.1.clone();
                inner.voices.push(found);
                inner.stats.hits += 1;
                return Ok(voice);
            }
            inner.stats.misses += 1;
        }
        // Not under the lock: another voice need not wait for this one.
        let voice = tts.voice_from_pcm(ref_audio, ref_text)?;
        let mut inner = self.lock();
        inner.voices.retain(|(other, _)| *other != key);
        inner.voices.push((key, voice.clone()));
        let surplus = inner.voices.len().saturating_sub(inner.capacity);
        inner.voices.drain(..surplus);
        Ok(voice)
    }

    /// How often a voice was there.
    #[must_use]
    pub fn stats(&self) -> VoiceCacheStats {
        self.lock().stats
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Digest of everything that decides what a voice is: recording, text, vocabulary, mel front end;
/// where the text is to be written down, who does it and in which language.
fn content(tts: &F5Tts, ref_audio: &Pcm, ref_text: &str) -> Digest {
    let mut bytes = tts.front_end().to_string().into_bytes();
    // Blank texts are all the same.
    let is_blank = ref_text.trim().is_empty();
    let ref_text = if is_blank { "" } else { ref_text };
    let format = (
        ref_audio.sample_rate(),
        ref_audio.channels(),
        ref_audio.sample_width(),
        ref_text,
        is_blank.then(|| tts.transcription()),
    );
    // Debug text quotes the text, so that nothing in it can pass for what follows.
    bytes.extend(format!("{format:?}").into_bytes());
    bytes.extend(ref_audio.samples().iter().flat_map(|s| s.to_le_bytes()));
    Digest::of(&bytes)
}
