//! Names and digests that cannot lead out of the store: every path is made of these.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MAX_NAME: usize = 200;
/// Device names that Windows reserves in every folder, with any extension.
const RESERVED: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt"];

/// Name of an artifact: parts of ASCII letters, digits, `.`, `_` and `-`, joined by `/`.
///
/// ```
/// use f5_runtime::store::ArtifactName;
///
/// assert!("F5TTS_v1_Base/model.safetensors".parse::<ArtifactName>().is_ok());
/// assert!("../model.safetensors".parse::<ArtifactName>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArtifactName(String);

impl ArtifactName {
    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the last `/`.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

/// A name that could lead out of the store or that some system cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "bad artifact name {name:?}; use parts of letters, digits, '.', '_' and '-' joined by '/', \
     none of them hidden or reserved"
)]
#[non_exhaustive]
pub struct NameError {
    /// The name, cut after 200 characters.
    pub name: String,
}

impl FromStr for ArtifactName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        if name.len() <= MAX_NAME && name.split('/').all(is_part) {
            Ok(Self(name.to_owned()))
        } else {
            Err(NameError {
                name: name.chars().take(MAX_NAME).collect(),
            })
        }
    }
}

fn is_part(part: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    !part.is_empty()
        && part.bytes().all(allowed)
        && !part.starts_with(['.', '-'])
        && !part.ends_with('.')
        && !RESERVED.contains(&stem)
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ArtifactName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        name.parse()
    }
}

impl From<ArtifactName> for String {
    fn from(name: ArtifactName) -> Self {
        name.0
    }
}

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of `data`.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(data).into())
    }

    /// The digest of all that `reader` gives.
    ///
    /// # Errors
    ///
    /// The reader's.
    pub fn of_reader(reader: impl std::io::Read) -> std::io::Result<Self> {
        super::check::digest_of(reader).map(|(digest, _)| digest)
    }
}

/// Text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad digest {text:?}; wanted 64 lower-case hexadecimal digits")]
#[non_exhaustive]
pub struct DigestError {
    /// The text, cut after 80 characters.
    pub text: String,
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let value = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        let parsed = (text.len() == 64).then_some(()).and_then(|()| {
            for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                *byte = value(pair[0])? << 4 | value(pair[1])?;
            }
            Some(Self(bytes))
        });
        parsed.ok_or_else(|| DigestError {
            text: text.chars().take(80).collect(),
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_names_are_refused() {
        for name in [
            "",
            "/",
            "/abs",
            "a/",
            "a//b",
            "..",
            "../x",
            "a/../../b",
            ".",
            "./a",
            ".hidden",
            "-rf",
            "C:\\x",
            "C:x",
            "\\\\?\\x",
            "a\\b",
            "a\0b",
            "a b",
            "trailing.",
            "con",
            "NUL.txt",
            "com1",
            "LPT9.safetensors",
            "é",
            "e\u{301}",
            "a\nb",
            "~",
            "a:b",
            "a%2e",
            "models--x/../y",
        ] {
            assert!(name.parse::<ArtifactName>().is_err(), "{name:?}");
        }
        assert!("x".repeat(201).parse::<ArtifactName>().is_err());
        for name in [
            "a",
            "a/b.c",
            "F5TTS_v1_Base/model_1250000.safetensors",
            "console",
            "nullable",
        ] {
            assert_eq!(name.parse::<ArtifactName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn digests_have_one_spelling() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), text);
        assert_eq!(text.parse(), Ok(Digest::of(b"")));
        for bad in [
            &text[1..],
            &text.to_uppercase(),
            &format!("{text}0"),
            "",
            &"/".repeat(64),
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }

    /// A million hostile names: pieces that path handling trips over, joined at random. Checked
    /// against the standard library's idea of a path, and against none of ours.
    #[test]
    fn no_accepted_name_escapes() {
        let pieces = [
            "..", ".", "/", "\\", "a", "b.c", "-", "_", "\0", " ", ":", "C", "nul", "con.", "%",
            "~", "é", "…", "\u{202e}", "A1", "//",
        ];
        let mut state = 1u64;
        let mut accepted = 0;
        for _ in 0..1_000_000 {
            let mut name = String::new();
            loop {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                name.push_str(pieces[(state >> 33) as usize % pieces.len()]);
                if state >> 61 == 0 || name.len() > 250 {
                    break;
                }
            }
            if let Ok(name) = name.parse::<ArtifactName>() {
                accepted += 1;
                let path = Path::new(name.as_str());
                assert!(
                    path.components().all(|c| matches!(c, Component::Normal(_))),
                    "{name}"
                );
                assert!(
                    path.components().count() == name.as_str().split('/').count(),
                    "{name}"
                );
            }
        }
        assert!(accepted > 1000, "{accepted}");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = text.parse::<Digest>();
            if let Ok(name) = text.parse::<ArtifactName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }

        #[test]
        fn digests_read_back(bytes: [u8; 32]) {
            let digest = Digest::from_bytes(bytes);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        }
    }
}
