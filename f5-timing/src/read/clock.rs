//! Printed times back to nanoseconds.

use crate::time::{MAX_SECONDS, NANOS_PER_SECOND};

/// A time as printed: `[[h:]m:]s[.fraction]`, with what strict readers look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// Digits of hours, minutes and seconds; hours and minutes may be absent.
    pub(crate) fields: [&'a str; 3],
    /// Separator and digits of the fraction.
    pub(crate) fraction: Option<(char, &'a str)>,
}

/// Splits a time; `None` if it is not made of digits, colons and one `.` or `,`.
pub(crate) fn parts(text: &str) -> Option<Parts<'_>> {
    let count = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut fields = [""; 3];
    let mut rest = text;
    loop {
        let (field, behind) = rest.split_at(count(rest));
        if field.is_empty() || !fields[0].is_empty() {
            return None;
        }
        fields = [fields[1], fields[2], field];
        let separator = match behind.as_bytes().first() {
            None => {
                let fraction = None;
                return Some(Parts { fields, fraction });
            }
            Some(b':') => ':',
            Some(b'.') => '.',
            Some(b',') => ',',
            Some(_) => return None,
        };
        rest = &behind[1..];
        if separator != ':' {
            let fraction = Some((separator, rest));
            let whole = !rest.is_empty() && count(rest) == rest.len();
            return whole.then_some(Parts { fields, fraction });
        }
    }
}

impl Parts<'_> {
    /// Whether minutes and seconds have two digits and stay below 60, hours have at least `hours`
    /// digits (0: none are needed) and the fraction follows `separator` with `digits` digits.
    pub(crate) fn is_strict(&self, hours: usize, separator: char, digits: usize) -> bool {
        let [h, m, s] = self.fields;
        let sixty = |text: &str| text.len() == 2 && text < "60";
        let hours_fit = if h.is_empty() {
            hours == 0
        } else {
            h.len() >= hours.max(1)
        };
        let fraction = self.fraction;
        hours_fit
            && sixty(m)
            && sixty(s)
            && fraction.is_some_and(|(sep, text)| sep == separator && text.len() == digits)
    }

    /// Nanoseconds, further decimals rounded half up; `None` beyond the limit of the crate.
    pub(crate) fn nanos(&self) -> Option<u64> {
        let seconds = self.whole_seconds()?;
        let fraction = self.fraction.map_or("", |(_, text)| text).as_bytes();
        let mut nanos = 0;
        for i in 0..9 {
            nanos = nanos * 10 + fraction.get(i).map_or(0, |digit| u64::from(digit - b'0'));
        }
        let up = u64::from(fraction.get(9).is_some_and(|digit| *digit >= b'5'));
        let nanos = seconds * NANOS_PER_SECOND + nanos + up;
        (nanos <= MAX_SECONDS * NANOS_PER_SECOND).then_some(nanos)
    }

    /// The part before the fraction.
    pub(crate) fn whole_seconds(&self) -> Option<u64> {
        let number = |text: &str| {
            if text.is_empty() {
                Some(0)
            } else {
                text.parse::<u64>().ok()
            }
        };
        let [h, m, s] = self.fields;
        let minutes = number(h)?.checked_mul(60)?.checked_add(number(m)?)?;
        let seconds = minutes.checked_mul(60)?.checked_add(number(s)?)?;
        (seconds <= MAX_SECONDS).then_some(seconds)
    }
}

/// Nanoseconds of a plain decimal number of seconds.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let parts = parts(text).filter(|parts| parts.fields[1].is_empty())?;
    parts
        .fraction
        .is_none_or(|(separator, _)| separator == '.')
        .then(|| parts.nanos())?
}
