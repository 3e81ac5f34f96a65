//! How long an engine takes to be ready: from the disk, in a later process, from a [`WeightCache`].
//!
//! ```text
//! cargo run --release --example warm_start -- [MODEL [VOCODER [PRESET]]]
//! ```
//!
//! Without a model, the demo. The first load finds the files' pages dropped from memory, where the
//! system allows that (Linux); what lies below, such as a host's cache, may still be warm.

use std::{error::Error, fs::File, path::PathBuf, process::Command, time::Instant};

use f5_tts::{F5Tts, F5TtsBuilder, VoiceCache, WeightCache, demo_dir};

/// Makes a process start once and tell how long it took; the example calls itself so.
const LATER: &str = "--later";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).peekable();
    let later = args.next_if_eq(LATER).is_some();
    let model = args.next().map_or_else(demo_dir, PathBuf::from);
    let vocoder = args.next().map(PathBuf::from);
    let preset = args.next();
    let builder = || {
        let builder = F5Tts::builder().model_dir(&model);
        let builder = match &vocoder {
            Some(dir) => builder.vocoder_dir(dir),
            None => builder,
        };
        match &preset {
            Some(name) => builder.preset(name),
            None => builder,
        }
    };
    if later {
        ready("a later process", builder())?;
        return Ok(());
    }
    for dir in [Some(&model), vocoder.as_ref()].into_iter().flatten() {
        drop_pages(dir)?;
    }
    let cold = ready("from the disk", builder())?;
    let device = &cold.report().device;
    println!(
        "{:<32} {:>10.3?}",
        "  of it probe and trial kernel", device.elapsed
    );
    for refused in &device.refused {
        println!("    {} refused: {}", refused.name, refused.error);
    }
    drop(cold);
    let same = std::env::args_os().skip(1);
    Command::new(std::env::current_exe()?)
        .arg(LATER)
        .args(same)
        .status()?;
    let weights = WeightCache::new();
    let tts = ready("the same process again", builder().weight_cache(&weights))?;
    ready(
        "second engine, shared weights",
        builder().weight_cache(&weights),
    )?;

    let warm = tts.warm_up()?;
    println!("{:<32} {:>10.3?}", "warm_up, one step", warm.sampling);
    println!("{:<32} {:>10.3?}", "warm_up, vocoder", warm.vocoding);

    let voices = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/voices");
    let ref_text = std::fs::read_to_string(format!("{voices}/slt.txt"))?;
    let cache = VoiceCache::new(10);
    for what in ["voice, prepared", "voice, from the cache"] {
        let started = Instant::now();
        cache.voice(&tts, format!("{voices}/slt.wav"), &ref_text)?;
        println!("{what:<32} {:>10.3?}", started.elapsed());
    }
    Ok(())
}

/// Builds an engine and tells how long that took.
fn ready(what: &str, builder: F5TtsBuilder) -> Result<F5Tts, f5_tts::Error> {
    let started = Instant::now();
    let tts = builder.build()?;
    let elapsed = started.elapsed();
    let loading = &tts.report().loading;
    println!(
        "{what:<32} {elapsed:>10.3?}  networks {:.3?}, {} bytes read, on {}",
        loading.elapsed,
        loading.bytes,
        tts.device()
    );
    Ok(tts)
}

/// Asks the system to forget the contents of a folder's files.
fn drop_pages(dir: &PathBuf) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_file() {
            #[cfg(target_os = "linux")]
            {
                use rustix::fs::{Advice, fadvise};
                let file = File::open(&path)?;
                file.sync_all()?;
                fadvise(&file, 0, None, Advice::DontNeed)?;
            }
            #[cfg(not(target_os = "linux"))]
            drop(File::open(&path)?);
        }
    }
    Ok(())
}
