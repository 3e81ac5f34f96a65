//! Which piece of a recording the model hears for which changes, and what of it is spoken anew.

use std::{ops::Range, time::Duration};

use f5_core::text::duration::{Pace, total_frames};

use crate::{error::Result, timeline::seconds};

use super::{cut::Located, error::EditError, script::Script};

/// Upstream's models are trained on samples of at most this many seconds.
const MOST: f64 = 30.0;
/// Changes share a window as long as it is no longer, in seconds.
const SHARED: f64 = 20.0;
/// The least context that a word can be spoken in, in seconds.
const LEAST_CONTEXT: f64 = 0.5;

/// A piece of a recording with its text once it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Its samples in the recording.
    pub(super) samples: Range<usize>,
    pub(super) text: String,
    pub(super) holes: Vec<Hole>,
}

/// A span of a window that is spoken anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    /// Which change it is.
    pub(super) change: usize,
    /// The frames of the window's mel that go.
    pub(super) old: Range<usize>,
    /// How many come.
    pub(super) frames: usize,
}

/// Rates of recording and model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) rate: u32,
    pub(super) model_rate: u32,
    pub(super) hop_length: usize,
}

impl Clock {
    pub(super) fn frames_per_second(self) -> f64 {
        f64::from(self.model_rate) / self.hop_length as f64
    }

    /// The frame nearest to a sample of the recording.
    pub(super) fn frame(self, sample: usize) -> usize {
        let frames = sample as f64 / f64::from(self.rate) * self.frames_per_second();
        frames.round_ties_even() as usize
    }

    /// Where a frame begins, in samples of the recording.
    pub(super) fn sample(self, frame: usize) -> usize {
        let rates = (u128::from(self.rate), u128::from(self.model_rate));
        let samples = (frame * self.hop_length) as u128 * rates.0;
        ((samples + rates.1 / 2) / rates.1) as usize
    }
}

/// A change, located: the samples that go and the frames that come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) change: usize,
    pub(super) cut: Range<usize>,
    pub(super) frames: usize,
}

/// How many frames the new span of each change gets; `spoken` is what is said for a text.
pub(super) fn spots(
    script: &Script,
    located: &Located<'_>,
    clock: Clock,
    speed: f64,
    spoken: &dyn Fn(&str) -> String,
) -> Result<Vec<Spot>> {
    let cuts = located.cuts(&script.changes);
    let words = located.words;
    // The recording's own pace: its text and what was said of it, without the silence around.
    let lasting = match words {
        [first, .., last] => last.end.saturating_sub(first.start),
        [only] => only.end.saturating_sub(only.start),
        [] => Duration::ZERO,
    };
    let said = format!("{} ", spoken(script.original.trim()));
    let pace = Pace {
        ref_frames: super::request::frames(lasting, clock.frames_per_second()).max(1),
        ref_text: &said,
        speed,
        slow_short_text: false,
    };
    let mut spots = Vec::with_capacity(cuts.len());
    for (index, (change, cut)) in script.changes.iter().zip(cuts).enumerate() {
        let text = script.new_text(change);
        let frames = match change.fix_duration {
            _ if text.is_empty() => 0,
            Some(duration) => super::request::frames(duration, clock.frames_per_second()).max(1),
            None => {
                let frames = total_frames(&pace, &format!("{} ", spoken(&text)))? - pace.ref_frames;
                // The pauses at both ends of what goes come back.
                let pauses = match &words[change.old.clone()] {
                    [] => 0,
                    gone => {
                        let first = located.sample(gone[0].start);
                        let last = located.sample(gone[gone.len() - 1].end);
                        first.saturating_sub(cut.start) + cut.end.saturating_sub(last)
                    }
                };
                (frames + clock.frame(pauses)).max(1)
            }
        };
        spots.push(Spot {
            change: index,
            cut,
            frames,
        });
    }
    Ok(spots)
}

/// The windows for spots that the model has to speak; those that lie near each other share one.
pub(super) fn windows(
    script: &Script,
    located: &Located<'_>,
    spots: &[Spot],
    clock: Clock,
    context: Duration,
) -> Result<Vec<Window>> {
    let rate = f64::from(clock.rate);
    let length = |samples: &Range<usize>, spots: &[Spot]| {
        let gone: usize = spots.iter().map(|spot| spot.cut.len()).sum();
        let come: usize = spots.iter().map(|spot| spot.frames).sum();
        (samples.len() - gone) as f64 / rate + come as f64 / clock.frames_per_second()
    };
    let context = context.as_secs_f64().clamp(LEAST_CONTEXT, MOST);
    let mut windows = Vec::new();
    let mut rest = spots;
    while let Some(first) = rest.iter().position(|spot| spot.frames > 0) {
        rest = &rest[first..];
        let mut count = 1;
        for next in 1..rest.len() {
            // What is cut out before a change that is far away need not be heard.
            let apart = (rest[next].cut.start - rest[next - 1].cut.end) as f64 / rate;
            let all = around(script, located, &rest[..=next], context);
            if apart > 2.0 * context || length(&all.0, &rest[..=next]) > SHARED {
                break;
            }
            count = next + 1;
        }
        while count > 1 && rest[count - 1].frames == 0 {
            count -= 1;
        }
        let shared = &rest[..count];
        let mut context = context;
        let (samples, words) = loop {
            let (samples, words) = around(script, located, shared, context);
            let needed = length(&samples, shared);
            if needed <= MOST {
                break (samples, words);
            }
            if context <= LEAST_CONTEXT {
                return Err(EditError::TooLong {
                    text: script.new_text(&script.changes[shared[0].change]),
                    needed: Duration::from_secs_f64(needed),
                    most: Duration::from_secs_f64(MOST),
                }
                .into());
            }
            context = (context / 2.0).max(LEAST_CONTEXT);
        };
        let changes = shared[0].change..shared[count - 1].change + 1;
        windows.push(Window {
            text: script.text_of(words, changes),
            holes: holes(shared, samples.start, clock),
            samples,
        });
        rest = &rest[count..];
    }
    Ok(windows)
}

/// The whole recording as one window.
pub(super) fn whole(text: &str, spots: &[Spot], samples: usize, clock: Clock) -> Vec<Window> {
    vec![Window {
        samples: 0..samples,
        text: text.to_owned(),
        holes: holes(spots, 0, clock),
    }]
}

fn holes(spots: &[Spot], start: usize, clock: Clock) -> Vec<Hole> {
    let frame = |sample: usize| clock.frame(sample.saturating_sub(start));
    let hole = |spot: &Spot| Hole {
        change: spot.change,
        old: frame(spot.cut.start)..frame(spot.cut.end),
        frames: spot.frames,
    };
    spots.iter().map(hole).collect()
}

/// The samples and whole words around some spots, at most as much as asked for on each side.
fn around(
    script: &Script,
    located: &Located<'_>,
    spots: &[Spot],
    context: f64,
) -> (Range<usize>, Range<usize>) {
    let (first, last) = (&spots[0], &spots[spots.len() - 1]);
    let gone = script.changes[first.change].old.start..script.changes[last.change].old.end;
    let words = located.words;
    let context = Duration::from_secs_f64(context);
    let earliest = seconds(first.cut.start, located.rate).saturating_sub(context);
    let latest = seconds(last.cut.end, located.rate) + context;
    let before = words[..gone.start].iter().rev();
    let after = words[gone.end..].iter();
    let said = gone.start - before.take_while(|word| word.start >= earliest).count()
        ..gone.end + after.take_while(|word| word.end <= latest).count();
    // Beside a long pause there may be no word to hear: then some of the pause is.
    let from = match words[..gone.start].last() {
        _ if said.start < gone.start => located.pause(said.start),
        Some(left) => located.sample(left.end.max(earliest)),
        None => located.sample(earliest),
    };
    let to = match words.get(gone.end) {
        _ if said.end > gone.end => located.pause_after(said.end),
        Some(right) => located.sample(right.start.min(latest)),
        None => located.sample(latest),
    };
    (from.min(first.cut.start)..to.max(last.cut.end), said)
}
