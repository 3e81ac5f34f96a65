//! How a value or the reason for its absence is written down: the reason with its message and remedy.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a reason has besides its data.
pub(super) trait Reason: fmt::Display {
    fn remedy(&self) -> &'static str;
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Written<'a, T, R> {
    Available(&'a T),
    Unavailable {
        reason: &'a R,
        message: String,
        remedy: &'a str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Read<T, R> {
    Available(T),
    Unavailable { reason: R },
}

pub(super) fn serialize<T, R, S>(finding: &Result<T, R>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Serialize,
    R: Serialize + Reason,
    S: Serializer,
{
    match finding {
        Ok(value) => Written::Available(value),
        Err(reason) => Written::Unavailable {
            reason,
            message: reason.to_string(),
            remedy: reason.remedy(),
        },
    }
    .serialize(serializer)
}

pub(super) fn deserialize<'de, T, R, D>(deserializer: D) -> Result<Result<T, R>, D::Error>
where
    T: Deserialize<'de>,
    R: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(match Read::deserialize(deserializer)? {
        Read::Available(value) => Ok(value),
        Read::Unavailable { reason } => Err(reason),
    })
}
