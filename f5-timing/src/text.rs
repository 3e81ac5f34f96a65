//! Text inside a format: cleaning, escaping and joining words.

use std::borrow::Cow;

use crate::{time::put_first, track::Track};

/// How a byte of a word is treated before anything else is looked at.
const PLAIN: u8 = 0;
/// The word has to be walked character by character.
const LOOK: u8 = 1;

/// The quick way for a word: copied as it is, if it is up to 16 printable ASCII bytes.
///
/// Nothing here branches on the length or the letters of a word. Those cannot be predicted, and a
/// wrong guess costs the processor as much time as the rest of a cue.
#[derive(Debug)]
pub(crate) struct Verbatim {
    /// Each in all 16 bytes.
    special: [u128; 4],
}

/// A one in every byte of a register.
const ONES: u128 = u128::MAX / 0xFF;

impl Verbatim {
    /// `special` are the ASCII characters, four at most, that have to be looked at.
    pub(crate) const fn new(special: &[u8]) -> Self {
        let mut all = [0x7F * ONES; 4];
        let mut i = 0;
        while i < special.len() {
            all[i] = special[i] as u128 * ONES;
            i += 1;
        }
        Self { special: all }
    }

    /// Appends a word and says so, or leaves it to somebody who looks at its characters.
    #[inline]
    pub(crate) fn put(&self, buf: &mut Vec<u8>, track: &Track, index: usize) -> bool {
        let Some((chunk, length)) = track.chunk_of(index) else {
            return false;
        };
        let text = u128::from_le_bytes(*chunk);
        // The high bit of a byte is set if it is not ASCII, a control, a space or special. What a
        // byte carries over to its neighbour only adds to a bit that is set already.
        let mut look = text | text.wrapping_add(ONES) | text.wrapping_sub(0x21 * ONES);
        for special in self.special {
            look |= (text ^ special).wrapping_sub(ONES);
        }
        // What lies behind the word is shifted out.
        let plain = (look & (0x80 * ONES)) << (8 * (chunk.len() - length)) == 0;
        if plain {
            put_first(buf, *chunk, length);
        }
        plain
    }
}

/// What a subtitle format does to the characters of a word.
///
/// Words made of plain bytes alone are copied; the table decides which bytes are plain.
#[derive(Debug)]
pub(crate) struct Escape {
    verbatim: Verbatim,
    table: [u8; 256],
    put: fn(&mut Vec<u8>, char),
}

impl Escape {
    /// `special` are the ASCII characters that `put` treats; controls and the lead bytes of
    /// Unicode line breaks are looked at in every format.
    pub(crate) const fn new(special: &[u8], put: fn(&mut Vec<u8>, char)) -> Self {
        let mut table = [PLAIN; 256];
        let mut byte = 0;
        while byte < 0x20 {
            table[byte] = LOOK;
            byte += 1;
        }
        table[0x7F] = LOOK;
        // C1 controls; U+2028, U+2029 and zero-width characters; U+FEFF and non-characters.
        table[0xC2] = LOOK;
        table[0xE2] = LOOK;
        table[0xEF] = LOOK;
        let mut i = 0;
        while i < special.len() {
            table[special[i] as usize] = LOOK;
            i += 1;
        }
        Self {
            verbatim: Verbatim::new(special),
            table,
            put,
        }
    }

    /// Appends a word of a track; see [`Escape::put`].
    #[inline]
    pub(crate) fn put_word(&self, buf: &mut Vec<u8>, track: &Track, index: usize) {
        if !self.verbatim.put(buf, track, index) {
            self.put(buf, track.text_of(index));
        }
    }

    /// Appends a word: outer white space gone, runs of controls and line breaks one space, the
    /// rest as the format writes it.
    #[inline]
    pub(crate) fn put(&self, buf: &mut Vec<u8>, word: &str) {
        let bytes = word.as_bytes();
        let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
            return;
        };
        let mut flags = u8::from(first == b' ') | u8::from(last == b' ');
        for &byte in bytes {
            flags |= self.table[byte as usize];
        }
        if flags == PLAIN {
            buf.extend_from_slice(bytes);
        } else {
            self.put_slowly(buf, word);
        }
    }

    #[cold]
    fn put_slowly(&self, buf: &mut Vec<u8>, word: &str) {
        let mut gap = false;
        for c in word.trim_matches(is_space).chars() {
            if is_break(c) {
                gap = true;
                continue;
            }
            if std::mem::take(&mut gap) {
                buf.push(b' ');
            }
            (self.put)(buf, c);
        }
    }
}

/// Appends a character as UTF-8.
#[inline]
pub(crate) fn put_char(buf: &mut Vec<u8>, c: char) {
    buf.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// A word as subtitle formats show it.
pub(crate) fn clean(word: &str) -> Cow<'_, str> {
    let trimmed = word.trim_matches(is_space);
    if !trimmed.contains(is_break) {
        return Cow::Borrowed(trimmed);
    }
    let mut buf = Vec::new();
    Escape::new(b"", put_char).put(&mut buf, word);
    Cow::Owned(String::from_utf8_lossy(&buf).into_owned())
}

/// Takes away the word joiners that writers put behind the characters they cannot escape.
pub(crate) fn strip_joiners(text: &str, behind: &[&str]) -> String {
    if !text.contains('\u{2060}') {
        return text.to_owned();
    }
    let mut out = text.to_owned();
    for character in behind {
        out = out.replace(&format!("{character}\u{2060}"), character);
    }
    out
}

/// Whether nothing of a word is visible, so that subtitle formats leave it out.
#[inline]
pub(crate) fn is_blank(word: &str) -> bool {
    match word.as_bytes().first() {
        None => true,
        Some(b'!'..=b'~') => false,
        Some(_) => word.chars().all(|c| is_space(c) || is_invisible(c)),
    }
}

/// White space, controls and line breaks: what is trimmed from the ends of a word.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Characters that become a space inside a word.
pub(crate) fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Zero-width characters: they show nothing by themselves.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// Whether a space stands between two neighbouring words: not between scripts written without.
pub(crate) fn wants_space(left: &str, right: &str) -> bool {
    let (Some(left), Some(right)) = (
        left.trim_end_matches(is_space).chars().next_back(),
        right.trim_start_matches(is_space).chars().next(),
    ) else {
        return true;
    };
    if left.is_ascii() && right.is_ascii() {
        return true;
    }
    !(is_unspaced(left) && (is_unspaced(right) || right.is_ascii_punctuation())
        || is_unspaced(right) && left.is_ascii_punctuation())
}

/// Han, kana, bopomofo, CJK punctuation and full-width forms; Hangul is written with spaces.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{2E80}'..='\u{312F}' | '\u{31A0}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF9F}'
        | '\u{20000}'..='\u{3FFFD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbatim_words_are_printable_ascii_without_specials() {
        let words = Verbatim::new(b"&<>");
        for length in 0..=17 {
            for at in 0..length {
                for c in ('\0'..='\u{7F}').chain(['é', '你', '\u{2028}', '👩']) {
                    let word = (0..length)
                        .map(|i| if i == at { c } else { 'x' })
                        .collect::<String>();
                    let mut track = Track::new();
                    for text in ["&\0", &word, "é< \u{FF}behind the word"] {
                        track.push_nanos(text, 0, 0, None).unwrap();
                    }
                    let plain = c.is_ascii_graphic() && !"&<>".contains(c) && word.len() <= 16;
                    let mut buf = b"-".to_vec();
                    assert_eq!(words.put(&mut buf, &track, 1), plain, "{word:?}");
                    let wanted = if plain {
                        format!("-{word}")
                    } else {
                        "-".into()
                    };
                    assert_eq!(buf, wanted.as_bytes());
                }
            }
        }
    }

    #[test]
    fn the_end_of_a_track_is_left_to_others() {
        let mut track = Track::new();
        for word in ["", "a", "b"] {
            track.push_nanos(word, 0, 0, None).unwrap();
        }
        for index in 0..3 {
            assert!(!Verbatim::new(b"").put(&mut Vec::new(), &track, index));
        }
    }
}
