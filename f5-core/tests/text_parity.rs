//! Tokens, ids and chunks of upstream's own functions, on texts and with the vocabulary kept in
//! `data/text`.
#![allow(
    clippy::unwrap_used,
    reason = "committed data; a failure fails the test"
)]

use f5_core::text::{Tokenizer, Vocab, chunk_text};
use serde_json::Value;

fn cases() -> Value {
    serde_json::from_str(include_str!("data/text/case.json")).unwrap()
}

fn vocab() -> Vocab {
    Vocab::parse(include_str!("data/text/vocab.txt")).unwrap()
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap())
        .collect()
}

/// Without `zh` a Han character is a token of its own, so those texts are not upstream's.
fn comparable(text: &str) -> bool {
    cfg!(feature = "zh") || !text.contains(|c: char| matches!(c, '\u{3400}'..='\u{9fff}'))
}

#[test]
fn tokens_and_ids_are_upstreams() {
    let cases = cases();
    let vocab = vocab();
    let mut seen = 0;
    for case in cases["tokenize"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        if !comparable(text) {
            continue;
        }
        seen += 1;
        for tokenizer in [Tokenizer::Pinyin, Tokenizer::Char, Tokenizer::Custom] {
            let tokens = tokenizer.tokenize(text);
            let tokens: Vec<_> = tokens.iter().map(|token| token.text.as_str()).collect();
            assert_eq!(tokens, strings(&case["tokens"]), "{text:?}");
        }
        let ids: Vec<_> = case["ids"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_i64().unwrap() as i32)
            .collect();
        assert_eq!(Tokenizer::Pinyin.encode(text, &vocab).ids, ids, "{text:?}");
    }
    assert_eq!(seen, if cfg!(feature = "zh") { 39 } else { 24 });
}

#[test]
fn chunks_are_upstreams() {
    let cases = cases();
    let cases = cases["chunk"].as_array().unwrap();
    assert_eq!(cases.len(), 225);
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let max_chars = case["max_chars"].as_i64().unwrap();
        assert_eq!(
            chunk_text(text, max_chars),
            strings(&case["chunks"]),
            "{text:?} in chunks of {max_chars}"
        );
    }
}

/// What the specification of upstream's reading lists beside the cases.
#[cfg(feature = "zh")]
#[test]
fn readings_are_pypinyins() {
    use f5_core::text::pinyin::lazy_pinyin;

    for (text, readings) in [
        ("一阵", "yi1 zhen4"),
        ("一天", "yi1 tian1"),
        ("一定", "yi2 ding4"),
        ("一起", "yi4 qi3"),
        ("不是", "bu2 shi4"),
        ("你好", "ni2 hao3"),
        ("了解", "liao2 jie3"),
        ("行长", "hang2 zhang3"),
        ("绿女", "lv4 nv3"),
        ("嗯", "n2"),
        ("老鼠", "lao3 shu3"),
        ("保管好", "bao3 guan3 hao3"),
        ("对不起", "dui4 bu4 qi3"),
        ("朝阳", "zhao1 yang2"),
        ("𠮶", "𠮶"),
        ("a〇ㄅ", "a ling2 ㄅ"),
        // What is left only begins phrases, so 不见 is not looked up.
        ("伸手不见", "shen1 shou3 bu4 jian4"),
        ("伸手不见a不见", "shen1 shou3 bu4 jian4 a bu2 jian4"),
        ("", ""),
    ] {
        assert_eq!(lazy_pinyin(text).join(" "), readings, "{text}");
    }
}

#[cfg(not(feature = "zh"))]
#[test]
fn without_zh_han_passes_through_and_is_reported() {
    let encoded = Tokenizer::Pinyin.encode("ok 你好", &vocab());
    let unknown: Vec<_> = encoded
        .unknown
        .iter()
        .map(|unknown| (unknown.ch, unknown.at))
        .collect();
    assert_eq!(unknown, [('你', 3), ('好', 4)]);
    assert_eq!(encoded.at, [0, 1, 2, 3, 3, 4, 4]);
}
