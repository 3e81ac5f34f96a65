//! Rules for one text file: line endings, length, first line, words that must not be committed.

use super::Violation;

/// Lines a Rust file may have outside `tests/` folders.
const MAX_LINES: usize = 400;
/// Generated tables, longer by nature.
const GENERATED: &[&str] = &[];
/// Placeholders and switched-off tests; split so that this file does not contain them.
const FORBIDDEN: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
];

/// Checks a text file; `path` is relative to the workspace with `/` between parts.
pub(super) fn check(path: &str, text: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    for (i, line) in text.split('\n').enumerate() {
        if line.ends_with('\r') {
            found.push(Violation::new(path, i + 1, "line ends in CR LF, wanted LF"));
        } else if line.ends_with([' ', '\t']) {
            found.push(Violation::new(path, i + 1, "trailing whitespace"));
        }
    }
    let lines = text.lines().count();
    if !text.is_empty() && !text.ends_with('\n') {
        found.push(Violation::new(
            path,
            lines,
            "no newline at the end of the file",
        ));
    }
    if path.ends_with(".rs") {
        found.extend(check_rust(path, text, lines));
    }
    found
}

/// The README shows how the library is used in Rust.
pub(super) fn check_readme(path: &str, text: &str) -> Option<Violation> {
    let shown = text.lines().any(|line| {
        line.strip_prefix("```rust")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
    });
    (!shown).then(|| Violation::new(path, 1, "no ```rust code block"))
}

fn check_rust(path: &str, text: &str, lines: usize) -> Vec<Violation> {
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push(Violation::new(
            path,
            1,
            "does not start with `//!` saying what lives here",
        ));
    }
    let in_tests = path.split('/').rev().skip(1).any(|part| part == "tests");
    if lines > MAX_LINES && !in_tests && !GENERATED.contains(&path) {
        let what = format!("{lines} lines, at most {MAX_LINES} allowed");
        found.push(Violation::new(path, lines, what));
    }
    // Comments may hold examples whose hidden lines stand for the caller's code.
    for (i, line) in text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim_start().starts_with("//"))
    {
        for word in FORBIDDEN.iter().filter(|word| line.contains(**word)) {
            found.push(Violation::new(
                path,
                i + 1,
                format!("`{word}` is not allowed"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(path, text).iter().map(|v| v.line).collect()
    }

    #[test]
    fn clean_file_passes() {
        assert_eq!(check("a.rs", "//! Doc.\nfn a() {}\n"), []);
        assert_eq!(check("a.md", ""), []);
    }

    #[test]
    fn whitespace_and_line_endings_are_found() {
        assert_eq!(lines("a.md", "ok\nbad \nbad\t\nbad\r\nok\n"), [2, 3, 4]);
        assert_eq!(lines("a.md", "ok\nno end"), [2]);
    }

    #[test]
    fn rust_files_start_with_a_module_doc() {
        assert_eq!(lines("a.rs", "fn a() {}\n"), [1]);
        assert_eq!(lines("a.toml", "a = 1\n"), [0; 0]);
    }

    #[test]
    fn long_files_are_found_outside_tests() {
        let long = format!("//! Doc.\n{}", "//\n".repeat(MAX_LINES));
        assert_eq!(lines("src/a.rs", &long), [MAX_LINES + 1]);
        assert_eq!(lines("src/tests.rs", &long), [MAX_LINES + 1]);
        assert_eq!(lines("f5-core/tests/a.rs", &long), [0; 0]);
        let most = format!("//! Doc.\n{}", "//\n".repeat(MAX_LINES - 1));
        assert_eq!(lines("src/a.rs", &most), [0; 0]);
    }

    #[test]
    fn placeholders_are_found() {
        for word in FORBIDDEN {
            assert_eq!(
                lines("a.rs", &format!("//! Doc.\n    {word}\n")),
                [2],
                "{word}"
            );
        }
    }

    #[test]
    fn readme_needs_a_rust_block() {
        assert_eq!(
            check_readme("README.md", "# F5\n```rust,no_run\nfn a() {}\n```\n"),
            None
        );
        assert_eq!(
            check_readme("README.md", "# F5\n```rust\nfn a() {}\n```\n"),
            None
        );
        assert!(check_readme("README.md", "# F5\n```rusty\n```\n```sh\n```\n").is_some());
    }
}
