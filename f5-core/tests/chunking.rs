//! Cutting long texts: nothing is lost or doubled, budgets hold, cuts fall where speech pauses.

use f5_core::text::{Chunk, chunk_sentences, chunk_text};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

fn texts(chunks: &[Chunk]) -> Vec<&str> {
    chunks.iter().map(|chunk| chunk.text.as_str()).collect()
}

fn cut(text: &str, budget: usize) -> Vec<String> {
    chunk_sentences(text, budget)
        .into_iter()
        .map(|chunk| chunk.text)
        .collect()
}

#[test]
fn blank_texts_have_no_chunk() {
    for text in ["", "   ", "\n\t\u{3000}"] {
        assert!(chunk_sentences(text, 100).is_empty(), "{text:?}");
    }
}

#[test]
fn a_text_within_the_budget_is_one_chunk() {
    let chunks = chunk_sentences("  One. Two!\nThree?  ", 100);
    assert_eq!(texts(&chunks), ["One. Two! Three?"]);
    assert_eq!(chunks[0].chars, 2..18);
}

#[test]
fn sentences_stay_whole() {
    let text = "The hill is green. The river is wide and slow. Who lives there? Nobody!";
    assert_eq!(
        cut(text, 48),
        [
            "The hill is green. The river is wide and slow.",
            "Who lives there? Nobody!"
        ]
    );
}

#[test]
fn chunks_are_filled_evenly() {
    let text = "One two three. One two three. One two three. One two.";
    assert_eq!(
        cut(text, 44),
        ["One two three. One two three.", "One two three. One two."]
    );
}

#[test]
fn titles_initials_and_numbers_do_not_end_a_sentence() {
    let text = "Then Dr. A. Hill paid 3.50 dollars. She left.";
    assert_eq!(
        cut(text, 35),
        ["Then Dr. A. Hill paid 3.50 dollars.", "She left."]
    );
    assert_eq!(cut("So did I. We left.", 12), ["So did I.", "We left."]);
}

#[test]
fn wrapped_lines_are_one_sentence_and_blank_lines_are_not() {
    assert_eq!(
        cut("The green\nhill stands. It\nrains.", 23),
        ["The green hill stands.", "It rains."]
    );
    assert_eq!(
        cut("A heading\n\nThe text goes on", 18),
        ["A heading", "The text goes on"]
    );
}

#[test]
fn long_sentences_are_cut_behind_clauses_near_the_middle() {
    let text = "When the rain stops, we walk to the river, and then we swim.";
    assert_eq!(
        cut(text, 42),
        [
            "When the rain stops,",
            "we walk to the river, and then we swim."
        ]
    );
    let text = "突然身边一阵笑声，我看着他们，意气风发地挺直了胸膛。";
    assert_eq!(
        cut(text, 45),
        ["突然身边一阵笑声，我看着他们，", "意气风发地挺直了胸膛。"]
    );
}

#[test]
fn long_clauses_are_cut_between_words() {
    assert_eq!(
        cut("one two three four five six", 14),
        ["one two three", "four five six"]
    );
}

#[test]
fn long_words_are_cut_between_graphemes() {
    let text = "e\u{301}".repeat(5);
    let pieces = cut(&text, 7);
    assert_eq!(pieces.concat(), text);
    assert!(
        pieces
            .iter()
            .all(|piece| piece.starts_with('e') && piece.len() <= 7)
    );
    // One cluster may exceed every budget.
    assert_eq!(cut("👩‍👩‍👧‍👦", 0), ["👩‍👩‍👧‍👦"]);
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z]{1,8}",
        "[ \t\n]{1,3}",
        "[.!?,;:] ?",
        "[你好世界，。！？、；]{1,6}",
        "[é\u{301}👍🏽한か\u{1c}\u{85}\u{2028}]{1,3}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunk_text_keeps_every_visible_character(text in any_text(), max_chars in -5_i64..200) {
        let visible = |text: &str| -> String {
            text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
        };
        prop_assert_eq!(visible(&chunk_text(&text, max_chars).concat()), visible(&text));
    }

    #[test]
    fn chunk_sentences_loses_and_doubles_nothing(text in any_text(), budget in 0_usize..120) {
        let source: Vec<char> = text.chars().collect();
        let chunks = chunk_sentences(&text, budget);
        let mut at = 0;
        for chunk in &chunks {
            prop_assert!(at <= chunk.chars.start && chunk.chars.start < chunk.chars.end);
            prop_assert!(source[at..chunk.chars.start].iter().all(|c| c.is_whitespace()));
            at = chunk.chars.end;
            let spoken: Vec<char> = chunk.text.chars().collect();
            prop_assert_eq!(spoken.len(), chunk.chars.len());
            for (ours, theirs) in spoken.iter().zip(&source[chunk.chars.clone()]) {
                prop_assert!(ours == theirs || (*ours == ' ' && theirs.is_whitespace()));
            }
            prop_assert_eq!(chunk.text.trim(), &chunk.text);
            let whole: String = source[chunk.chars.clone()].iter().collect();
            prop_assert!(whole.len() <= budget || whole.graphemes(true).count() == 1, "{whole:?}");
        }
        prop_assert!(source[at..].iter().all(|c| c.is_whitespace()));
    }

    #[test]
    fn chunk_sentences_keeps_to_its_budget(text in "[a-z .,!?\n]{0,200}", budget in 1_usize..60) {
        for chunk in chunk_sentences(&text, budget) {
            prop_assert!(chunk.text.len() <= budget, "{:?} {budget}", chunk.text);
        }
    }
}
