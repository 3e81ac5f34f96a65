//! Makes the data files of f5-align: `cargo xtask train-aligner` calls it.
//!
//! Needs Debian's festival, festvox-kallpc16k, festvox-us-slt-hts and flite, and a cmudict, such as
//! `model/en-us/cmudict-en-us.dict` of the Python package pocketsphinx.

use std::{env, error::Error, fs, path::Path};

use f5_align::train::{
    Dictionary, Letters, ModelOptions, Random, VOICES, read, sentences, train_model,
};

const USAGE: &str = "train_aligner --cmudict FILE --speech FOLDER --data FOLDER
    [--sentences 420] [--gaussians 8] [--warp 0.2] [--without VOICE]... [--model-only]

--cmudict    pronunciations in the format of cmudict
--speech     folder for the training speech; what is there is used again
--data       folder for the results, f5-align/data for the crate's own
--without    a voice to leave out, to judge the model by it; may be given several times";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let value = |name: &str| {
        arguments
            .iter()
            .position(|a| a == name)
            .and_then(|i| arguments.get(i + 1))
            .cloned()
    };
    let needed = |name: &str| value(name).ok_or(USAGE);
    let number = |name: &str, usual: usize| value(name).map_or(Ok(usual), |v| v.parse());
    let (cmudict, speech, data) = (needed("--cmudict")?, needed("--speech")?, needed("--data")?);
    let dictionary = Dictionary::read(Path::new(&cmudict))?;
    let data = Path::new(&data);
    fs::create_dir_all(data)?;

    if !arguments.iter().any(|a| a == "--model-only") {
        fs::write(data.join("cmudict.deflate"), dictionary.pack()?)?;
        let r = Letters::learn(&dictionary, true).judge(&dictionary);
        println!(
            "letter rules on {} unseen words: {:.1} % right, {:.1} % of phones wrong",
            r.words,
            100.0 * r.right as f64 / r.words as f64,
            100.0 * r.edits as f64 / r.phones as f64,
        );
        let letters = Letters::learn(&dictionary, false);
        println!("{} letter rules from all words", letters.rules());
        fs::write(data.join("letters.deflate"), letters.pack()?)?;
    }

    let mut random = Random(7);
    let texts = sentences(&dictionary, number("--sentences", 420)?, &mut random);
    let rates = [0.85, 1.0, 1.0, 1.2];
    let spoken: Vec<(String, f64)> = texts
        .into_iter()
        .map(|t| (t, rates[random.below(rates.len())]))
        .collect();
    let pairs = arguments.windows(2);
    let left_out: Vec<&str> = pairs
        .filter(|pair| pair[0] == "--without")
        .map(|pair| pair[1].as_str())
        .collect();
    if let Some(name) = left_out
        .iter()
        .find(|n| VOICES.iter().all(|v| v.name() != **n))
    {
        let names = VOICES.map(|v| v.name()).join(", ");
        return Err(format!("there is no voice {name} to leave out, only {names}").into());
    }
    let mut voices = Vec::new();
    for voice in VOICES {
        if left_out.contains(&voice.name().as_str()) {
            continue;
        }
        let folder = Path::new(&speech).join(voice.name());
        voice.speak(&folder, &spoken)?;
        let utterances = read(&folder)?;
        let seconds: f64 = utterances
            .iter()
            .map(|u| u.audio.duration().as_secs_f64())
            .sum();
        println!(
            "{}: {} utterances, {:.1} minutes",
            voice.name(),
            utterances.len(),
            seconds / 60.0
        );
        voices.push(utterances);
    }
    let usual = ModelOptions::default();
    let options = ModelOptions {
        gaussians: number("--gaussians", 8)?,
        warp: value("--warp").map_or(Ok(usual.warp), |v| v.parse())?,
        ..usual
    };
    let model = train_model(&voices, &options)?;
    println!("model of {} bytes", model.len());
    fs::write(data.join("english.hmm"), model)?;
    Ok(())
}
