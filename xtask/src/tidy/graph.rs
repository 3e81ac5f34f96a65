//! Which crate may depend on which, read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Violation;

/// The package at the root of the workspace.
const FACADE: &str = "f5-tts";
/// Crates that their siblings may use.
const SHARED: &[&str] = &["f5-core", "f5-kernels", "f5-weights"];
/// Crates that must build without Burn, whatever features are on.
const BURN_FREE: &[&str] = &["f5-core", "f5-kernels", "f5-timing", "f5-runtime", "xtask"];
/// Crates that may use Burn behind one feature only: `(crate, feature)`.
const BURN_BEHIND: &[(&str, &str)] = &[("f5-align", "ctc")];

/// Checks the answer of `cargo metadata --all-features`.
pub(super) fn check(metadata: &Value) -> Result<Vec<Violation>, String> {
    let graph = Graph::read(metadata).ok_or("cargo metadata: unexpected shape")?;
    let mut found = Vec::new();
    for name in &graph.members {
        found.extend(graph.sibling_edges(name));
    }
    for name in BURN_FREE {
        if let Some(chain) = graph.path_to_burn(name) {
            found.push(at(name, format!("reaches Burn: {}", chain.join(" -> "))));
        }
    }
    for (name, feature) in BURN_BEHIND {
        let package = array(&metadata["packages"]).find(|p| p["name"] == **name);
        found.extend(
            package
                .map(|p| behind_feature(p, name, feature))
                .unwrap_or_default(),
        );
    }
    Ok(found)
}

struct Graph {
    members: BTreeSet<String>,
    /// Names a package depends on when built, without dev-dependencies.
    normal: BTreeMap<String, BTreeSet<String>>,
    /// The same with dev-dependencies.
    all: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read(metadata: &Value) -> Option<Self> {
        let names: BTreeMap<&str, &str> = array(&metadata["packages"])
            .filter_map(|p| Some((p["id"].as_str()?, p["name"].as_str()?)))
            .collect();
        let members = array(&metadata["workspace_members"])
            .map(|id| names.get(id.as_str()?).map(|name| (*name).to_owned()))
            .collect::<Option<_>>()?;
        let (mut normal, mut all) = (BTreeMap::new(), BTreeMap::new());
        for node in array(&metadata["resolve"]["nodes"]) {
            let name = *names.get(node["id"].as_str()?)?;
            for dep in array(&node["deps"]) {
                let target = *names.get(dep["pkg"].as_str()?)?;
                insert(&mut all, name, target);
                if array(&dep["dep_kinds"]).any(|kind| kind["kind"] != "dev") {
                    insert(&mut normal, name, target);
                }
            }
        }
        Some(Self {
            members,
            normal,
            all,
        })
    }

    /// Edges between members that are neither from the facade nor to a shared crate.
    fn sibling_edges(&self, name: &str) -> Vec<Violation> {
        let targets = self.all.get(name).into_iter().flatten();
        targets
            .filter(|target| self.members.contains(*target) && *target != name)
            .filter_map(|target| {
                let what = if target == FACADE {
                    "depends on the facade"
                } else if name == FACADE || SHARED.contains(&target.as_str()) {
                    return None;
                } else {
                    "depends on its sibling"
                };
                Some(at(name, format!("{what} {target}")))
            })
            .collect()
    }

    /// The shortest chain of dependencies from `name` to a crate of Burn.
    fn path_to_burn(&self, name: &str) -> Option<Vec<String>> {
        let mut seen = BTreeSet::from([name]);
        let mut level = vec![vec![name]];
        while !level.is_empty() {
            let mut next = Vec::new();
            for chain in level {
                let last = chain.last()?;
                for target in self.normal.get(*last).into_iter().flatten() {
                    let longer = [chain.as_slice(), &[target.as_str()]].concat();
                    if is_burn(target) {
                        return Some(longer.into_iter().map(str::to_owned).collect());
                    }
                    if seen.insert(target) {
                        next.push(longer);
                    }
                }
            }
            level = next;
        }
        None
    }
}

/// Burn is optional in `package`, and `feature` alone switches it on.
fn behind_feature(package: &Value, name: &str, feature: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    for dep in array(&package["dependencies"]) {
        let burn = dep["name"].as_str().unwrap_or_default();
        if !is_burn(burn) || dep["kind"] == "dev" {
            continue;
        }
        if dep["optional"] != true {
            found.push(at(
                name,
                format!("{burn} is not behind feature `{feature}`"),
            ));
        }
        for (other, list) in package["features"].as_object().into_iter().flatten() {
            let enables = array(list).any(|v| *v == *format!("dep:{burn}"));
            if enables && other != feature && other != burn {
                let what = format!("feature `{other}` switches {burn} on, only `{feature}` may");
                found.push(at(name, what));
            }
        }
    }
    found
}

fn is_burn(name: &str) -> bool {
    name == "burn" || name.starts_with("burn-") || name.starts_with("cubecl")
}

fn at(name: &str, what: String) -> Violation {
    let path = if name == FACADE {
        "Cargo.toml".to_owned()
    } else {
        format!("{name}/Cargo.toml")
    };
    Violation::new(&path, 1, what)
}

fn insert(edges: &mut BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) {
    edges
        .entry(from.to_owned())
        .or_default()
        .insert(to.to_owned());
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests;
