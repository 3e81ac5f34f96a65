//! Clock times as the formats print them.

use crate::time::{PAIRS, pair, put_number, triple};

/// Times from here on do not fit `HH:MM:SS` and `H:MM:SS`.
const LONG_MILLIS: u64 = 360_000_000;
const SHORT_CENTIS: u64 = 3_600_000;
const LONG_CENTIS: u64 = 36_000_000;

/// Prints `HH:MM:SS?mmm`, keeping the part before the fraction while the second stays the same.
///
/// Stamps are put together in registers: pieces stored one by one and loaded as a whole would wait
/// for each other in the processor's store buffer, which took half of the time of a writer.
#[derive(Debug)]
pub(crate) struct Clock {
    second: u64,
    /// `HH:MM:SS`, the first character in the lowest byte, as long as hours take two digits.
    text: u64,
    separator: u8,
}

impl Clock {
    pub(crate) fn new(separator: u8) -> Self {
        Self {
            second: 0,
            text: u64::from_le_bytes(*b"00:00:00"),
            separator,
        }
    }

    /// Appends a count of milliseconds; hours take two digits or as many as they need.
    #[inline]
    pub(crate) fn put_millis(&mut self, buf: &mut Vec<u8>, millis: u64) {
        if millis >= LONG_MILLIS {
            self.put_long(buf, millis / 1000);
            buf.extend_from_slice(&triple(millis));
            return;
        }
        let (text, fraction) = self.stamp(millis);
        let stamp = u128::from(text) | u128::from(u32::from_le_bytes(fraction)) << 64;
        if let Some(bytes) = stamp.to_le_bytes().first_chunk::<12>() {
            buf.extend_from_slice(bytes);
        }
    }

    /// Appends a line with two times in milliseconds and an arrow between them.
    #[inline]
    pub(crate) fn put_arrow(&mut self, buf: &mut Vec<u8>, start: u64, end: u64) {
        let at = buf.len();
        buf.extend_from_slice(b"00:00:00,000 --> 00:00:00,000\n");
        match buf[at..].first_chunk_mut::<30>() {
            Some(line) if start.max(end) < LONG_MILLIS => {
                let (text, fraction) = self.stamp(start);
                line[..8].copy_from_slice(&text.to_le_bytes());
                line[8..12].copy_from_slice(&fraction);
                let (text, fraction) = self.stamp(end);
                line[17..25].copy_from_slice(&text.to_le_bytes());
                line[25..29].copy_from_slice(&fraction);
            }
            _ => {
                buf.truncate(at);
                self.put_millis(buf, start);
                buf.extend_from_slice(b" --> ");
                self.put_millis(buf, end);
                buf.push(b'\n');
            }
        }
    }

    /// Appends a count of centiseconds; hours take as many digits as they need.
    #[inline]
    pub(crate) fn put_centis(&mut self, buf: &mut Vec<u8>, centis: u64) {
        let fraction = pair(centis);
        if centis >= SHORT_CENTIS {
            self.put_long(buf, centis / 100);
        } else {
            buf.extend_from_slice(&self.short(centis / 100).to_le_bytes());
        }
        buf.extend_from_slice(&fraction);
    }

    /// Appends the fields of an ASS event up to its text, times in centiseconds.
    #[inline]
    pub(crate) fn put_event(&mut self, buf: &mut Vec<u8>, start: u64, end: u64) {
        let at = buf.len();
        buf.extend_from_slice(b"Dialogue: 0,0:00:00.00,0:00:00.00,Default,,0,0,0,,");
        match buf[at..].first_chunk_mut::<50>() {
            Some(line) if start.max(end) < SHORT_CENTIS => {
                line[12..20].copy_from_slice(&self.short(start / 100).to_le_bytes());
                line[20..22].copy_from_slice(&pair(start));
                line[23..31].copy_from_slice(&self.short(end / 100).to_le_bytes());
                line[31..33].copy_from_slice(&pair(end));
            }
            _ => {
                buf.truncate(at);
                self.put_late_event(buf, start, end);
            }
        }
    }

    /// As [`Clock::put_event`], from ten hours on.
    fn put_late_event(&mut self, buf: &mut Vec<u8>, start: u64, end: u64) {
        let at = buf.len();
        buf.extend_from_slice(b"Dialogue: 0,00:00:00.00,00:00:00.00,Default,,0,0,0,,");
        match buf[at..].first_chunk_mut::<52>() {
            Some(line) if start >= SHORT_CENTIS && end < LONG_CENTIS => {
                line[12..20].copy_from_slice(&self.stamp(start * 10).0.to_le_bytes());
                line[21..23].copy_from_slice(&pair(start));
                line[24..32].copy_from_slice(&self.stamp(end * 10).0.to_le_bytes());
                line[33..35].copy_from_slice(&pair(end));
            }
            _ => {
                buf.truncate(at + 12);
                self.put_centis(buf, start);
                buf.push(b',');
                self.put_centis(buf, end);
                buf.extend_from_slice(b",Default,,0,0,0,,");
            }
        }
    }

    /// Appends a count of milliseconds; hours take as many digits as they need.
    pub(crate) fn put_short_millis(&mut self, buf: &mut Vec<u8>, millis: u64) {
        if millis >= SHORT_CENTIS * 10 {
            self.put_long(buf, millis / 1000);
        } else {
            buf.extend_from_slice(&self.short(millis / 1000).to_le_bytes());
        }
        buf.extend_from_slice(&triple(millis));
    }

    /// `HH:MM:SS`, the separator and the fraction.
    #[inline]
    fn stamp(&mut self, millis: u64) -> (u64, [u8; 4]) {
        let second = (millis / 1000) as u32;
        if u64::from(second) != self.second {
            self.turn(second);
        }
        let [a, b, c] = triple(millis);
        (self.text, [self.separator, a, b, c])
    }

    /// `H:MM:SS` and the separator.
    #[inline]
    fn short(&mut self, second: u64) -> u64 {
        if second != self.second {
            self.turn(second as u32);
        }
        self.text >> 8 | u64::from(self.separator) << 56
    }

    #[cold]
    fn put_long(&self, buf: &mut Vec<u8>, second: u64) {
        put_number(buf, second / 3600);
        let (minute, second) = (pair(second / 60 % 60), pair(second % 60));
        buf.extend_from_slice(&[b':', minute[0], minute[1], b':', second[0], second[1]]);
        buf.push(self.separator);
    }

    #[inline]
    fn turn(&mut self, second: u32) {
        self.second = u64::from(second);
        let [h, i] = PAIRS[(second / 3600 % 100) as usize];
        let [m, n] = PAIRS[(second / 60 % 60) as usize];
        let [s, t] = PAIRS[(second % 60) as usize];
        self.text = u64::from_le_bytes([h, i, b':', m, n, b':', s, t]);
    }
}
