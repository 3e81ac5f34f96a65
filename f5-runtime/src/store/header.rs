//! Whether the header of a safetensors file describes exactly the bytes that the file has.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;

use super::error::StoreError;
use super::name::ArtifactName;

/// The largest header that the safetensors format allows.
const MAX_HEADER: u64 = 100_000_000;

/// What is wrong with the header of a safetensors file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// It is longer than the format allows.
    #[error("its header is longer than {max} bytes")]
    TooLong {
        /// The most bytes that it may have.
        max: u64,
    },
    /// It is not what it should be written in.
    #[error("its header is no JSON object: {message}")]
    NotJson {
        /// What is wrong.
        message: String,
    },
    /// An entry lacks something.
    #[error("the entry of tensor {tensor:?} is malformed: {message}")]
    BadEntry {
        /// The tensor.
        tensor: String,
        /// What is wrong.
        message: String,
    },
    /// A type of values that the format does not have.
    #[error("tensor {tensor:?} has the unknown dtype {dtype:?}")]
    UnknownDtype {
        /// The tensor.
        tensor: String,
        /// Its type.
        dtype: String,
    },
    /// Dtype and shape ask for another number of bytes than there are.
    #[error("tensor {tensor:?} has {got} bits, its dtype and shape ask for {}", bits(*expected))]
    WrongLength {
        /// The tensor.
        tensor: String,
        /// Bits that dtype and shape ask for; none if that is no number of 64 bits.
        expected: Option<u64>,
        /// Bits of the bytes that it is given.
        got: u64,
    },
    /// A tensor overlaps the one before it, or there is a gap between them.
    #[error(
        "tensor {tensor:?} begins at byte {got} of the data, the one before it ends at {expected}"
    )]
    NotAdjacent {
        /// The tensor.
        tensor: String,
        /// Where it should begin.
        expected: u64,
        /// Where it begins.
        got: u64,
    },
    /// The data ends before the tensors do, or after.
    #[error("its tensors take {expected} bytes, it has {got}")]
    WrongEnd {
        /// Bytes that the tensors take.
        expected: u64,
        /// Bytes that follow the header.
        got: u64,
    },
}

fn bits(expected: Option<u64>) -> String {
    expected.map_or("more than can be".to_owned(), |bits| bits.to_string())
}

/// What the header says of a tensor.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// Checks the header of a safetensors file; returns how many bytes were read. Files of other names
/// have no header.
pub(super) fn check_header(name: &ArtifactName, size: u64, path: &Path) -> Result<u64, StoreError> {
    if !name.as_str().ends_with(".safetensors") {
        return Ok(0);
    }
    let file = File::open(path).map_err(StoreError::io("open", path))?;
    check_header_in(name, size, file, path)
}

/// The same of a file that is open, at its beginning; `path` is told where it cannot be read.
pub(super) fn check_header_in(
    name: &ArtifactName,
    size: u64,
    file: impl Read,
    path: &Path,
) -> Result<u64, StoreError> {
    if !name.as_str().ends_with(".safetensors") {
        return Ok(0);
    }
    let bytes = read_header(file, size).map_err(StoreError::io("read", path))?;
    let read = bytes.len() as u64 + 8;
    described(&bytes, size)
        .map(|()| read)
        .map_err(|source| StoreError::NotSafetensors {
            name: name.clone(),
            source,
        })
}

fn read_header(mut file: impl Read, size: u64) -> io::Result<Vec<u8>> {
    let mut len = [0; 8];
    let mut header = Vec::new();
    if size >= 8 {
        file.read_exact(&mut len)?;
        let len = u64::from_le_bytes(len).min(MAX_HEADER + 1);
        file.take(len).read_to_end(&mut header)?;
    }
    Ok(header)
}

/// Checks that the tensors fill what follows `header` in a file of `size` bytes, each as its dtype
/// and shape say, without overlap and without gap.
fn described(header: &[u8], size: u64) -> Result<(), HeaderError> {
    if header.len() as u64 > MAX_HEADER {
        return Err(HeaderError::TooLong { max: MAX_HEADER });
    }
    let mut values: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|e| HeaderError::NotJson {
            message: e.to_string(),
        })?;
    values.remove("__metadata__");
    let mut entries = Vec::with_capacity(values.len());
    for (tensor, value) in values {
        match Entry::deserialize(value) {
            Ok(entry) => entries.push((tensor, entry)),
            Err(e) => {
                let message = e.to_string();
                return Err(HeaderError::BadEntry { tensor, message });
            }
        }
    }
    // Empty ones come before what begins at the same place.
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut expected = 0;
    for (tensor, entry) in entries {
        let (got, end) = entry.data_offsets;
        if got != expected {
            return Err(HeaderError::NotAdjacent {
                tensor,
                expected,
                got,
            });
        }
        check_length(tensor, &entry)?;
        expected = end;
    }
    let got = size.saturating_sub(8 + header.len() as u64);
    if got == expected {
        Ok(())
    } else {
        Err(HeaderError::WrongEnd { expected, got })
    }
}

fn check_length(tensor: String, entry: &Entry) -> Result<(), HeaderError> {
    let Some(width) = bit_width(&entry.dtype) else {
        let dtype = entry.dtype.clone();
        return Err(HeaderError::UnknownDtype { tensor, dtype });
    };
    let (begin, end) = entry.data_offsets;
    let expected = entry
        .shape
        .iter()
        .try_fold(width, |product, &n| product.checked_mul(n));
    // A span that ends before it begins has no bits; one of more bits than can be counted is longer
    // than any file.
    let got = end.saturating_sub(begin).saturating_mul(8);
    if end >= begin && expected == Some(got) {
        Ok(())
    } else {
        Err(HeaderError::WrongLength {
            tensor,
            expected,
            got,
        })
    }
}

/// Bits of a value, for every type that version 0.8 of the format's own library reads.
fn bit_width(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ"
        | "F8_E5M2FNUZ" => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "I64" | "U64" | "F64" | "C64" => 64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found wrong in a file of `data` bytes whose header lists these entries.
    fn check(entries: &[(&str, &str, &str, [u64; 2])], data: u64) -> Result<(), HeaderError> {
        let entry = |(name, dtype, shape, [begin, end]): &(&str, &str, &str, [u64; 2])| {
            format!(
                r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}"#
            )
        };
        let entries: Vec<String> = entries.iter().map(entry).collect();
        let header = format!(r#"{{"__metadata__":{{"a":"b"}},{}}}"#, entries.join(","));
        described(header.as_bytes(), 8 + header.len() as u64 + data)
    }

    #[test]
    fn spans_that_follow_each_other_to_the_end_are_right() {
        let entries = [
            ("z", "F32", "[2,3]", [0, 24]),
            ("b", "BF16", "[5]", [24, 34]),
            ("none", "I64", "[0,7]", [34, 34]),
            ("a", "F4", "[4]", [34, 36]),
            ("scalar", "F64", "[]", [36, 44]),
        ];
        assert_eq!(check(&entries, 44), Ok(()));
        assert_eq!(described(b"{}", 10), Ok(()));
    }

    #[test]
    fn spans_of_another_length_than_dtype_and_shape_ask_for_are_refused() {
        for (dtype, shape, span, expected, got) in [
            ("F32", "[3]", [0, 8], Some(96), 64),
            ("F16", "[4,2]", [0, 8], Some(128), 64),
            ("F4", "[3]", [0, 2], Some(12), 16),
            ("U8", "[0]", [0, 8], Some(0), 64),
            ("U8", "[4294967296,4294967296]", [0, 8], None, 64),
            ("U8", "[0]", [0, u64::MAX], Some(0), u64::MAX),
        ] {
            let tensor = "x".to_owned();
            let wrong = HeaderError::WrongLength {
                tensor,
                expected,
                got,
            };
            assert_eq!(check(&[("x", dtype, shape, span)], 8), Err(wrong));
        }
        // Backwards, after one that is right.
        let entries = [("a", "U8", "[8]", [0, 8]), ("b", "U8", "[0]", [8, 4])];
        let wrong = |r| matches!(r, Err(HeaderError::WrongLength { tensor, .. }) if tensor == "b");
        assert!(wrong(check(&entries, 8)));
    }

    #[test]
    fn gaps_and_overlaps_are_refused() {
        let apart = |expected, got| {
            let tensor = "b".to_owned();
            Err(HeaderError::NotAdjacent {
                tensor,
                expected,
                got,
            })
        };
        let second = |begin, end| ("b", "U8", "[4]", [begin, end]);
        for (begin, data) in [(3, 8), (5, 9), (0, 8)] {
            let entries = [("a", "U8", "[4]", [0, 4]), second(begin, begin + 4)];
            assert_eq!(check(&entries, data), apart(4, begin));
        }
        assert_eq!(check(&[second(1, 5)], 5), apart(0, 1));
        for data in [3, 5] {
            let (expected, got) = (4, data);
            let wrong = HeaderError::WrongEnd { expected, got };
            assert_eq!(check(&[second(0, 4)], data), Err(wrong));
        }
    }

    #[test]
    fn unknown_types_and_malformed_entries_are_named() {
        let (tensor, dtype) = ("x".to_owned(), "F128".to_owned());
        assert_eq!(
            check(&[("x", "F128", "[1]", [0, 16])], 16),
            Err(HeaderError::UnknownDtype { tensor, dtype })
        );
        let header = br#"{"x":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#;
        let result = described(header, 9 + header.len() as u64);
        assert!(matches!(result, Err(HeaderError::BadEntry { tensor, .. }) if tensor == "x"));
        let result = described(b"<html>", 14);
        assert!(matches!(result, Err(HeaderError::NotJson { .. })));
    }
}
