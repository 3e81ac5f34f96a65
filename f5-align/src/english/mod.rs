//! How English is pronounced: phones, dictionary, letter rules and abbreviations.

mod dictionary;
mod letters;
mod lines;
mod phones;
mod spoken;

pub(crate) use phones::{PHONES, Phone, SILENCE};
#[cfg(feature = "ctc")]
pub(crate) use spoken::is_symbol;
pub(crate) use spoken::pronounce;
#[cfg(any(feature = "ctc", feature = "google-speech"))]
pub(crate) use spoken::read_out;
#[cfg(feature = "train")]
pub(crate) use {
    letters::{Rules, WIDTHS, context},
    lines::Lines,
    phones::{letter_of, phone},
};
