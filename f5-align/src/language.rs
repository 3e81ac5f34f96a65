//! Language tags.

/// The first subtag of a BCP 47 tag: `en` of `en-GB`.
pub(crate) fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or_default()
}
