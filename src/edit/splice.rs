//! Puts new spans into the recording: what lies outside them stays sample for sample.

use std::ops::Range;

use f5_core::audio::crossfade::{Joiner, Seam};

/// A span of the recording and what comes in its place.
#[derive(Debug)]
pub(super) struct Patch<'a> {
    /// The samples that go.
    pub(super) cut: Range<usize>,
    /// The samples that come; `None` where the rest closes up.
    pub(super) new: Option<New<'a>>,
}

/// New samples, with what the vocoder said before and behind them: it fades into the recording.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub(super) wave: &'a [f32],
    pub(super) span: Range<usize>,
}

/// The audio, and where the new samples of each patch lie in it.
#[derive(Debug)]
pub(super) struct Spliced {
    pub(super) samples: Vec<f32>,
    pub(super) spans: Vec<Range<usize>>,
}

/// Applies patches, which are in order and apart. Seams fade over at most `fade` samples beside each
/// patch: no further than half the way to the next one.
pub(super) fn splice(recording: &[f32], patches: &[Patch<'_>], fade: usize) -> Spliced {
    let mut joiner = Joiner::new(fade);
    let mut spans = Vec::with_capacity(patches.len());
    // Where the piece of the recording begins that is to come next, and the fade into it.
    let (mut from, mut into) = (0, 0);
    let mut previous_end = 0;
    let mut length = 0;
    for (index, Patch { cut, new }) in patches.iter().enumerate() {
        let next = patches
            .get(index + 1)
            .map_or(recording.len(), |next| next.cut.start);
        let before = (cut.start - previous_end) / 2;
        let after = (next - cut.end) / 2;
        length += cut.start - previous_end;
        match new {
            Some(New { wave, span }) => {
                let left = fade.min(before).min(span.start);
                let right = fade.min(after).min(wave.len() - span.end);
                joiner.push(&recording[from..cut.start], Seam::Fade(into));
                joiner.push(&wave[span.start - left..span.end + right], Seam::Fade(left));
                spans.push(length..length + span.len());
                length += span.len();
                (from, into) = (cut.end, right);
            }
            None => {
                // Both sides go on a little into what is cut out, where they fade into each other.
                let half = (fade / 2).min(before).min(after).min(cut.len() / 2);
                joiner.push(&recording[from..cut.start + half], Seam::Fade(into));
                spans.push(length..length);
                (from, into) = (cut.end - half, 2 * half);
            }
        }
        previous_end = cut.end;
    }
    joiner.push(&recording[from..], Seam::Fade(into));
    Spliced {
        samples: joiner.take_rest(),
        spans,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_patched_stays() {
        let recording: Vec<f32> = (0..100).map(|x| x as f32).collect();
        let wave: Vec<f32> = (1000..1060).map(|x| x as f32).collect();
        let patches = [
            Patch {
                cut: 20..30,
                new: Some(New {
                    wave: &wave,
                    span: 10..50,
                }),
            },
            Patch {
                cut: 60..80,
                new: None,
            },
            Patch {
                cut: 90..90,
                new: Some(New {
                    wave: &wave,
                    span: 0..60,
                }),
            },
        ];
        let spliced = splice(&recording, &patches, 4);
        assert_eq!(spliced.spans, [20..60, 90..90, 100..160]);
        let samples = spliced.samples;
        assert_eq!(samples.len(), 100 - 10 + 40 - 20 + 60);
        assert_eq!(samples[..16], recording[..16]);
        assert_eq!(samples[20..60], wave[10..50]);
        assert_eq!(samples[64..88], recording[34..58]);
        assert_eq!(samples[92..100], recording[82..90]);
        assert_eq!(samples[100..160], wave[..]);
        assert_eq!(samples[160..], recording[90..]);
    }

    #[test]
    fn patches_may_lie_at_the_edges_and_side_by_side() {
        let recording = vec![1.0; 10];
        let wave = vec![2.0; 5];
        let patch = |cut: Range<usize>| Patch {
            cut,
            new: Some(New {
                wave: &wave,
                span: 0..5,
            }),
        };
        let spliced = splice(&recording, &[patch(0..4), patch(4..4), patch(9..10)], 3);
        assert_eq!(spliced.spans, [0..5, 5..10, 15..20]);
        assert_eq!(spliced.samples.len(), 20);
        assert_eq!(splice(&recording, &[], 3).samples, recording);
        let all = Patch {
            cut: 0..10,
            new: None,
        };
        assert!(splice(&recording, &[all], 3).samples.is_empty());
    }
}
