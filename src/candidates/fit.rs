//! How well speech fits its text, from what its aligner heard.

use std::{cmp::Ordering, ops::Range};

use f5_align::{Alignment, LinkReport, Quality, Refusal, Verdict};
use f5_core::timing::WordTiming;

use crate::speech::Speech;

/// How much a frame's distance from the best phone counts; as in the word scores of
/// [`HmmAligner`](f5_align::HmmAligner), so that a refused text stands on the same scale.
const SOFTNESS: f32 = 0.1;

/// How well speech fits its text. The aligner that timed the words says how well it heard each of them;
/// a word that is not in the audio is laid over something else and scores low.
///
/// Fits are compared by [`better`](Self::better): fewer refused words first, then the higher score.
/// Nothing else is: the pace of single words, and the worst word alone, told less.
///
/// # How far it can be trusted
///
/// One word was cut out of speech, each word in turn (`cargo test --test engine candidates -- --nocapture`):
/// the score was lower than that of the whole speech for 130 of 133 words, over two bundled and two test
/// recordings and ten speeches of the demo model. The three that were missed (`the`, `a`, `came`)
/// are in the demo model's less clear speech. Against the whole speech of *another* seed, which
/// is what choosing candidates is about, 74 of 82.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fit {
    /// Mean over the words of how well each was heard, from 0 to 1; words of a refused chunk count as
    /// [`Refusal::LogLikelihood`] says, and 0 where it was refused for another reason. `None` where no
    /// aligner could listen, such as in a language that none of the engine's knows: candidates cannot be
    /// told apart then.
    pub score: Option<f32>,
    /// Words in chunks whose alignment was not believed: the audio does not say what the text does.
    pub refused_words: usize,
    /// Words in all.
    pub words: usize,
    /// The word that was heard worst.
    pub weakest: Option<WordTiming>,
    /// Why alignments were not believed.
    pub refusals: Vec<Refusal>,
}

impl Fit {
    /// The fit of an alignment.
    #[must_use]
    pub fn of(alignment: &Alignment) -> Self {
        let words = 0..alignment.words.len();
        let chunk = (words, &alignment.quality, &*alignment.trail);
        Self::of_chunks(&alignment.words, [chunk])
    }

    /// Which of two fits is better; equal where neither could be heard.
    #[must_use]
    pub fn better(&self, other: &Self) -> Ordering {
        let refused = other.refused_words.cmp(&self.refused_words);
        let [a, b] = [self, other].map(|fit| fit.score.unwrap_or(0.0));
        refused.then(a.total_cmp(&b))
    }

    /// Whether every chunk's alignment was believed.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.refused_words == 0
    }

    /// `words` of all chunks, and of each chunk which they are and what was said of them. A word that is
    /// spoken in several chunks belongs to each.
    fn of_chunks<'a>(
        words: &[WordTiming],
        chunks: impl IntoIterator<Item = (Range<usize>, &'a Quality, &'a [LinkReport])>,
    ) -> Self {
        let (mut sum, mut heard) = (0.0, 0);
        // The end of the last refused word: no word is refused twice.
        let mut refused_end = 0;
        let mut fit = Self {
            score: None,
            refused_words: 0,
            words: words.len(),
            weakest: weakest(words),
            refusals: Vec::new(),
        };
        for (words, quality, trail) in chunks {
            let count = words.len();
            let score = match quality.score {
                Some(score) => score,
                None => match refused(trail, &mut fit.refusals) {
                    Some(score) => {
                        let new = words.start.max(refused_end)..words.end;
                        fit.refused_words += new.len();
                        refused_end = refused_end.max(words.end);
                        score
                    }
                    None => continue,
                },
            };
            heard += count;
            sum += score * count as f32;
        }
        fit.score = (heard > 0).then(|| sum / heard as f32);
        fit
    }
}

impl Speech {
    /// How well the speech fits its text, as its aligner heard it;
    /// without [`word_timings`](crate::SynthesisParams::word_timings) there is no score.
    #[must_use]
    pub fn fit(&self) -> Fit {
        // Words as they are written: `text` may say one of them in several.
        let words = self.chunks.iter().map(|chunk| {
            let start = self
                .words
                .partition_point(|word| word.chars.end <= chunk.chars.start);
            let end = self
                .words
                .partition_point(|word| word.chars.start < chunk.chars.end);
            start..end.max(start)
        });
        let chunks = words.zip(&self.report.alignment);
        let chunks = chunks.map(|(words, found)| (words, &found.quality, &*found.trail));
        Fit::of_chunks(&self.words, chunks)
    }
}

/// The score of words that an aligner has listened to without being believed; `None` where none could
/// listen.
fn refused(trail: &[LinkReport], refusals: &mut Vec<Refusal>) -> Option<f32> {
    let mut score = None;
    for link in trail {
        match &link.verdict {
            Verdict::Refused(refusal) => {
                refusals.push(*refusal);
                let found = match refusal {
                    Refusal::LogLikelihood { found, .. } => (found * SOFTNESS).exp(),
                    _ => 0.0,
                };
                score = Some(score.unwrap_or(found).max(found));
            }
            // Such as audio that is too short for its words.
            Verdict::Failed(_) => score = score.or(Some(0.0)),
            _ => {}
        }
    }
    score
}

fn weakest(words: &[WordTiming]) -> Option<WordTiming> {
    let heard = words.iter().filter_map(|word| Some((word.score?, word)));
    let weakest = heard.min_by(|a, b| a.0.total_cmp(&b.0));
    weakest.map(|(_, word)| word.clone())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use f5_align::{AlignError, Aligner, AlignerChain};
    use f5_core::audio::Waveform;

    use super::*;

    fn quality(score: Option<f32>) -> Quality {
        let audio = Waveform::new(vec![0.1; 24_000], 24_000).unwrap();
        let found = AlignerChain::new().align(&audio, "a word", "en");
        let mut quality = found.unwrap().quality;
        quality.score = score;
        quality
    }

    fn said(verdict: Verdict) -> Vec<LinkReport> {
        vec![LinkReport::new("link", verdict, Duration::ZERO)]
    }

    #[test]
    fn refused_words_outweigh_any_score() {
        let (heard, unheard) = (quality(Some(0.4)), quality(None));
        let refusal = Refusal::LogLikelihood {
            found: -8.0,
            least: -6.8,
        };
        let pace = Refusal::OddPace {
            found: 0.5,
            most: 0.3,
        };
        let used = said(Verdict::Used);
        let fit = |chunks: &[(usize, &Quality, &[LinkReport])]| {
            let mut end = 0;
            let chunks = chunks.iter().map(|&(count, quality, trail)| {
                end += count;
                (end - count..end, quality, trail)
            });
            Fit::of_chunks(&[], chunks)
        };
        let believed = fit(&[(4, &heard, &used), (2, &heard, &used)]);
        let (by_sound, by_pace) = (
            said(Verdict::Refused(refusal)),
            said(Verdict::Refused(pace)),
        );
        let half = fit(&[(4, &heard, &used), (2, &unheard, &by_sound)]);
        let other = fit(&[(4, &heard, &used), (2, &unheard, &by_pace)]);
        let failed = said(Verdict::Failed(AlignError::Model));
        let worst = fit(&[(4, &unheard, &failed), (2, &unheard, &by_sound)]);
        assert_eq!(believed.score, Some(0.4));
        assert!(believed.accepted() && !half.accepted());
        assert_eq!((half.refused_words, &*half.refusals), (2, &[refusal][..]));
        // exp(-0.8) is above the 0.4 of the believed one, which is better all the same.
        assert!(half.score.unwrap() > 0.4);
        for (better, worse) in [(&believed, &half), (&half, &other), (&other, &worst)] {
            assert_eq!(better.better(worse), Ordering::Greater);
            assert_eq!(worse.better(better), Ordering::Less);
        }
        assert_eq!(other.score, Some(0.4 * 4.0 / 6.0));
    }

    #[test]
    fn where_nobody_listened_there_is_no_score() {
        let unheard = quality(None);
        let deaf = said(Verdict::Unavailable(AlignError::Model));
        let fit = Fit::of_chunks(&[], [(0..3, &unheard, &*deaf)]);
        assert_eq!((fit.score, fit.accepted()), (None, true));
        assert_eq!(fit.better(&fit), Ordering::Equal);
    }
}
