//! Readings of Han characters: pypinyin's phrase dictionary and tone sandhi.
//!
//! Reproduces `lazy_pinyin(text, style=TONE3, tone_sandhi=True)` of pypinyin 0.55.0, whose data are
//! embedded (`assets/README.md` describes them). Sandhi works inside one phrase of the dictionary
//! at a time: that is what the released models were trained on, not what a teacher would say.

use std::{collections::HashMap, io::Read, ops::Range, sync::LazyLock};

use flate2::read::GzDecoder;

/// One reading per character, in TONE3 style: `ni3`, `lv4`, neutral tones without a digit.
///
/// A character without a reading, Han or not, stands for itself.
///
/// ```
/// use f5_core::text::pinyin::lazy_pinyin;
///
/// assert_eq!(lazy_pinyin("你好"), ["ni2", "hao3"]);
/// assert_eq!(lazy_pinyin("银行行长"), ["yin2", "hang2", "hang2", "zhang3"]);
/// ```
#[must_use]
pub fn lazy_pinyin(text: &str) -> Vec<String> {
    let mut readings = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let han = is_han(first);
        let end = rest.find(|c| is_han(c) != han).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        rest = tail;
        if han {
            han_run(run, &mut readings);
        } else {
            readings.extend(run.chars().map(String::from));
        }
    }
    readings
}

/// Forward maximum matching: phrase after phrase, each the longest that fits, else a character.
fn han_run(run: &str, readings: &mut Vec<String>) {
    let mut rest = run;
    // pypinyin gives up phrases for good when all that is left begins a phrase but none has ended.
    let mut singles = false;
    while let Some(first) = rest.chars().next() {
        let (phrase, to_the_end) = if singles {
            (None, false)
        } else {
            DATA.longest_phrase(rest)
        };
        singles |= phrase.is_none() && to_the_end;
        let end = phrase.map_or(first.len_utf8(), |index| DATA.phrase(index).len());
        let (word, tail) = rest.split_at(end);
        rest = tail;
        let from = readings.len();
        readings.extend(DATA.word(word, phrase));
        sandhi(word, &mut readings[from..]);
    }
}

static PACKED: &[u8] = include_bytes!("../../assets/pinyin/pinyin.txt.gz");

// Immutable once unpacked, and the same for everybody.
static DATA: LazyLock<Data> = LazyLock::new(|| {
    let mut text = String::new();
    // The bytes are part of the program: a failure is a broken build, which the tests would show.
    #[allow(clippy::expect_used, reason = "embedded data")]
    GzDecoder::new(PACKED)
        .read_to_string(&mut text)
        .expect("embedded pinyin data unpack");
    Data::new(text)
});

struct Data {
    text: String,
    /// Where the first reading of a character stands in `text`.
    chars: HashMap<char, Range<u32>>,
    /// Lines of the phrases in `text`, sorted.
    phrases: Vec<Range<u32>>,
}

impl Data {
    fn new(text: String) -> Self {
        let mut chars = HashMap::new();
        let mut phrases = Vec::new();
        let mut at = 0;
        let mut in_phrases = false;
        for line in text.split_terminator('\n') {
            let start = at as u32;
            at += line.len() + 1;
            match line.split_once('\t') {
                _ if line.is_empty() => in_phrases = true,
                Some((reading, list)) if !in_phrases => {
                    let span = start..start + reading.len() as u32;
                    chars.extend(list.chars().map(|c| (c, span.clone())));
                }
                _ => phrases.push(start..start + line.len() as u32),
            }
        }
        Self {
            text,
            chars,
            phrases,
        }
    }

    fn span(&self, span: &Range<u32>) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn phrase(&self, index: usize) -> &str {
        self.entry(index).0
    }

    /// A phrase and those of its readings that are not its characters' own.
    fn entry(&self, index: usize) -> (&str, Option<&str>) {
        let line = self.span(&self.phrases[index]);
        line.split_once('\t')
            .map_or((line, None), |(phrase, readings)| (phrase, Some(readings)))
    }

    /// The longest phrase at the start of a text, found by growing a prefix as long as some phrase
    /// begins with it; and whether the whole text begins one.
    fn longest_phrase(&self, text: &str) -> (Option<usize>, bool) {
        let mut found = None;
        let mut low = 0;
        for (at, c) in text.char_indices() {
            let prefix = &text[..at + c.len_utf8()];
            low += self.phrases[low..].partition_point(|line| {
                let line = self.span(line);
                line.split_once('\t').map_or(line, |(phrase, _)| phrase) < prefix
            });
            if low == self.phrases.len() || !self.phrase(low).starts_with(prefix) {
                return (found, false);
            }
            if self.phrase(low) == prefix {
                found = Some(low);
            }
        }
        (found, true)
    }

    /// The readings of a word before sandhi.
    fn word<'a>(
        &'a self,
        word: &'a str,
        phrase: Option<usize>,
    ) -> impl Iterator<Item = String> + 'a {
        let mut other = phrase
            .and_then(|index| self.entry(index).1)
            .unwrap_or("")
            .split(' ');
        word.chars().map(move |c| match other.next() {
            Some(reading) if !reading.is_empty() => reading.to_owned(),
            _ => self
                .chars
                .get(&c)
                .map_or_else(|| c.to_string(), |span| self.span(span).to_owned()),
        })
    }
}

/// pypinyin's tone sandhi of one word, its oddities included: the third tones that change are
/// counted at the end of the word but sought from its start, and 一 before a fourth tone keeps its
/// first tone unless the dictionary says otherwise.
fn sandhi(word: &str, readings: &mut [String]) {
    let third = readings
        .iter()
        .rev()
        .take_while(|reading| tone(reading) == Some('3'))
        .count();
    if third > 1 {
        let changed = readings
            .iter_mut()
            .filter(|reading| tone(reading) == Some('3'));
        changed
            .take(third - 1)
            .for_each(|reading| set_tone(reading, '2'));
    }
    for (numeral, last_tone) in [('不', '4'), ('一', '1')] {
        for (at, _) in word.chars().enumerate().filter(|&(_, c)| c == numeral) {
            match readings.get(at + 1).map(|next| tone(next) == Some('4')) {
                Some(true) if tone(&readings[at]) == Some('4') => set_tone(&mut readings[at], '2'),
                Some(true) => {}
                Some(false) => set_tone(&mut readings[at], '4'),
                None => set_tone(&mut readings[at], last_tone),
            }
        }
    }
}

fn tone(reading: &str) -> Option<char> {
    reading.chars().next_back().filter(char::is_ascii_digit)
}

/// A neutral syllable stays neutral.
fn set_tone(reading: &mut String, digit: char) {
    if tone(reading).is_some() {
        reading.pop();
        reading.push(digit);
    }
}

/// What pypinyin takes for Han (`RE_HANS`), private-use and compatibility characters included.
fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3007}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{e815}'..='\u{e864}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2a6df}'
        | '\u{2a703}'..='\u{2b81d}'
        | '\u{2b825}'..='\u{2bf6e}'
        | '\u{2c029}'..='\u{2ce93}'
        | '\u{2d016}'
        | '\u{2d11b}'..='\u{2ebd9}'
        | '\u{2f80a}'..='\u{2fa1f}'
        | '\u{30000}'..='\u{31288}'
        | '\u{31350}'..='\u{32389}')
}
