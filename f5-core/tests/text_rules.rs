//! Vocabularies, tokens, reference text rules and durations: what they give and what they refuse.

use std::fs;

use f5_core::text::{
    TextError, Tokenizer, Vocab,
    duration::{Pace, fixed_duration_shares, fixed_frames, total_frames},
    max_chars, normalize_ref_text, with_trailing_space,
};
use proptest::prelude::*;

const BASIC: &str = "Some call me nature, others call me mother nature.";

fn pace(ref_text: &str) -> Pace<'_> {
    Pace {
        ref_frames: 465,
        ref_text,
        speed: 1.0,
        slow_short_text: true,
    }
}

#[test]
fn vocab_reads_every_line_end() {
    let expected = Vocab::parse(" \na\nzh1\n").unwrap();
    for text in [
        " \na\nzh1",
        " \r\na\r\nzh1\r\n",
        " \ra\rzh1\r",
        " \r\na\nzh1",
        " \ra\r\nzh1",
    ] {
        assert_eq!(Vocab::parse(text).unwrap(), expected, "{text:?}");
    }
    assert_eq!(expected.len(), 3);
    assert_eq!(
        (expected.id(" "), expected.id("zh1"), expected.id("b")),
        (Some(0), Some(2), None)
    );
    assert_eq!((expected.token(1), expected.token(3)), (Some("a"), None));
}

#[test]
fn vocab_keeps_spaces_inside_and_around_tokens() {
    let vocab = Vocab::parse(" \na \n a\n\t\n").unwrap();
    assert_eq!(
        (vocab.id("a "), vocab.id(" a"), vocab.id("\t")),
        (Some(1), Some(2), Some(3))
    );
}

#[test]
fn vocab_refuses_a_duplicate_and_names_both_lines() {
    let error = Vocab::parse(" \na\nb\na\n").unwrap_err();
    assert!(
        matches!(&error, TextError::DuplicateToken { token, first: 2, second: 4 } if token == "a")
    );
}

#[test]
fn vocab_refuses_an_empty_file() {
    assert!(matches!(Vocab::parse(""), Err(TextError::EmptyVocab)));
}

#[test]
fn vocab_refuses_another_first_line() {
    for text in ["a\n \n", "\n \n", "\u{feff} \na\n", "  \na\n"] {
        assert!(
            matches!(Vocab::parse(text), Err(TextError::VocabFirstLine { .. })),
            "{text:?}"
        );
    }
}

#[test]
fn vocab_file_that_is_missing_is_named() {
    let error = Vocab::from_file("no/such/vocab.txt").unwrap_err();
    assert!(matches!(error, TextError::ReadVocab { .. }));
    assert!(error.to_string().contains("vocab.txt"));
}

#[test]
fn vocab_file_that_is_not_utf8_is_named_with_the_byte() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vocab.txt");
    fs::write(&path, b" \n\xff\n").unwrap();
    assert!(matches!(
        Vocab::from_file(&path),
        Err(TextError::VocabNotUtf8 { at: 2, .. })
    ));
}

#[test]
fn vocab_file_with_bad_lines_is_named_with_the_cause() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vocab.txt");
    fs::write(&path, " \n \n").unwrap();
    let error = Vocab::from_file(&path).unwrap_err();
    assert!(matches!(&error, TextError::VocabFile { source, .. }
        if matches!(**source, TextError::DuplicateToken { .. })));
    fs::write(&path, include_str!("data/text/vocab.txt")).unwrap();
    assert_eq!(Vocab::from_file(&path).unwrap().len(), 2545);
}

#[test]
fn unknown_characters_are_reported_with_their_place() {
    let vocab = Vocab::parse(include_str!("data/text/vocab.txt")).unwrap();
    let encoded = Tokenizer::Pinyin.encode("a|b\nनd`", &vocab);
    let unknown: Vec<_> = encoded
        .unknown
        .iter()
        .map(|unknown| (unknown.ch, unknown.at))
        .collect();
    assert_eq!(unknown, [('|', 1), ('\n', 3), ('न', 4), ('`', 6)]);
    assert_eq!(encoded.spoken, 3);
    assert_eq!(Tokenizer::Pinyin.encode("\n| `", &vocab).spoken, 0);
}

#[test]
fn bytes_need_no_vocabulary_file() {
    let encoded = Tokenizer::Byte.encode("a ü\0", &Vocab::bytes());
    assert_eq!(encoded.ids, [97, 32, 0xc3, 0xbc, 0]);
    assert_eq!(encoded.at, [0, 1, 2, 2, 3]);
    assert!(encoded.unknown.is_empty());
    // A file vocabulary lacks the bytes of ü, but ü is one character.
    let encoded = Tokenizer::Byte.encode("aü", &Vocab::parse(" \na").unwrap());
    assert_eq!(
        (encoded.ids.as_slice(), encoded.unknown.len()),
        (&[1, 0, 0][..], 1)
    );
}

#[test]
fn tokenizers_have_upstreams_names() {
    for (tokenizer, name) in [
        (Tokenizer::Pinyin, "\"pinyin\""),
        (Tokenizer::Char, "\"char\""),
        (Tokenizer::Byte, "\"byte\""),
        (Tokenizer::Custom, "\"custom\""),
    ] {
        assert_eq!(serde_json::to_string(&tokenizer).unwrap(), name);
        assert_eq!(serde_json::from_str::<Tokenizer>(name).unwrap(), tokenizer);
    }
}

#[test]
fn ref_text_rules() {
    for (text, normal) in [
        ("a", "a. "),
        ("a.", "a. "),
        ("a. ", "a. "),
        ("a!", "a!. "),
        ("好。", "好。"),
    ] {
        assert_eq!(normalize_ref_text(text), normal);
    }
    for (text, spaced) in [("a. ", "a.  "), ("好。", "好。"), ("é", "é"), ("", "")] {
        assert_eq!(with_trailing_space(text), spaced);
    }
}

/// Measured with upstream's `basic_ref_en.wav`, 119110 samples after its preparation.
#[test]
fn upstreams_numbers() {
    let ref_text = normalize_ref_text(BASIC);
    assert_eq!(
        max_chars(&ref_text, 119_110.0 / 24_000.0, 22.0, 1.0).unwrap(),
        175
    );
    let ref_text = with_trailing_space(&ref_text);
    let gen_text = "I don't really care what you call me.";
    assert_eq!(total_frames(&pace(&ref_text), gen_text).unwrap(), 795);
}

#[test]
fn max_chars_truncates_towards_zero() {
    assert_eq!(max_chars("abc", 25.0, 22.0, 1.0).unwrap(), 0);
    assert_eq!(
        max_chars("a".repeat(300).as_str(), 25.0, 22.0, 1.0).unwrap(),
        -36
    );
}

#[test]
fn short_text_rule_is_an_option() {
    let ten = Pace {
        ref_frames: 100,
        ref_text: "0123456789",
        speed: 2.0,
        slow_short_text: true,
    };
    assert_eq!(total_frames(&ten, "123456789").unwrap(), 100 + 300);
    assert_eq!(total_frames(&ten, "1234567890").unwrap(), 100 + 50);
    let off = Pace {
        slow_short_text: false,
        ..ten
    };
    assert_eq!(total_frames(&off, "123456789").unwrap(), 100 + 45);
}

#[test]
fn fix_duration_is_shared_by_bytes() {
    assert_eq!(fixed_frames(10.0, 24_000, 256).unwrap(), 937);
    assert_eq!(
        fixed_duration_shares(10.0, 4.0, 0.15, &["any"]).unwrap(),
        [10.0]
    );
    let shares = fixed_duration_shares(10.0, 4.0, 0.5, &["ab", "cdefgh", "好x"]).unwrap();
    // 6 s and two fades of 0.5 s for 12 bytes.
    for (share, expected) in shares
        .iter()
        .zip([4.0 + 7.0 / 6.0, 4.0 + 3.5, 4.0 + 7.0 / 3.0])
    {
        assert!((share - expected).abs() < 1e-12, "{share} {expected}");
    }
}

#[test]
fn speed_that_is_not_positive_is_refused() {
    for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = total_frames(&Pace { speed, ..pace("a") }, "b").unwrap_err();
        assert!(
            matches!(error, TextError::OutOfRange { name: "speed", .. }),
            "{speed}"
        );
        assert!(matches!(
            max_chars("a", 1.0, 22.0, speed),
            Err(TextError::OutOfRange { name: "speed", .. })
        ));
    }
}

#[test]
fn empty_texts_are_refused_by_name() {
    assert!(matches!(
        total_frames(&pace(""), "b"),
        Err(TextError::EmptyText { name: "ref_text" })
    ));
    assert!(matches!(
        total_frames(&pace("a"), ""),
        Err(TextError::EmptyText { name: "gen_text" })
    ));
    assert!(matches!(
        max_chars("", 1.0, 22.0, 1.0),
        Err(TextError::EmptyText { name: "ref_text" })
    ));
    for chunks in [&[][..], &["a", ""]] {
        assert!(matches!(
            fixed_duration_shares(10.0, 4.0, 0.15, chunks),
            Err(TextError::EmptyText { name: "gen_text" })
        ));
    }
}

#[test]
fn a_reference_without_frames_or_seconds_is_refused() {
    let error = total_frames(
        &Pace {
            ref_frames: 0,
            ..pace("a")
        },
        "b",
    )
    .unwrap_err();
    assert!(matches!(
        error,
        TextError::OutOfRange {
            name: "ref_frames",
            ..
        }
    ));
    for seconds in [0.0, -1.0, f64::NAN] {
        let error = max_chars("a", seconds, 22.0, 1.0).unwrap_err();
        assert!(matches!(
            error,
            TextError::OutOfRange {
                name: "ref_seconds",
                ..
            }
        ));
    }
}

#[test]
fn a_duration_without_bounds_is_refused() {
    let slow = Pace {
        speed: 1e-300,
        slow_short_text: false,
        ..pace("a")
    };
    assert!(matches!(
        total_frames(&slow, "b"),
        Err(TextError::TooLong { .. })
    ));
    assert!(matches!(
        fixed_frames(1e30, 24_000, 256),
        Err(TextError::TooLong { .. })
    ));
}

#[test]
fn fix_duration_must_be_positive_and_outlast_the_reference() {
    for fix_duration in [0.0, -3.0, f64::NAN, f64::INFINITY] {
        let error = fixed_frames(fix_duration, 24_000, 256).unwrap_err();
        assert!(matches!(
            error,
            TextError::OutOfRange {
                name: "fix_duration",
                ..
            }
        ));
        let error = fixed_duration_shares(fix_duration, 4.0, 0.15, &["a"]).unwrap_err();
        assert!(matches!(
            error,
            TextError::OutOfRange {
                name: "fix_duration",
                ..
            }
        ));
    }
    let error = fixed_duration_shares(4.0, 4.0, 0.15, &["a", "b"]).unwrap_err();
    assert!(matches!(error, TextError::FixDurationTooShort { .. }));
    assert!(matches!(
        fixed_duration_shares(4.0, 1.0, f64::NAN, &["a"]),
        Err(TextError::OutOfRange {
            name: "cross_fade_duration",
            ..
        })
    ));
}

/// Letters, marks, Han, kana, astral Han, spaces and combining marks.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9+#&._%-]{1,6}",
        "[ \t\r\n;:,.!?'\"]{1,2}",
        "[你好一不是行长重庆，。！？、㐀𠮶]{1,4}",
        "[é“”‘’かナ한Пन्\u{301}👍🏽]{1,2}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn vocab_round_trips(tokens in proptest::collection::hash_set("[^\r\n]{0,4}", 0..40)) {
        let lines = std::iter::once(" ".to_owned()).chain(tokens.into_iter().filter(|t| t != " "));
        let text: String = lines.map(|line| line + "\n").collect();
        let vocab = Vocab::parse(&text).unwrap();
        prop_assert_eq!(vocab.to_text(), text);
        for (id, token) in vocab.tokens().enumerate() {
            prop_assert_eq!(vocab.id(token), Some(id as u32));
        }
    }

    #[test]
    fn tokens_know_their_place(text in texts()) {
        let source: Vec<char> = text.chars().collect();
        for tokenizer in [Tokenizer::Pinyin, Tokenizer::Byte] {
            let tokens = tokenizer.tokenize(&text);
            prop_assert!(tokens.windows(2).all(|pair| pair[0].at <= pair[1].at));
            let mut places: Vec<usize> = tokens.iter().map(|token| token.at).collect();
            places.dedup();
            // Every character has a token, and no token lies outside.
            prop_assert_eq!(places, (0..source.len()).collect::<Vec<_>>());
        }
        for token in Tokenizer::Pinyin.tokenize(&text) {
            let c = source[token.at];
            if c.is_alphabetic() && token.text != " " && !('\u{2e80}'..='\u{3ffff}').contains(&c) {
                prop_assert_eq!(token.text, c.to_string());
            }
        }
    }
}
