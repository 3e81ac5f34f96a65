//! Aligns with the letters that a network hears, and writes down what it hears.

use std::{path::Path, time::Duration};

use burn::tensor::Device;
use f5_core::{audio::Waveform, timing::TimingSource};

use super::{
    CtcPath, Emissions, ModelError, PathError, forced_align,
    network::{Heard, Network},
    vocabulary::Token,
};
use crate::{
    AlignError, Aligner, Alignment, Cause, Span, TextWord, TranscribeError, Transcriber,
    language::primary, sound::Sound, span::interpolate, split_words,
};

const NAME: &str = "ctc";
/// These networks say a letter in one or two frames, at its beginning: it lasts until the next one,
/// but at most so many frames more.
const SUSTAIN: usize = 3;

/// Finds the words by the letters that a wav2vec 2.0 network hears, for the language that the network
/// was trained for; and transcribes with the same network.
///
/// The network is a directory with the files of `transformers`: `config.json`, `vocab.json`,
/// `model.safetensors` and, if it is there, `preprocessor_config.json`. The base and the large
/// layout are known ([`facebook/wav2vec2-base-960h`](https://huggingface.co/facebook/wav2vec2-base-960h)
/// is one of the first, under Apache-2.0). Audio longer than half a minute is heard in windows.
///
/// A character that the network cannot write is a star: it may sound like anything. A word of stars
/// alone, and one without any sound, such as a dash, are
/// [`Interpolated`](TimingSource::Interpolated); no word is lost. In English, numbers and symbols
/// are read out first.
#[derive(Debug)]
pub struct CtcAligner {
    network: Network,
    language: String,
}

impl CtcAligner {
    /// Loads the network in `dir`, which knows `language` (a BCP 47 tag), onto `device`.
    ///
    /// # Errors
    ///
    /// A [`ModelError`] that names the file and what is wrong with it.
    ///
    /// # Panics
    ///
    /// Burn panics if the device cannot hold the network.
    pub fn load(
        dir: impl AsRef<Path>,
        language: impl Into<String>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            network: Network::load(dir.as_ref(), device)?,
            language: language.into(),
        })
    }

    /// Whether audio is brought to mean 0 and deviation 1 before the network hears it. If this is
    /// not called, `do_normalize` of `preprocessor_config.json` decides, and without that file it
    /// is; WhisperX never does it.
    #[must_use]
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.network.set_normalize(normalize);
        self
    }

    /// What the network hears: a log-probability for each class of `vocab.json` and each frame.
    /// Digital silence at the ends has no frames.
    ///
    /// # Errors
    ///
    /// [`AlignError::NoAudio`], or [`AlignError::Failed`] if the device does.
    pub fn emissions(&self, audio: &Waveform) -> Result<Emissions, AlignError> {
        Sound::of(audio, 0)?;
        Ok(self.hear(audio, 1)?.emissions)
    }

    fn hear(&self, audio: &Waveform, least: usize) -> Result<Heard, AlignError> {
        let failed = |source| AlignError::Failed {
            aligner: NAME,
            retryable: false,
            source,
        };
        self.network.hear(audio, least).map_err(failed)
    }

    fn knows(&self, language: &str) -> bool {
        primary(language).eq_ignore_ascii_case(primary(&self.language))
    }
}

impl Aligner for CtcAligner {
    fn name(&self) -> &'static str {
        NAME
    }

    fn preflight(&self, language: &str) -> Result<(), AlignError> {
        if self.knows(language) {
            return Ok(());
        }
        Err(AlignError::Language {
            aligner: NAME,
            language: language.to_owned(),
            supported: self.language.clone().into(),
        })
    }

    fn align(&self, audio: &Waveform, text: &str, language: &str) -> Result<Alignment, AlignError> {
        self.preflight(language)?;
        let words = split_words(text);
        let sound = Sound::of(audio, words.len())?;
        if words.is_empty() {
            return Ok(Alignment::assemble(NAME, sound.duration, words, &[]));
        }
        let vocabulary = &self.network.vocabulary;
        let is_english = primary(&self.language).eq_ignore_ascii_case("en");
        let tokens = vocabulary.tokens(&words, is_english);
        if tokens.is_empty() {
            return Err(AlignError::NothingSpoken { words: words.len() });
        }
        let classes: Vec<usize> = tokens.iter().map(|token| token.class).collect();
        let repeats = classes.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let mut heard = self.hear(audio, classes.len() + repeats)?;
        let star = vocabulary.star();
        if classes.contains(&star) {
            heard.emissions = heard.emissions.with_star();
        }
        let path = forced_align(&heard.emissions, &classes, vocabulary.blank);
        let path = path.map_err(|error| match error {
            PathError::TooFewFrames {
                tokens, repeats, ..
            } => AlignError::TooShort {
                words: words.len(),
                duration: sound.duration,
                needed: Duration::from_secs_f64(self.network.seconds_of(tokens + repeats)),
            },
            other => AlignError::Failed {
                aligner: NAME,
                retryable: false,
                source: Cause::new(other),
            },
        })?;
        Ok(place(words, &tokens, star, &heard, &path, sound.duration))
    }
}

impl Transcriber for CtcAligner {
    fn name(&self) -> &'static str {
        NAME
    }

    fn transcribe(&self, audio: &Waveform, language: &str) -> Result<String, TranscribeError> {
        if !self.knows(language) {
            return Err(TranscribeError::Language {
                transcriber: NAME,
                language: language.to_owned(),
                supported: self.language.clone(),
            });
        }
        if audio.samples().is_empty() {
            return Err(TranscribeError::NoAudio);
        }
        let heard = self.network.hear(audio, 1);
        let heard = heard.map_err(|source| TranscribeError::Failed {
            transcriber: NAME,
            retryable: false,
            source,
        })?;
        let vocabulary = &self.network.vocabulary;
        let text = vocabulary.text(&heard.emissions.greedy(vocabulary.blank));
        if text.is_empty() {
            return Err(TranscribeError::NothingHeard { transcriber: NAME });
        }
        Ok(text)
    }
}

/// A word as its tokens are gathered.
#[derive(Debug, Default)]
struct Found {
    /// Frames from its first token to its last.
    first: usize,
    after: usize,
    /// Frames of tokens that the network can write, their probabilities, and their log-probabilities
    /// against the best class of each frame.
    frames: usize,
    probability: f32,
    behind: f32,
}

/// The words and characters where the path says their tokens.
fn place(
    words: Vec<TextWord>,
    tokens: &[Token],
    star: usize,
    heard: &Heard,
    path: &CtcPath,
    duration: Duration,
) -> Alignment {
    let at = |frame: usize| heard.start + frame as f64 * heard.frame;
    let spans = path.spans();
    let mut found: Vec<Option<Found>> = words.iter().map(|_| None).collect();
    let mut chars = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        let token = &tokens[span.token];
        let Some(word) = token.word else { continue };
        let next = spans
            .get(index + 1)
            .map_or(path.tokens.len(), |next| next.frames.start);
        let after = (span.frames.end + SUSTAIN).min(next);
        let scores = &path.scores[span.frames.clone()];
        let probability: f32 = scores.iter().map(|score| score.exp()).sum();
        let is_star = token.class == star;
        if let Some(position) = token.position {
            let source = if is_star {
                TimingSource::Interpolated
            } else {
                TimingSource::Acoustic
            };
            let time = at(span.frames.start)..at(after);
            let score = (!is_star).then(|| probability / scores.len() as f32);
            chars.push((
                position,
                Span {
                    time,
                    score,
                    source,
                },
            ));
        }
        let found = found[word].get_or_insert_with(|| Found {
            first: span.frames.start,
            ..Found::default()
        });
        found.after = after;
        if !is_star {
            found.frames += scores.len();
            found.probability += probability;
            let best = |t: usize| {
                let row = &heard.emissions.frame(t)[..star];
                row.iter().copied().fold(f32::NEG_INFINITY, f32::max)
            };
            found.behind += span
                .frames
                .clone()
                .map(|t| path.scores[t] - best(t))
                .sum::<f32>();
        }
    }
    let spans = found.iter().map(|found| {
        let found = found.as_ref()?;
        let (score, source) = match found.frames {
            0 => (None, TimingSource::Interpolated),
            frames => (
                Some(found.probability / frames as f32),
                TimingSource::Acoustic,
            ),
        };
        let time = at(found.first)..at(found.after);
        Some(Span {
            time,
            score,
            source,
        })
    });
    let behind = found.iter().flatten().filter(|found| found.frames > 0);
    let behind: Vec<f32> = behind
        .map(|found| found.behind / found.frames as f32)
        .collect();
    let spans = interpolate(&words, spans.collect(), None);
    let alignment = Alignment::assemble(NAME, duration, words, &spans).with_chars(chars);
    match behind.len() {
        0 => alignment,
        count => alignment.with_log_likelihood(behind.iter().sum::<f32>() / count as f32),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::vocabulary::Vocabulary;
    use super::*;

    /// Classes: `<pad>`, `|`, A, B, C. One frame says what each letter of `said` is, `-` the blank.
    fn aligned(said: &str, text: &str) -> Alignment {
        let names = "-|ABC";
        let tokens: BTreeMap<String, usize> =
            [("<pad>", 0), ("|", 1), ("A", 2), ("B", 3), ("C", 4)]
                .map(|(token, class)| (token.to_owned(), class))
                .into();
        let vocabulary = Vocabulary::new(&tokens, 5, 0);
        let rows = said.chars().flat_map(|c| {
            names.chars().map(move |name| {
                if name == c {
                    0.9_f32.ln()
                } else {
                    0.025_f32.ln()
                }
            })
        });
        let heard = Heard {
            emissions: Emissions::new(rows.collect(), 5)
                .expect("finite")
                .with_star(),
            start: 1.0,
            frame: 0.1,
        };
        let words = split_words(text);
        let tokens = vocabulary.tokens(&words, false);
        let classes: Vec<usize> = tokens.iter().map(|token| token.class).collect();
        let path = forced_align(&heard.emissions, &classes, 0).expect("enough frames");
        place(
            words,
            &tokens,
            vocabulary.star(),
            &heard,
            &path,
            Duration::from_secs(9),
        )
    }

    fn times(alignment: &Alignment) -> Vec<(u128, u128)> {
        let words = alignment.words.iter();
        words
            .map(|w| (w.start.as_millis(), w.end.as_millis()))
            .collect()
    }

    #[test]
    fn words_are_where_their_letters_are_heard() {
        let found = aligned("--A-BB---------|-CA--|----B--", "ab ca b");
        assert_eq!(times(&found), [(1200, 1900), (2700, 3100), (3600, 3900)]);
        assert!(
            found
                .words
                .iter()
                .all(|w| w.source == TimingSource::Acoustic)
        );
        let score = found.words[0].score.expect("a score");
        assert!((score - 0.9).abs() < 1e-5, "{score}");
        assert_eq!(found.quality.log_likelihood, Some(0.0));
        let chars: Vec<_> = found
            .chars
            .iter()
            .map(|c| (c.position, c.start.as_millis()))
            .collect();
        assert_eq!(
            chars,
            [(0, 1200), (1, 1400), (3, 2700), (4, 2800), (6, 3600)]
        );
    }

    #[test]
    fn words_that_cannot_be_written_keep_their_place() {
        let found = aligned("-A-|-CBC-|-B-", "a — 用 b \u{1F600}");
        let sources: Vec<_> = found.words.iter().map(|w| w.source).collect();
        let (heard, filled) = (TimingSource::Acoustic, TimingSource::Interpolated);
        assert_eq!(sources, [heard, filled, filled, heard, filled]);
        assert!(
            found
                .words
                .iter()
                .all(|w| w.score.is_some() == (w.source == heard))
        );
        let star = &found.words[2];
        assert!(
            star.start.as_millis() >= 1300 && star.end.as_millis() <= 2100,
            "{star:?}"
        );
        assert!(star.end > star.start);
        assert_eq!(found.words[4].start, found.words[3].end);
        assert_eq!(found.quality.coverage, 0.4);
    }

    #[test]
    fn another_text_is_less_likely() {
        let said = "-A-|-C-B-|-B-";
        let likelihood = |text| aligned(said, text).quality.log_likelihood.expect("letters");
        assert!(likelihood("a cb b") > -0.01 && likelihood("bb a c") < -1.0);
    }
}
