//! The graph rules on small graphs written by hand.

use serde_json::json;

use super::*;

/// Metadata with the given members and `(from, to, kind)` edges.
fn metadata(members: &[&str], edges: &[(&str, &str, Option<&str>)]) -> Value {
    let mut names: BTreeSet<&str> = members.iter().copied().collect();
    names.extend(edges.iter().flat_map(|(from, to, _)| [*from, *to]));
    let nodes: Vec<Value> = names
        .iter()
        .map(|name| {
            let deps: Vec<Value> = edges
                .iter()
                .filter(|(from, ..)| from == name)
                .map(|(_, to, kind)| json!({"pkg": to, "dep_kinds": [{"kind": kind}]}))
                .collect();
            json!({"id": name, "deps": deps})
        })
        .collect();
    let packages: Vec<Value> = names
        .iter()
        .map(|name| json!({"id": name, "name": name, "dependencies": [], "features": {}}))
        .collect();
    json!({"packages": packages, "workspace_members": members, "resolve": {"nodes": nodes}})
}

fn whats(metadata: &Value) -> Vec<String> {
    check(metadata)
        .unwrap()
        .into_iter()
        .map(|v| format!("{}: {}", v.path, v.what))
        .collect()
}

#[test]
fn allowed_edges_pass() {
    let edges = [
        ("f5-tts", "f5-core", None),
        ("f5-tts", "f5-model", None),
        ("f5-model", "f5-core", None),
        ("f5-model", "burn", None),
        ("f5-core", "serde", None),
    ];
    assert_eq!(
        whats(&metadata(&["f5-tts", "f5-core", "f5-model"], &edges)),
        [""; 0]
    );
}

#[test]
fn siblings_and_the_facade_are_out_of_reach() {
    let edges = [
        ("f5-model", "f5-vocoder", None),
        ("f5-core", "f5-tts", Some("dev")),
    ];
    assert_eq!(
        whats(&metadata(
            &["f5-tts", "f5-core", "f5-model", "f5-vocoder"],
            &edges
        )),
        [
            "f5-core/Cargo.toml: depends on the facade f5-tts",
            "f5-model/Cargo.toml: depends on its sibling f5-vocoder",
        ]
    );
}

#[test]
fn burn_is_found_through_others_but_not_through_dev_dependencies() {
    let edges = [
        ("f5-core", "a", None),
        ("a", "burn-tensor", None),
        ("f5-timing", "burn", Some("dev")),
    ];
    assert_eq!(
        whats(&metadata(&["f5-core", "f5-timing"], &edges)),
        ["f5-core/Cargo.toml: reaches Burn: f5-core -> a -> burn-tensor"]
    );
}

#[test]
fn a_name_that_only_begins_like_burn_is_not_burn() {
    assert!(is_burn("burn-cuda") && is_burn("cubecl-runtime"));
    assert!(!is_burn("burntsushi"));
}

#[test]
fn burn_stays_behind_its_feature() {
    let package = |optional: bool, features: Value| {
        json!({
            "dependencies": [{"name": "burn", "kind": null, "optional": optional}],
            "features": features,
        })
    };
    let count = |p: Value| behind_feature(&p, "f5-align", "ctc").len();
    assert_eq!(count(package(true, json!({"ctc": ["dep:burn"]}))), 0);
    assert_eq!(count(package(false, json!({}))), 1);
    assert_eq!(
        count(package(
            true,
            json!({"ctc": ["dep:burn"], "x": ["dep:burn"]})
        )),
        1
    );
}

#[test]
fn unexpected_metadata_is_an_error() {
    assert!(check(&json!({"workspace_members": ["x"]})).is_err());
}
