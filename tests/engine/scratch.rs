
use f5_tts::align::{Aligner, HmmAligner};
use f5_tts::core::audio::Waveform;

fn syl(w: &str) -> f64 { w.chars().filter(|c| c.is_alphabetic()).count() as f64 + 1.0 }

fn show(tag: &str, audio: &Waveform, text: &str) -> Option<(f32, f32, f64)> {
    let Ok(a) = HmmAligner::new().align(audio, text, "en") else { println!("{tag} FAILED"); return None };
    let total: f64 = a.words.iter().map(|w| (w.end - w.start).as_secs_f64()).sum();
    let letters: f64 = a.words.iter().map(|w| syl(&w.word)).sum();
    let mut min = (2.0f32, String::new());
    let mut minr = (9.0f64, String::new());
    for w in &a.words {
        let s = w.score.unwrap_or(1.0);
        if s < min.0 { min = (s, w.word.clone()); }
        let r = (w.end - w.start).as_secs_f64() / (syl(&w.word) * total / letters);
        if r < minr.0 { minr = (r, w.word.clone()); }
    }
    println!("{tag:14} ll {:6.2} score {:.3} min {:.3} {:9} ratio {:.2} {:9}", a.quality.log_likelihood.unwrap(), a.quality.score.unwrap(), min.0, min.1, minr.0, minr.1);
    Some((a.quality.log_likelihood.unwrap(), min.0, minr.0))
}

#[test]
fn scratch() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut set: Vec<(String, String)> = ["slt", "rms"].iter().map(|v| (format!("{root}/assets/voices/{v}.wav"), std::fs::read_to_string(format!("{root}/assets/voices/{v}.txt")).unwrap())).collect();
    for v in ["awb", "kal"] { set.push((format!("{root}/f5-align/tests/data/{v}_19.wav"), "Nobody knew where the sound was coming from.".into())); }
    if let Ok(dir) = std::env::var("EXTRA") { for e in std::fs::read_dir(dir).unwrap() { let p = e.unwrap().path(); if p.extension().is_some_and(|x| x == "wav") { set.push((p.display().to_string(), std::fs::read_to_string(p.with_extension("txt")).unwrap())); } } }
    let mut audios: Vec<(String, Waveform, String)> = set.into_iter().map(|(w, t)| (w.clone(), Waveform::read_wav(w).unwrap(), t)).collect();
    for text in ["We walk home along the river.", "The green hill stands near the river.", "Please count from one to seven.", "The old man has a small house by the sea.", "In the morning the light came slowly, and the garden was wet."] {
        for seed in [1, 2] {
            let p = f5_tts::SynthesisParams { nfe_steps: 12, seed: Some(seed), ..Default::default() };
            let s = crate::ENGINE.synthesize(&crate::VOICE, text, &p).unwrap();
            audios.push((format!("demo {seed}"), s.waveform, text.to_owned()));
        }
    }
    for (wav, audio, text) in &audios {
        println!("== {wav}");
        show("whole", audio, text);
        let a = HmmAligner::new().align(audio, text, "en").unwrap();
        for w in &a.words { print!("{} {:.2} {:.2}; ", w.word, w.score.unwrap_or(-1.0), (w.end-w.start).as_secs_f64()); }
        println!();
        let rate = f64::from(audio.sample_rate());
        for w in &a.words {
            let (s, e) = ((w.start.as_secs_f64() * rate) as usize, (w.end.as_secs_f64() * rate) as usize);
            let mut x = audio.samples().to_vec();
            x.drain(s..e);
            show(&w.word, &Waveform::new(x, audio.sample_rate()).unwrap(), text);
        }
    }
}
