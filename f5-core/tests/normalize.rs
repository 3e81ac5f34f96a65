//! What is spoken for what is written, and that the way back is never lost.

use std::ops::Range;

use f5_core::text::{
    TextError,
    normalize::{
        EnglishNormalizer, NoNormalizer, Normalized, PronunciationOverrides, TextNormalizer,
        fold_marks,
    },
};
use proptest::prelude::*;

const CASES: &str = include_str!("data/normalize/english.txt");

fn english(text: &str) -> Normalized {
    EnglishNormalizer::new().normalize(text, "en-US")
}

fn cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = CASES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (written, spoken) = line.split_once("=>").unwrap_or((line, line));
        (written.trim(), spoken.trim())
    })
}

#[test]
fn sentences_are_spoken_as_people_say_them() {
    assert!(cases().count() >= 150);
    let wrong: Vec<_> = cases()
        .map(|(written, spoken)| (written, english(written).text().to_owned(), spoken))
        .filter(|(_, got, spoken)| got != spoken)
        .collect();
    assert!(wrong.is_empty(), "(written, got, expected) {wrong:#?}");
}

/// The map is complete, in order and in range, and outside replacements nothing is changed.
fn check(text: &str, normalized: &Normalized) {
    let original: Vec<char> = text.chars().collect();
    let spoken: Vec<char> = normalized.text().chars().collect();
    let (mut from, mut to) = (0, 0);
    let whole = Range {
        start: original.len(),
        end: original.len(),
    };
    let ends = whole.clone();
    let parts = normalized
        .replacements()
        .iter()
        .map(|one| (one.original.clone(), one.spoken.clone()))
        .chain([(ends, spoken.len()..spoken.len())]);
    for (written, said) in parts {
        assert!(
            from <= written.start && to <= said.start,
            "{text:?} {normalized:?}"
        );
        assert_eq!(
            original[from..written.start],
            spoken[to..said.start],
            "{text:?}"
        );
        for at in to..said.start {
            assert_eq!(
                normalized.to_original(at..at + 1),
                from + at - to..from + at - to + 1
            );
        }
        for at in said.clone() {
            assert_eq!(normalized.to_original(at..at + 1), written);
        }
        (from, to) = (written.end, said.end);
    }
    assert_eq!((from, to), (original.len(), spoken.len()));
}

#[test]
fn replacements_stay_inside_words() {
    for (written, _) in cases() {
        let normalized = english(written);
        check(written, &normalized);
        let chars: Vec<char> = written.chars().collect();
        for one in normalized.replacements() {
            let replaced = &chars[one.original.clone()];
            assert!(
                !replaced.iter().any(|c| c.is_whitespace()),
                "{written}: {replaced:?}"
            );
        }
    }
}

#[test]
fn other_languages_are_left_alone() {
    for (language, spoken) in [
        ("en", "March fourth twenty twenty five"),
        ("en-US", "March fourth twenty twenty five"),
        ("EN_gb", "April third twenty twenty five"),
        ("de", "3/4/2025"),
        ("zh-CN", "3/4/2025"),
        ("", "3/4/2025"),
    ] {
        let got = EnglishNormalizer::new().normalize("3/4/2025", language);
        assert_eq!(got.text(), spoken, "{language}");
    }
    assert!(NoNormalizer.normalize("5", "en").is_unchanged());
}

#[test]
#[cfg(feature = "emoji")]
fn emoji_are_named_or_dropped() {
    for (written, named) in [
        ("Good 👍", "Good thumbs up"),
        ("Good👍🏽.", "Good thumbs up."),
        ("😂😂😂 so funny", "face with tears of joy so funny"),
        ("I ❤️ it", "I red heart it"),
        ("Hi 🇯🇵!", "Hi flag of Japan!"),
        ("© 2024", "Copyright twenty twenty four"),
        ("☃a", "snowman a"),
    ] {
        assert_eq!(english(written).text(), named, "{written}");
    }
    let silent = EnglishNormalizer::new().without_emoji();
    assert_eq!(silent.normalize("Good 👍 5", "en").text(), "Good  five");
}

#[test]
fn blank_lines_and_spaces_stay() {
    let written = "It  costs\n$5.\n\nDr. Hill\tpaid.\r\n\r\n 3rd of May ";
    let spoken = "It  costs\nfive dollars.\n\nDoctor Hill\tpaid.\r\n\r\n Third of May ";
    assert_eq!(english(written).text(), spoken);
}

#[test]
fn overrides_win_and_keep_the_map() {
    let overrides = PronunciationOverrides::parse(
        "\u{feff}# names\nNguyen = win\n\n5G = five gee\nNew York = Noo Yawk\nkilograms = keys\n银行 = yin2 hang2",
    )
    .unwrap()
    .respell_exact("US", "you ess");
    let say = |text: &str| {
        let normalized = overrides.apply(text, english(text));
        check(text, &normalized);
        normalized
    };
    for (written, spoken) in [
        (
            "Dr. NGUYEN's 5g in new york",
            "Doctor win's five gee in Noo Yawk",
        ),
        ("nguyen.com, Nguyenite", "win dot com, Nguyenite"),
        ("US or us", "you ess or us"),
        ("5 kg", "Five keys"),
        ("去银行5G", "去银行five gee"),
    ] {
        assert_eq!(say(written).text(), spoken);
    }
    let read = say("5 kg. 去银行 银行");
    let readings: Vec<_> = read
        .readings()
        .iter()
        .map(|one| (one.at, one.token.as_str()))
        .collect();
    assert_eq!(
        readings,
        [(12, "yin2"), (13, "hang2"), (15, "yin2"), (16, "hang2")]
    );
    assert!(PronunciationOverrides::new().is_empty() && !overrides.is_empty());
}

#[test]
fn overrides_are_read_from_maps_and_refused_with_a_reason() {
    let read: PronunciationOverrides =
        serde_json::from_str(r#"{"SQL": "sequel", "行": "hang2"}"#).unwrap();
    assert_eq!(
        read,
        PronunciationOverrides::parse("行=hang2\nSQL=sequel").unwrap()
    );
    for line in ["Nguyen", "= win", "行 = hang2 hang2", "行 = hang9", "行 ="] {
        let error = PronunciationOverrides::parse(line).unwrap_err();
        assert!(matches!(error, TextError::Override { .. }), "{error}");
    }
    assert!(serde_json::from_str::<PronunciationOverrides>(r#"{"行": "x9"}"#).is_err());
}

#[test]
fn maps_are_chained() {
    let first = english("It's $5 — ok.");
    let both = first
        .clone()
        .then(fold_marks(first.text(), |c| c.is_ascii()));
    assert_eq!(both.text(), "It's five dollars - ok.");
    check("It's $5 — ok.", &both);
    assert_eq!(both.replacements().len(), 2);
}

#[test]
fn what_cannot_be_replaced_is_left_out() {
    let wanted = [
        (4..6, "b"),
        (0..1, "X"),
        (0..2, "Y"),
        (1..2, ""),
        (2..2, "z"),
        (9..12, "q"),
    ];
    let wanted = wanted.map(|(range, spoken)| (range, spoken.to_owned()));
    let text = "aäcde";
    let normalized = Normalized::with_replacements(text, wanted);
    assert_eq!(normalized.text(), "Xäcb");
    check(text, &normalized);
}

/// Texts that look like what the rules are about.
fn tricky() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[0-9]{1,4}",
        "[-$€£.,:;/%°#@&+=~'’()½²👍—…\u{fe0f}\u{200d}]",
        "(Mr|Dr|St|No|p|pm|a\\.m|etc|Jan|May|kg|km/h|k|bn|USD|million|XIV|World|War|www|com|s|th|x)",
        "[ \n.]",
        "[a-zA-Zäß你好]{1,4}",
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_has_a_whole_map(text in prop_oneof![any::<String>(), tricky()]) {
        let normalized = english(&text);
        check(&text, &normalized);
        let chars: Vec<char> = text.chars().collect();
        for one in normalized.replacements() {
            let replaced = &chars[one.original.clone()];
            prop_assert!(!replaced.iter().any(|c| c.is_whitespace()), "{:?}", replaced);
        }
        check(&text, &EnglishNormalizer::new().without_emoji().normalize(&text, "en-GB"));
    }

    #[test]
    fn overrides_and_marks_keep_the_map(text in tricky(), word in "[0-9a-z好$.]{1,3}") {
        let overrides = PronunciationOverrides::new()
            .respell(&word, "said so")
            .respell("dollars", "")
            .pinyin("好", "hao3")
            .unwrap();
        let normalized = overrides.apply(&text, english(&text));
        check(&text, &normalized);
        let folded = fold_marks(normalized.text(), |c| c.is_ascii());
        let both = normalized.then(folded);
        check(&text, &both);
        let chars: Vec<char> = text.chars().collect();
        for reading in both.readings() {
            prop_assert_eq!(chars[both.to_original(reading.at..reading.at + 1).start], '好');
        }
    }

    #[test]
    fn any_two_maps_are_chained(
        text in "[abc ]{0,12}",
        first in prop::collection::vec((0..12_usize, 1..4_usize, "[xy]{0,3}"), 0..4),
        second in prop::collection::vec((0..12_usize, 1..4_usize, "[zw]{0,3}"), 0..4),
    ) {
        let replaced = |text: &str, parts: Vec<(usize, usize, String)>| {
            Normalized::with_replacements(
                text,
                parts.into_iter().map(|(start, len, spoken)| (start..start + len, spoken)),
            )
        };
        let first = replaced(&text, first);
        let second = replaced(first.text(), second);
        let both = first.then(second.clone());
        prop_assert_eq!(both.text(), second.text());
        check(&text, &both);
    }

    #[test]
    fn letters_and_marks_stay(
        text in "([b-df-hj-np-tv-z][aeiou][b-df-hj-np-tv-z]{2}[aeiou][a-z]{0,4}[,;:!?\"'”’)—…-]{0,2}[ \n]{1,2}){0,8}[a-z]{7}\\."
    ) {
        let normalized = english(&text);
        prop_assert!(normalized.is_unchanged(), "{:?}", normalized);
        prop_assert_eq!(normalized.text(), text);
    }
}

#[test]
#[cfg(feature = "zh")]
fn pinyin_overrides_are_tokens() {
    use f5_core::text::{Tokenizer, Vocab};

    let vocab = Vocab::parse(" \nhang2\nxing2\na\n").unwrap();
    let overrides = PronunciationOverrides::new().pinyin("行", "hang2").unwrap();
    let normalized = overrides.apply("a行a", Normalized::unchanged("a行a"));
    let ids = |readings| Tokenizer::Pinyin.encode_with("a行a", &vocab, readings).ids;
    assert_eq!(ids(normalized.readings()), [3, 0, 1, 3]);
    assert_eq!(ids(&[]), [3, 0, 2, 3]);
    let lacking = PronunciationOverrides::new().pinyin("行", "heng4").unwrap();
    let normalized = lacking.apply("行", Normalized::unchanged("行"));
    let encoded = Tokenizer::Pinyin.encode_with("行", &vocab, normalized.readings());
    assert_eq!((encoded.unknown[0].ch, encoded.spoken), ('行', 0));
}
