//! The phones of American English, under the names of cmudict.

/// A phone, as its place in [`PHONES`].
pub(crate) type Phone = u8;

/// Silence first, then cmudict's 39 phones.
pub(crate) const PHONES: [&str; 40] = [
    "sil", "aa", "ae", "ah", "ao", "aw", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g",
    "hh", "ih", "iy", "jh", "k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th",
    "uh", "uw", "v", "w", "y", "z", "zh",
];

/// The phone nobody speaks.
pub(crate) const SILENCE: Phone = 0;

/// The phone of a name in cmudict, Festival or Flite, in lower case.
pub(crate) fn phone(name: &str) -> Option<Phone> {
    let name = match name {
        "pau" | "ssil" | "h#" | "brth" => "sil",
        "ax" => "ah",
        "axr" => "er",
        "el" => "l",
        "em" => "m",
        "en" => "n",
        "hv" => "hh",
        "dx" => "t",
        "nx" => "n",
        "ux" => "uw",
        other => other,
    };
    PHONES.iter().position(|&p| p == name).map(|i| i as Phone)
}

/// The printable character that stands for a phone in the data files.
#[cfg(feature = "train")]
pub(crate) fn letter_of(phone: Phone) -> char {
    char::from(b'@' + phone)
}

/// The phone of a character that [`letter_of`] gave.
pub(crate) fn phone_of(letter: u8) -> Option<Phone> {
    letter
        .checked_sub(b'@')
        .filter(|&p| usize::from(p) < PHONES.len())
}
