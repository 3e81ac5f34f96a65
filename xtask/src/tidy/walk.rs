//! Which files of the workspace are ours to check.

use std::fs;
use std::io;
use std::path::Path;

/// Extensions of the text files that are checked.
const EXTENSIONS: &[&str] = &["rs", "toml", "md", "yml", "yaml", "sh", "py"];
/// Files without such an extension that are checked too.
const NAMED: &[&str] = &[".ci/run"];
/// Folders that hold build products, history, or data whose bytes are the point.
const SKIPPED: &[&str] = &["target", ".git", "data", "golden", "node_modules", ".venv"];

/// Paths relative to `root` with `/` between parts, sorted.
pub(super) fn text_files(root: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    visit(root, "", &mut found)?;
    found.sort();
    Ok(found)
}

fn visit(dir: &Path, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                visit(&entry.path(), &format!("{path}/"), found)?;
            }
        } else if is_ours(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_ours(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(|e| e.to_str());
    NAMED.contains(&path) || extension.is_some_and(|e| EXTENSIONS.contains(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_ours_and_binaries_are_not() {
        assert!(is_ours("f5-core/src/lib.rs"));
        assert!(is_ours(".ci/run"));
        assert!(!is_ours("assets/ref.wav"));
        assert!(!is_ours("Cargo.lock"));
    }

    #[test]
    fn build_products_and_data_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["src/a.rs", "target/b.rs", "tests/data/c.rs", "d.md"] {
            let full = dir.path().join(path);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, "").unwrap();
        }
        assert_eq!(text_files(dir.path()).unwrap(), ["d.md", "src/a.rs"]);
    }
}
