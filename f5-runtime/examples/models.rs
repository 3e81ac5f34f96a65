//! Lists, fetches, verifies and prunes the model files that a manifest names.
//!
//! ```text
//! cargo run -p f5-runtime --features hub --example models -- describe DIR [URL] > manifest.json
//! cargo run -p f5-runtime --features hub --example models -- list   manifest.json STORE
//! cargo run -p f5-runtime --features hub --example models -- ensure manifest.json STORE
//! cargo run -p f5-runtime --features hub --example models -- verify manifest.json STORE
//! cargo run -p f5-runtime --features hub --example models -- prune  manifest.json STORE [--yes]
//! ```
//!
//! `describe` writes the manifest of a folder's files; with a URL, that is where they are fetched.

use std::error::Error;
use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

use f5_runtime::fetch::{HttpFetcher, HttpOptions};
use f5_runtime::store::{
    Artifact, Digest, EnsureReport, Manifest, ModelStore, StoreEvent, offline_by_environment,
};
use indicatif::ProgressBar;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["describe", dir] => describe(Path::new(dir), None),
        ["describe", dir, url] => describe(Path::new(dir), Some(url)),
        [command, manifest, store, ref rest @ ..] => {
            let manifest: Manifest = serde_json::from_slice(&fs::read(manifest)?)?;
            run(
                command,
                &manifest,
                &ModelStore::open(store)?,
                rest == ["--yes"],
            )
        }
        _ => Err("see the first lines of this example for how it is used".into()),
    }
}

fn run(
    command: &str,
    manifest: &Manifest,
    store: &ModelStore,
    yes: bool,
) -> Result<(), Box<dyn Error>> {
    let store = store
        .clone()
        .offline(command == "list" || offline_by_environment());
    let all: Vec<_> = manifest
        .iter()
        .map(|artifact| artifact.name.clone())
        .collect();
    match command {
        "list" => show(&store.ensure(manifest, &all)?),
        "verify" => show(&store.verify_all(manifest, &all)?),
        "ensure" => {
            let bar = ProgressBar::new(0);
            let shown = bar.clone();
            let store = store
                .fetcher(Arc::new(HttpFetcher::new(HttpOptions::default())))
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
            let report = store.ensure(manifest, &all)?;
            bar.finish_and_clear();
            show(&report);
        }
        "prune" => {
            let plan = store.plan_prune(manifest, None)?;
            for item in plan.items() {
                println!(
                    "{:?} {} bytes {}",
                    item.reason,
                    item.bytes,
                    item.path.display()
                );
            }
            if yes {
                println!("freed {} bytes", store.prune(&plan)?);
            } else {
                println!("{} bytes could be freed with --yes", plan.bytes());
            }
        }
        other => return Err(format!("unknown command {other}").into()),
    }
    Ok(())
}

fn show(report: &EnsureReport) {
    for (name, result) in &report.artifacts {
        match result {
            Ok(ensured) => println!("{name}: {:?} at {}", ensured.origin, ensured.path.display()),
            Err(error) => println!("{name}: {error}"),
        }
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
