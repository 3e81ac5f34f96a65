//! The one time base, nanoseconds in a `u64`, and the clocks that formats print.

use std::time::Duration;

use crate::error::{Result, TimeField, TimingError};

/// Latest time the crate counts: a million hours, in seconds.
pub const MAX_SECONDS: u64 = 3_600_000_000;

pub(crate) const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// Nanoseconds in a microsecond, a millisecond and a centisecond: the ticks of the formats.
pub(crate) const MICRO: u64 = 1_000;
pub(crate) const MILLI: u64 = 1_000_000;
pub(crate) const CENTI: u64 = 10_000_000;

/// Nanoseconds of `value` seconds, rounded half up; what decimal numbers of up to nine places mean.
pub(crate) fn from_seconds(value: f64, index: usize, field: TimeField) -> Result<u64> {
    if !value.is_finite() {
        return Err(TimingError::NotFinite {
            index,
            field,
            value,
        });
    }
    if value < 0.0 {
        return Err(TimingError::Negative {
            index,
            field,
            value,
        });
    }
    if value > MAX_SECONDS as f64 {
        return Err(TimingError::TooLate {
            index,
            field,
            value,
            limit: MAX_SECONDS,
        });
    }
    Ok((value * NANOS_PER_SECOND as f64 + 0.5) as u64)
}

/// Nanoseconds of a duration.
#[inline]
pub(crate) fn from_duration(value: Duration, index: usize, field: TimeField) -> Result<u64> {
    if value.as_secs() >= MAX_SECONDS {
        let value = value.as_secs_f64();
        return Err(TimingError::TooLate {
            index,
            field,
            value,
            limit: MAX_SECONDS,
        });
    }
    Ok(value.as_secs() * NANOS_PER_SECOND + u64::from(value.subsec_nanos()))
}

/// Seconds of a count of nanoseconds, for messages.
pub(crate) fn seconds(nanos: u64) -> f64 {
    nanos as f64 / NANOS_PER_SECOND as f64
}

/// The count of whole ticks nearest to an absolute time, halves up.
///
/// Monotone, so words in order stay in order; every printed time goes through here exactly once.
#[inline]
pub(crate) fn ticks<const TICK: u64>(nanos: u64) -> u64 {
    (nanos + TICK / 2) / TICK
}

/// `00` to `99`.
pub(crate) const PAIRS: [[u8; 2]; 100] = {
    let mut table = [[0; 2]; 100];
    let mut i = 0;
    while i < 100 {
        table[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    table
};

/// `000` to `999`.
static TRIPLES: [[u8; 3]; 1000] = {
    let mut table = [[0; 3]; 1000];
    let mut i = 0;
    while i < 1000 {
        table[i] = [
            b'0' + (i / 100) as u8,
            b'0' + (i / 10 % 10) as u8,
            b'0' + (i % 10) as u8,
        ];
        i += 1;
    }
    table
};

/// Two digits.
#[inline]
pub(crate) fn pair(value: u64) -> [u8; 2] {
    PAIRS[(value % 100) as usize]
}

/// Three digits.
#[inline]
pub(crate) fn triple(value: u64) -> [u8; 3] {
    TRIPLES[(value % 1000) as usize]
}

/// Appends a number in decimal.
pub(crate) fn put_number(buf: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    buf.extend_from_slice(&digits[at..]);
}

/// Prints seconds with three decimals, keeping the whole seconds while they stay the same.
#[derive(Debug)]
pub(crate) struct Decimal {
    second: u64,
    /// The whole seconds and the point.
    text: Vec<u8>,
}

impl Decimal {
    pub(crate) fn new() -> Self {
        Self {
            second: 0,
            text: b"0.".to_vec(),
        }
    }

    /// Appends a time given in nanoseconds, rounded to the millisecond.
    #[inline]
    pub(crate) fn put_millis(&mut self, buf: &mut Vec<u8>, nanos: u64) {
        let millis = ticks::<MILLI>(nanos);
        if millis / 1000 != self.second {
            self.second = millis / 1000;
            self.text.clear();
            put_number(&mut self.text, self.second);
            self.text.push(b'.');
        }
        buf.extend_from_slice(&self.text);
        buf.extend_from_slice(&triple(millis));
    }
}

/// Appends a count of microseconds as seconds with six decimals.
pub(crate) fn put_micros(buf: &mut Vec<u8>, micros: u64) {
    put_number(buf, micros / 1_000_000);
    buf.push(b'.');
    buf.extend_from_slice(&triple(micros / 1000));
    buf.extend_from_slice(&triple(micros));
}

/// Appends a score: up to four decimals if they say it all, as many as it takes if not.
pub(crate) fn put_score(buf: &mut Vec<u8>, score: f32) {
    let scaled = (f64::from(score) * 1e4).round();
    if (0.0..=1e4).contains(&scaled) && (scaled / 1e4) as f32 == score {
        let scaled = scaled as u64;
        let (high, low) = (pair(scaled / 100), pair(scaled));
        buf.extend_from_slice(&[
            b'0' + (scaled / 10_000) as u8,
            b'.',
            high[0],
            high[1],
            low[0],
            low[1],
        ]);
        while buf.ends_with(b"0") {
            buf.pop();
        }
        if buf.ends_with(b".") {
            buf.push(b'0');
        }
    } else {
        buf.extend_from_slice(score.to_string().as_bytes());
    }
}

/// A decimal counter that is incremented in place: cue numbers cost no division.
#[derive(Debug)]
pub(crate) struct Counter {
    value: u64,
    /// Up to eight digits, the first in the lowest byte; behind them nothing that is read.
    digits: u64,
    length: u32,
}

impl Counter {
    /// Counts from a single digit.
    pub(crate) fn from(digit: u8) -> Self {
        Self {
            value: u64::from(digit),
            digits: u64::from(b'0' + digit),
            length: 1,
        }
    }

    /// Appends the current number and moves on.
    #[inline]
    pub(crate) fn put(&mut self, buf: &mut Vec<u8>) {
        let at = buf.len();
        buf.extend_from_slice(&self.digits.to_le_bytes());
        buf.truncate(at + self.length as usize);
        self.value += 1;
        let last = 8 * (self.length - 1);
        if self.value < 100_000_000 && self.digits >> last & 0xFF < u64::from(b'9') {
            self.digits += 1 << last;
        } else {
            self.carry(buf);
        }
    }

    fn carry(&mut self, buf: &mut Vec<u8>) {
        if self.value > 100_000_000 {
            // More digits than fit: the digits just written give way to the number itself.
            buf.truncate(buf.len() - self.length as usize);
            put_number(buf, self.value - 1);
            return;
        }
        if self.value == 100_000_000 {
            return;
        }
        let mut text = Vec::new();
        put_number(&mut text, self.value);
        self.length = text.len() as u32;
        text.resize(8, 0);
        self.digits = text
            .first_chunk()
            .map_or(0, |digits| u64::from_le_bytes(*digits));
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[test]
    fn counter_counts_past_eight_digits() {
        for from in [8, 98, 9_999_998, 99_999_998] {
            let digits = format!("{from:0<8}").into_bytes();
            let digits = u64::from_le_bytes(digits[..8].try_into().unwrap());
            let length = from.to_string().len() as u32;
            let mut counter = Counter {
                value: from,
                digits,
                length,
            };
            for value in from..from + 4 {
                let mut buf = b"x".to_vec();
                counter.put(&mut buf);
                assert_eq!(String::from_utf8(buf).unwrap(), format!("x{value}"));
            }
        }
    }
}
