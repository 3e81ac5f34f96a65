//! The embedded pronunciation data, unpacked when first asked.

use std::sync::LazyLock;

use super::{Phone, letters::Rules, lines::Lines, phones::phone_of};

/// cmudict; see `data/NOTICE`.
static DICTIONARY: LazyLock<Lines> =
    LazyLock::new(|| Lines::inflate(include_bytes!("../../data/cmudict.deflate")));
/// Rules learnt from cmudict.
static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::new(Lines::inflate(include_bytes!("../../data/letters.deflate"))));

/// The pronunciations of a word in lower case; none if it is not in the dictionary.
pub(crate) fn look_up(word: &str) -> Vec<Vec<Phone>> {
    let variants = DICTIONARY.get(word).unwrap_or_default();
    let variant = |text: &str| text.bytes().filter_map(phone_of).collect();
    variants
        .split(',')
        .filter(|v| !v.is_empty())
        .map(variant)
        .collect()
}

/// A guess at the pronunciation of a word in lower case; empty if it has no letters.
pub(crate) fn guess(word: &str) -> Vec<Phone> {
    RULES.pronounce(word)
}
