//! Upstream's rules for the reference text and for the size of a chunk.

use super::TextError;

/// Ends a reference text as upstream's `preprocess_ref_audio_text` does: one that ends in `". "` or
/// `"。"` stays, one that ends in `"."` gets a space, any other gets `". "`.
#[must_use]
pub fn normalize_ref_text(ref_text: &str) -> String {
    let end = if ref_text.ends_with(". ") || ref_text.ends_with('。') {
        ""
    } else if ref_text.ends_with('.') {
        " "
    } else {
        ". "
    };
    format!("{ref_text}{end}")
}

/// Appends a space if the text ends in a one-byte character, as upstream's `infer_batch_process`
/// does: behind [`normalize_ref_text`] this makes two spaces, and both count for the duration.
#[must_use]
pub fn with_trailing_space(ref_text: &str) -> String {
    let end = if ref_text.ends_with(|c: char| c.is_ascii()) {
        " "
    } else {
        ""
    };
    format!("{ref_text}{end}")
}

/// How many bytes of text fit into `window` seconds beside the reference, at the reference's rate
/// of speech; truncated towards zero and negative if the reference alone is longer.
///
/// `ref_text` is the text behind [`normalize_ref_text`], without the second space. Upstream's
/// `infer_process` has a `window` of 22 s, its socket server 25 s at speed 1.
///
/// # Errors
///
/// If `ref_text` is empty, or `ref_seconds`, `window` or `speed` is not a positive number.
pub fn max_chars(
    ref_text: &str,
    ref_seconds: f64,
    window: f64,
    speed: f64,
) -> Result<i64, TextError> {
    if ref_text.is_empty() {
        return Err(TextError::EmptyText { name: "ref_text" });
    }
    positive("ref_seconds", ref_seconds)?;
    positive("window", window)?;
    positive("speed", speed)?;
    // Left to right, as upstream, so that the truncation falls on the same side.
    Ok((ref_text.len() as f64 / ref_seconds * (window - ref_seconds) * speed) as i64)
}

pub(super) fn positive(name: &'static str, got: f64) -> Result<(), TextError> {
    if got > 0.0 && got.is_finite() {
        Ok(())
    } else {
        Err(TextError::OutOfRange {
            name,
            expected: "a number above 0",
            got,
        })
    }
}
