//! The root manifest: every shared dependency says why it is there.

use super::Violation;

/// Finds entries of `[workspace.dependencies]` without a comment above them. A comment covers the
/// entries below it up to the next blank line; members of the workspace (`path = `) need none.
pub(super) fn check(path: &str, text: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut in_section = false;
    let mut covered = false;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            in_section = line == "[workspace.dependencies]";
            covered = false;
        } else if line.is_empty() {
            covered = false;
        } else if line.starts_with('#') {
            covered = true;
        } else if in_section && !covered {
            let name = line.split(['=', '.', ' ']).next().unwrap_or(line);
            if line.contains('=') && !line.contains("path = ") {
                found.push(Violation::new(
                    path,
                    i + 1,
                    format!("`{name}` has no comment above"),
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_without_a_comment_are_found() {
        let text = "[workspace.dependencies]\na = { path = \"a\" }\nb = \"1\"\n\n# Why.\nc = \"1\"\nd = \"1\"\n\ne = \"1\"\n";
        let lines: Vec<usize> = check("Cargo.toml", text).iter().map(|v| v.line).collect();
        assert_eq!(lines, [3, 9]);
    }

    #[test]
    fn other_sections_are_left_alone() {
        assert_eq!(
            check(
                "Cargo.toml",
                "[dependencies]\na = \"1\"\n[profile.dev]\ndebug = 1\n"
            ),
            []
        );
    }
}
