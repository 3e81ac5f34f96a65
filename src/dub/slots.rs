//! When a cue may be spoken: its own slot, and how far it may run over.

/// What decides about a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) speaker: Option<&'a str>,
    /// Whether there is nothing to say.
    pub(super) is_silent: bool,
}

/// Room for a cue, in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Where it should be over.
    pub(super) end: usize,
    /// Where it has to be over, because something else begins.
    pub(super) limit: usize,
    /// The cue that begins there.
    pub(super) next: Option<usize>,
}

/// The order in which cues are spoken, and the slot of each; `total` is where the audio ends.
///
/// A speaker does not speak two cues at once, unless they begin together; other cues that overlap
/// keep their slots. What a cue runs over into is free: the next one begins behind it.
pub(super) fn slots(cues: &[Wanted<'_>], total: usize) -> (Vec<usize>, Vec<Slot>) {
    let mut order: Vec<usize> = (0..cues.len()).collect();
    order.sort_by_key(|&index| cues[index].start);
    let mut slots = vec![
        Slot {
            end: 0,
            limit: total,
            next: None,
        };
        cues.len()
    ];
    for (place, &index) in order.iter().enumerate() {
        let cue = &cues[index];
        let later = order[place + 1..].iter().copied();
        let mut later = later.filter(|&other| {
            let other = &cues[other];
            other.start > cue.start && !other.is_silent
        });
        let mut slot = Slot {
            end: cue.end.min(total),
            limit: total,
            next: None,
        };
        let blocking = later.find(|&other| {
            let other = &cues[other];
            other.start >= cue.end || other.speaker == cue.speaker
        });
        if let Some(other) = blocking.filter(|&other| cues[other].start < total) {
            slot.end = slot.end.min(cues[other].start);
            slot.limit = cues[other].start;
            slot.next = Some(other);
        }
        slots[index] = slot;
    }
    (order, slots)
}

/// How long a cue of `natural` samples is spoken in `slot` samples: at its own pace if it fits,
/// slower or faster within limits.
pub(super) fn length(natural: usize, slot: usize, min_speed: f64, max_speed: f64) -> usize {
    let at = |speed: f64| (natural as f64 / speed).round() as usize;
    if natural <= slot {
        at(min_speed.min(1.0)).min(slot).max(natural)
    } else {
        at(max_speed.max(1.0)).max(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(start: usize, end: usize, speaker: Option<&str>) -> Wanted<'_> {
        Wanted {
            start,
            end,
            speaker,
            is_silent: false,
        }
    }

    fn limits(cues: &[Wanted<'_>]) -> Vec<(usize, usize, Option<usize>)> {
        let slots = slots(cues, 1000).1;
        slots
            .iter()
            .map(|slot| (slot.end, slot.limit, slot.next))
            .collect()
    }

    #[test]
    fn cues_may_run_over_until_the_next_one() {
        let mut cues = [
            wanted(300, 400, None),
            wanted(0, 100, None),
            wanted(350, 350, None),
        ];
        assert_eq!(slots(&cues, 1000).0, [1, 0, 2]);
        let expected = [(350, 350, Some(2)), (100, 300, Some(0)), (350, 1000, None)];
        assert_eq!(limits(&cues), expected);
        // What has nothing to say is in nobody's way.
        cues[2].is_silent = true;
        assert_eq!(limits(&cues)[0], (400, 1000, None));
    }

    #[test]
    fn two_speakers_may_speak_at_once() {
        let cues = [
            wanted(0, 200, Some("a")),
            wanted(100, 300, Some("b")),
            wanted(100, 250, Some("a")),
            wanted(240, 2000, None),
        ];
        let expected = [
            (100, 100, Some(2)),
            (300, 1000, None),
            (250, 1000, None),
            (1000, 1000, None),
        ];
        assert_eq!(limits(&cues), expected);
    }

    #[test]
    fn the_pace_stays_natural_where_it_can() {
        assert_eq!(length(100, 150, 1.0, 1.5), 100);
        assert_eq!(length(100, 150, 0.8, 1.5), 125);
        assert_eq!(length(100, 110, 0.8, 1.5), 110);
        assert_eq!(length(100, 80, 0.8, 1.5), 80);
        assert_eq!(length(100, 50, 0.8, 1.5), 67);
        assert_eq!(length(100, 0, 1.0, 1.0), 100);
    }
}
