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
    if value > Duration::from_secs(MAX_SECONDS) {
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

/// A number in decimal: digits from the index to the end.
fn digits(mut value: u64) -> ([u8; 20], usize) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    while value >= 100 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&pair(value));
        value /= 100;
    }
    let [tens, ones] = pair(value);
    at -= 1;
    digits[at] = ones;
    if value >= 10 {
        at -= 1;
        digits[at] = tens;
    }
    (digits, at)
}

/// Appends a number in decimal.
pub(crate) fn put_number(buf: &mut Vec<u8>, value: u64) {
    let (digits, at) = digits(value);
    buf.extend_from_slice(&digits[at..]);
}

/// Appends the first bytes of a register: one store of a fixed size, then a shorter length.
#[inline]
pub(crate) fn put_first<const N: usize>(buf: &mut Vec<u8>, bytes: [u8; N], length: usize) {
    let at = buf.len();
    buf.extend_from_slice(&bytes);
    buf.truncate(at + length);
}

/// Prints seconds with three decimals, keeping the whole seconds while they stay the same.
#[derive(Debug)]
pub(crate) struct Decimal {
    second: u64,
    /// The whole seconds and the point, the first character in the lowest byte: with three
    /// decimals the latest time takes 14 bytes.
    text: u128,
    length: u32,
}

impl Decimal {
    pub(crate) fn new() -> Self {
        Self {
            second: 0,
            text: u128::from(u16::from_le_bytes(*b"0.")),
            length: 2,
        }
    }

    /// Appends a time given in nanoseconds, rounded to the millisecond.
    #[inline]
    pub(crate) fn put_millis(&mut self, buf: &mut Vec<u8>, nanos: u64) {
        let millis = ticks::<MILLI>(nanos);
        if millis / 1000 != self.second {
            self.turn(millis / 1000);
        }
        let [a, b, c] = triple(millis);
        let fraction = u128::from(u32::from_le_bytes([a, b, c, 0]));
        let text = self.text | fraction << (8 * self.length);
        put_first(buf, text.to_le_bytes(), self.length as usize + 3);
    }

    fn turn(&mut self, second: u64) {
        let next = self.second + 1;
        self.second = second;
        // Mostly it is the next second, and only its last digit is another.
        let last = 8 * (self.length - 2);
        if second == next && self.text >> last & 0xFF < u128::from(b'9') {
            self.text += 1 << last;
            return;
        }
        let (digits, at) = digits(second);
        self.text = u128::from(b'.');
        for digit in digits[at..].iter().rev() {
            self.text = self.text << 8 | u128::from(*digit);
        }
        self.length = (digits.len() - at) as u32 + 1;
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
#[inline]
pub(crate) fn put_score(buf: &mut Vec<u8>, score: f32) {
    // Numbers that are not between 0 and 1 saturate or fail the comparison, as NaN does. Both sides
    // of the division are exact, so its result is the number that the decimals are read as.
    let scaled = (f64::from(score) * 1e4 + 0.5) as u32;
    if scaled > 10_000 || scaled as f32 / 1e4 != score {
        buf.extend_from_slice(score.to_string().as_bytes());
        return;
    }
    let ([a, b], [c, d]) = (pair(u64::from(scaled / 100)), pair(u64::from(scaled)));
    // Where the decimals end in noughts, the high bytes of this are zero.
    let decimals = u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes(*b"0000");
    let length = 4 - decimals.leading_zeros() as usize / 8;
    let text = [b'0' + (scaled / 10_000) as u8, b'.', a, b, c, d, 0, 0];
    put_first(buf, text, 2 + length.max(1));
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
        put_first(buf, self.digits.to_le_bytes(), self.length as usize);
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
        let (digits, at) = digits(self.value);
        self.length = (digits.len() - at) as u32;
        self.digits = digits[at..]
            .iter()
            .rev()
            .fold(0, |text, digit| text << 8 | u64::from(*digit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_the_times() {
        let mut decimal = Decimal::new();
        let powers = (0..10).map(|power| 10u64.pow(power));
        let seconds = powers.flat_map(|power| [power - 1, power, power + 1, power * 3 + 5]);
        for second in seconds.chain([MAX_SECONDS]) {
            for millis in [0, 7, 90, 999] {
                let mut buf = b"x".to_vec();
                decimal.put_millis(&mut buf, second * NANOS_PER_SECOND + millis * MILLI);
                let wanted = format!("x{second}.{millis:03}");
                assert_eq!(String::from_utf8(buf).unwrap(), wanted);
            }
        }
    }

    #[test]
    fn scores_are_read_back() {
        let short = (0..=10_000).map(|i| (i as f64 / 1e4) as f32);
        let long = [
            1.0 / 3.0,
            0.123_456,
            1e-7,
            1.000_1,
            2.5,
            -0.25,
            1e9,
            f32::MIN_POSITIVE,
        ];
        for (i, score) in short.chain(long).enumerate() {
            let mut buf = Vec::new();
            put_score(&mut buf, score);
            let text = String::from_utf8(buf).unwrap();
            assert_eq!(text.parse::<f32>().unwrap(), score);
            if i <= 10_000 {
                assert_eq!(text, format!("{:?}", i as f64 / 1e4));
            }
        }
    }

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
