//! A sorted list of keys and values, kept as the text it was packed as.

use std::{cmp::Ordering, io::Read as _};

use flate2::read::DeflateDecoder;

/// Lines `key value`, sorted by key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    text: String,
}

impl Lines {
    /// Unpacks deflated lines. The crate's own data is whole, which a test checks; damaged data
    /// would give as many lines as can be read.
    pub(crate) fn inflate(packed: &[u8]) -> Self {
        let mut bytes = Vec::new();
        let _ = DeflateDecoder::new(packed).read_to_end(&mut bytes);
        Self {
            text: String::from_utf8(bytes).unwrap_or_default(),
        }
    }

    /// Takes the lines as they are.
    #[cfg(any(feature = "train", test))]
    pub(crate) fn from_text(text: String) -> Self {
        Self { text }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let bytes = self.text.as_bytes();
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = bytes[..middle]
                .iter()
                .rposition(|&b| b == b'\n')
                .map_or(0, |p| p + 1);
            let end = bytes[middle..]
                .iter()
                .position(|&b| b == b'\n')
                .map_or(bytes.len(), |p| middle + p);
            let (found, value) = self.text[start..end].split_once(' ')?;
            match found.cmp(key) {
                Ordering::Equal => return Some(value),
                Ordering::Less => low = end + 1,
                Ordering::Greater => high = start,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_no_other() {
        let keys: Vec<String> = (0..200).map(|i| format!("k{:03}", i * 3)).collect();
        let lines = keys.iter().map(|k| format!("{k} v{k}\n")).collect();
        let lines = Lines::from_text(lines);
        for i in 0..600 {
            let key = format!("k{i:03}");
            let expected = keys.contains(&key).then(|| format!("v{key}"));
            assert_eq!(lines.get(&key), expected.as_deref());
        }
        assert_eq!(lines.get(""), None);
        assert_eq!(lines.get("zzz"), None);
        assert_eq!(Lines::default().get("k"), None);
    }
}
