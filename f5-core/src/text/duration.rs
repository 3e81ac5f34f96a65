//! How many mel frames a text gets: upstream's rules, in `f64` and in upstream's order of operations.

use super::{TextError, rules::positive};

/// Below this many bytes upstream's short-text rule speaks at [`SHORT_TEXT_SPEED`].
pub const SHORT_TEXT_BYTES: usize = 10;

/// The speed of upstream's short-text rule; it overrides the caller's.
pub const SHORT_TEXT_SPEED: f64 = 0.3;

/// More frames than any text can ask for: over 49 days at 93.75 frames a second.
const MAX_FRAMES: f64 = 4e8;

/// What [`total_frames`] estimates a duration from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace<'a> {
    /// Mel frames of the reference: its samples over `hop_length`, rounded down.
    pub ref_frames: usize,
    /// What the reference says, ended as the network reads it
    /// ([`with_trailing_space`](super::with_trailing_space) for upstream's numbers).
    pub ref_text: &'a str,
    /// Rate of speech over that of the reference.
    pub speed: f64,
    /// Upstream's rule: texts under [`SHORT_TEXT_BYTES`] bytes are spoken at [`SHORT_TEXT_SPEED`],
    /// whatever `speed` says.
    pub slow_short_text: bool,
}

/// Frames of reference and generated speech together, from the bytes of UTF-8 of both texts.
///
/// # Errors
///
/// If a text is empty, the reference has no frames, `speed` is not a positive number, or the
/// frames outgrow all bounds.
pub fn total_frames(pace: &Pace<'_>, gen_text: &str) -> Result<usize, TextError> {
    if pace.ref_text.is_empty() {
        return Err(TextError::EmptyText { name: "ref_text" });
    }
    if gen_text.is_empty() {
        return Err(TextError::EmptyText { name: "gen_text" });
    }
    positive("ref_frames", pace.ref_frames as f64)?;
    positive("speed", pace.speed)?;
    let short = pace.slow_short_text && gen_text.len() < SHORT_TEXT_BYTES;
    let speed = if short { SHORT_TEXT_SPEED } else { pace.speed };
    let frames =
        pace.ref_frames as f64 / pace.ref_text.len() as f64 * gen_text.len() as f64 / speed;
    bounded(pace.ref_frames as f64 + frames.trunc())
}

/// Frames of a `fix_duration` in seconds, the reference included, rounded down.
///
/// # Errors
///
/// If `fix_duration` is not a positive number or outgrows all bounds.
pub fn fixed_frames(
    fix_duration: f64,
    sample_rate: u32,
    hop_length: usize,
) -> Result<usize, TextError> {
    positive("fix_duration", fix_duration)?;
    positive("hop_length", hop_length as f64)?;
    bounded(fix_duration * f64::from(sample_rate) / hop_length as f64)
}

/// Shares one `fix_duration` among chunks by their bytes of UTF-8, so that the joined audio lasts
/// as asked: seconds per chunk, the reference included in each, for [`fixed_frames`].
///
/// As upstream 1.1.22 (until 1.1.21 every chunk got the whole). One chunk gets `fix_duration`
/// itself. `ref_seconds` is whole frames: `ref_frames * hop_length / sample_rate`.
///
/// # Errors
///
/// If there is no chunk, one is empty, a number is negative, NaN or infinite, or `fix_duration` is
/// not longer than the reference it includes.
pub fn fixed_duration_shares(
    fix_duration: f64,
    ref_seconds: f64,
    cross_fade_duration: f64,
    chunks: &[&str],
) -> Result<Vec<f64>, TextError> {
    positive("fix_duration", fix_duration)?;
    for (name, got) in [
        ("ref_seconds", ref_seconds),
        ("cross_fade_duration", cross_fade_duration),
    ] {
        if !(got >= 0.0 && got.is_finite()) {
            return Err(TextError::OutOfRange {
                name,
                expected: "0 or above",
                got,
            });
        }
    }
    if chunks.is_empty() || chunks.contains(&"") {
        return Err(TextError::EmptyText { name: "gen_text" });
    }
    let share = fix_duration - ref_seconds;
    if share <= 0.0 {
        return Err(TextError::FixDurationTooShort {
            fix_duration,
            ref_seconds,
        });
    }
    if chunks.len() == 1 {
        return Ok(vec![fix_duration]);
    }
    let bytes: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let share = share + cross_fade_duration * (chunks.len() - 1) as f64;
    Ok(chunks
        .iter()
        .map(|chunk| ref_seconds + share * chunk.len() as f64 / bytes as f64)
        .collect())
}

fn bounded(frames: f64) -> Result<usize, TextError> {
    if frames <= MAX_FRAMES {
        Ok(frames as usize)
    } else {
        Err(TextError::TooLong { frames })
    }
}
