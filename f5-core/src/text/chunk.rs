//! Upstream's cut of a long text into chunks.

use super::is_space;

/// Packs clauses into chunks of at most `max_chars` bytes of UTF-8, exactly as upstream's
/// `chunk_text` does.
///
/// Cuts fall behind `; : , . ! ?` before whitespace, which is dropped, and behind `；：，。！？`.
/// A clause longer than `max_chars` stays whole; with `max_chars` zero or less every clause is a
/// chunk. An empty text has no chunk, a text of whitespace has one empty chunk.
/// [`chunk_sentences`](super::chunk_sentences) is the better default.
#[must_use]
pub fn chunk_text(text: &str, max_chars: i64) -> Vec<String> {
    let mut chunks = Vec::new();
    let mut current = String::new();
    for clause in clauses(text) {
        if (current.len() + clause.len()) as i64 > max_chars && !current.is_empty() {
            chunks.push(trimmed(&current));
            current.clear();
        }
        current.push_str(clause);
        if clause.ends_with(|c: char| c.is_ascii()) {
            current.push(' ');
        }
    }
    if !current.is_empty() {
        chunks.push(trimmed(&current));
    }
    chunks
}

fn trimmed(text: &str) -> String {
    text.trim_matches(is_space).to_owned()
}

fn clauses(text: &str) -> Vec<&str> {
    let mut clauses = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some((at, mark)) = rest[from..].char_indices().find(|&(_, c)| is_mark(c)) {
        let end = from + at + mark.len_utf8();
        let tail = &rest[end..];
        let next = if mark.is_ascii() {
            tail.trim_start_matches(is_space)
        } else {
            tail
        };
        if mark.is_ascii() && next.len() == tail.len() {
            from = end;
        } else {
            clauses.push(&rest[..end]);
            rest = next;
            from = 0;
        }
    }
    clauses.push(rest);
    clauses.retain(|clause| !clause.is_empty());
    clauses
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        ';' | ':' | ',' | '.' | '!' | '?' | '；' | '：' | '，' | '。' | '！' | '？'
    )
}
