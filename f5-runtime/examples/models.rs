//! Lists, fetches, verifies and prunes model files: those of released models, or those that a
//! manifest names.
//!
//! ```text
//! models="cargo run -p f5-runtime --features hub --example models --"
//! $models catalogue
//! $models list   F5TTS_v1_Base,vocos-mel-24khz STORE
//! $models ensure F5TTS_v1_Base,vocos-mel-24khz STORE [FOLDER] [--from DIR]
//! $models verify manifest.json STORE
//! $models prune  manifest.json STORE [--yes]
//! $models describe DIR [URL] > manifest.json
//! ```
//!
//! With a FOLDER, `ensure` links the files into it under their names. With `--from DIR`, files that lie
//! there are used and not fetched. `ensure` and `verify` fail if a file is not there at the end.
//! `HF_ENDPOINT` names a mirror, `HF_HUB_OFFLINE=1` forbids fetching. `describe` writes the manifest of
//! a folder's files; with a URL, that is where they are fetched. Vocos and BigVGAN are released as
//! pickles and need feature `pickle`.

use std::error::Error;
use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

use f5_runtime::catalogue::{self, Content, Hub, Release};
use f5_runtime::fetch::HttpFetcher;
use f5_runtime::store::{
    Artifact, Digest, EnsureReport, Manifest, ModelStore, StoreEvent, offline_by_environment,
};
use indicatif::ProgressBar;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut from = None;
    if let Some(at) = args.iter().position(|arg| *arg == "--from") {
        let option: Vec<&str> = args.drain(at..args.len().min(at + 2)).collect();
        from = Some(Path::new(*option.get(1).ok_or("--from needs a folder")?));
    }
    match args[..] {
        ["catalogue"] => {
            catalogue::RELEASES.iter().for_each(print);
            Ok(())
        }
        ["describe", dir] => describe(Path::new(dir), None),
        ["describe", dir, url] => describe(Path::new(dir), Some(url)),
        [command, what, store, ref rest @ ..] => run(command, what, store, from, rest),
        _ => Err("see the first lines of this example for how it is used".into()),
    }
}

fn print(release: &Release) {
    println!(
        "{} ({:?}, {}) https://huggingface.co/{} at {}",
        release.name, release.role, release.licence, release.repository, release.revision
    );
    for file in release.files {
        match file.content {
            Content::Known { digest, size } => println!("  {} {size} bytes {digest}", file.path),
            Content::DigestOnly { digest } => println!("  {} {digest}", file.path),
            _ => println!(
                "  {} (no published digest; pinned when first fetched)",
                file.path
            ),
        }
    }
}

/// A store that shows its progress, searches the hub's own cache, and fetches only for `ensure`.
fn open(
    command: &str,
    root: &str,
    from: Option<&Path>,
    hub: &Hub,
) -> Result<(ModelStore, ProgressBar), Box<dyn Error>> {
    let bar = ProgressBar::new(0);
    let shown = bar.clone();
    let store = ModelStore::open(root)?
        .offline(command != "ensure" || offline_by_environment())
        .fetcher(Arc::new(HttpFetcher::new(hub.http_options())))
        .observer(move |event| match event {
            StoreEvent::Progress { done, size, .. } => {
                shown.set_length(*size);
                shown.set_position(*done);
            }
            StoreEvent::Failed {
                name,
                attempt,
                error,
            } => {
                shown.println(format!("{name}, attempt {attempt}: {error}"));
            }
            _ => {}
        });
    let store = from
        .map(Path::to_path_buf)
        .into_iter()
        .chain(catalogue::hub_cache())
        .fold(store, ModelStore::search);
    Ok((store, bar))
}

/// The manifest in a file, or that of released models, separated by commas.
fn manifest(what: &str, store: &ModelStore, hub: &Hub) -> Result<Manifest, Box<dyn Error>> {
    if what.ends_with(".json") {
        return Ok(serde_json::from_slice(&fs::read(what)?)?);
    }
    let find = |name| catalogue::find(name).ok_or_else(|| format!("no released model {name}"));
    let releases = what.split(',').map(find).collect::<Result<Vec<_>, _>>()?;
    Ok(catalogue::manifest(&releases, store, hub)?)
}

fn run(
    command: &str,
    what: &str,
    root: &str,
    from: Option<&Path>,
    rest: &[&str],
) -> Result<(), Box<dyn Error>> {
    let hub = Hub::from_environment();
    let (store, bar) = open(command, root, from, &hub)?;
    let manifest = manifest(what, &store, &hub)?;
    let all: Vec<_> = manifest
        .iter()
        .map(|artifact| artifact.name.clone())
        .collect();
    match command {
        "list" => drop(show(&store.ensure(&manifest, &all)?)),
        "verify" => show(&store.verify_all(&manifest, &all)?)?,
        "ensure" => {
            let report = store.ensure(&manifest, &all)?;
            bar.finish_and_clear();
            show(&report)?;
            if let [folder] = rest {
                report.link_into(folder)?;
            }
        }
        "prune" => {
            let plan = store.plan_prune(&manifest, None)?;
            for item in plan.items() {
                println!(
                    "{:?} {} bytes {}",
                    item.reason,
                    item.bytes,
                    item.path.display()
                );
            }
            if rest == ["--yes"] {
                println!("freed {} bytes", store.prune(&plan)?);
            } else {
                println!("{} bytes could be freed with --yes", plan.bytes());
            }
        }
        other => return Err(format!("unknown command {other}").into()),
    }
    Ok(())
}

/// Prints what came of each artifact; an error if one of them is not there.
fn show(report: &EnsureReport) -> Result<(), String> {
    for (name, result) in &report.artifacts {
        match result {
            Ok(ensured) => println!("{name}: {:?} at {}", ensured.origin, ensured.path.display()),
            Err(error) => println!("{name}: {error}"),
        }
    }
    let absent = report.artifacts.values().filter(|r| r.is_err()).count();
    match absent {
        0 => Ok(()),
        _ => Err(format!(
            "{absent} of {} files are not there",
            report.artifacts.len()
        )),
    }
}

fn describe(dir: &Path, url: Option<&str>) -> Result<(), Box<dyn Error>> {
    let mut artifacts = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_string_lossy().parse() else {
            continue;
        };
        if entry.file_type()?.is_file() {
            let mut file = fs::File::open(entry.path())?;
            let digest = Digest::of_reader(file.by_ref())?;
            let size = file.stream_position()?;
            let urls = url.map(|url| format!("{}/{name}", url.trim_end_matches('/')));
            let urls = urls.into_iter().collect();
            artifacts.push(Artifact {
                name,
                digest,
                size,
                urls,
                needs: vec![],
            });
        }
    }
    println!(
        "{}",
        serde_json::to_string_pretty(&Manifest::new(artifacts)?)?
    );
    Ok(())
}
