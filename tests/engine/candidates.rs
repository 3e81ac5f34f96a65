//! The best of several tries, and whether its score hears a word that was skipped.

use std::{cmp::Ordering, ops::ControlFlow, sync::Arc, time::Duration};

use f5_tts::{
    CpuEngine, DevicePreference, ErrorKind, F5Tts, Fit, SynthesisParams,
    align::{
        AlignError, Aligner, AlignerChain, Alignment, EnergyAligner, HmmAligner, LinkReport,
        Refusal, Verdict,
    },
    core::audio::Waveform,
};

use crate::{ENGINE, VOICE, quick, voices};

const TEXT: &str = "The green hill stands near the river.";

#[test]
fn the_best_seed_is_kept_and_replays() {
    // The words are timed all the same.
    let params = SynthesisParams {
        word_timings: false,
        ..quick()
    };
    let found = ENGINE.candidates(&VOICE, TEXT, &params, 3).unwrap();
    let seeds: Vec<u64> = found.tried.iter().map(|c| c.seed).collect();
    assert_eq!(seeds, [7, 8, 9]);
    let best = &found.tried[found.best_index];
    assert_eq!((found.best.seed, &found.best.fit()), (best.seed, &best.fit));
    for (index, other) in found.tried.iter().enumerate() {
        println!("{}: {:?}", other.seed, other.fit);
        let order = best.fit.better(&other.fit);
        assert_ne!(order, Ordering::Less);
        assert!(order == Ordering::Greater || found.best_index <= index);
        assert_eq!(other.fit.words, 7);
    }
    let replayed = SynthesisParams {
        seed: Some(best.seed),
        ..quick()
    };
    let replayed = ENGINE.synthesize(&VOICE, TEXT, &replayed).unwrap();
    assert_eq!(found.best.waveform, replayed.waveform);
    assert_eq!(found.best.words, replayed.words);
    let again = ENGINE.candidates(&VOICE, TEXT, &params, 3).unwrap();
    assert_eq!(again.best_index, found.best_index);
}

#[test]
fn one_candidate_is_a_synthesis_and_none_an_error() {
    let one = ENGINE.candidates(&VOICE, TEXT, &quick(), 1).unwrap();
    let alone = ENGINE.synthesize(&VOICE, TEXT, &quick()).unwrap();
    assert_eq!(one.best.waveform, alone.waveform);
    assert_eq!((one.best_index, one.tried.len()), (0, 1));
    let error = ENGINE.candidates(&VOICE, TEXT, &quick(), 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("1 or more"), "{error}");
}

#[test]
fn progress_counts_all_tries_and_cancels() {
    let mut steps = Vec::new();
    let params = quick();
    let tried = ENGINE.candidates_with(&VOICE, "We walk home.", &params, 2, |p| {
        steps.push((p.chunk, p.chunks, p.step));
        ControlFlow::Continue(())
    });
    assert_eq!(tried.unwrap().tried.len(), 2);
    assert_eq!(steps, [(0, 2, 1), (0, 2, 2), (1, 2, 1), (1, 2, 2)]);
    let stopped = ENGINE.candidates_with(&VOICE, "We walk home.", &params, 2, |p| match p.chunk {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn tries_share_a_batch_where_the_device_gains() {
    let builder = F5Tts::builder().device(DevicePreference::Cpu);
    let builder = builder.cpu_engine(CpuEngine::Burn).batch_chunks(true);
    let tts = builder.build().unwrap();
    let mut steps = Vec::new();
    let found = tts
        .candidates_with(&VOICE, "We walk home.", &quick(), 3, |p| {
            steps.push((p.chunk, p.chunks, p.step));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(steps, [(0, 3, 1), (0, 3, 2)]);
    assert_eq!(found.tried.len(), 3);
    assert_eq!(found.best.seed, 7 + found.best_index as u64);
}

#[test]
fn without_an_aligner_that_listens_the_first_is_kept() {
    let tts = F5Tts::builder()
        .device(DevicePreference::Cpu)
        .language("de")
        .build()
        .unwrap();
    let found = tts.candidates(&VOICE, "Wir gehen.", &quick(), 2).unwrap();
    assert_eq!(found.best_index, 0);
    assert!(
        found
            .tried
            .iter()
            .all(|c| c.fit.score.is_none() && c.fit.accepted())
    );
}

fn fit(audio: &Waveform, text: &str) -> Fit {
    Fit::of(&AlignerChain::default().align(audio, text, "en").unwrap())
}

/// The fits of the speech with each of its words cut out in turn.
fn cut_fits(audio: &Waveform, text: &str) -> Vec<(String, Fit)> {
    let rate = audio.sample_rate();
    let at = |time: std::time::Duration| (time.as_secs_f64() * f64::from(rate)) as usize;
    let words = HmmAligner::new().align(audio, text, "en").unwrap().words;
    let cut = words.into_iter().map(|word| {
        let mut samples = audio.samples().to_vec();
        samples.drain(at(word.start)..at(word.end));
        (word.word, fit(&Waveform::new(samples, rate).unwrap(), text))
    });
    cut.collect()
}

/// How many cuts are heard, and of how many.
fn heard(whole: &Fit, cuts: &[(String, Fit)], name: &str) -> (usize, usize) {
    let missed = cuts
        .iter()
        .filter(|(_, cut)| whole.better(cut) != Ordering::Greater);
    let missed: Vec<&str> = missed.map(|(word, _)| word.as_str()).collect();
    println!(
        "{name}: {:?} of {} words, missed {missed:?}",
        whole.score,
        cuts.len()
    );
    (cuts.len() - missed.len(), cuts.len())
}

fn recordings() -> Vec<(Waveform, String)> {
    let data = voices().join("../../f5-align/tests/data");
    let bundled = ["slt", "rms"].map(|voice| {
        let text = std::fs::read_to_string(voices().join(format!("{voice}.txt"))).unwrap();
        (voices().join(format!("{voice}.wav")), text)
    });
    let others = ["awb_19", "kal_19"].map(|voice| {
        let text = "Nobody knew where the sound was coming from.".to_owned();
        (data.join(format!("{voice}.wav")), text)
    });
    let all = bundled.into_iter().chain(others);
    all.map(|(wav, text)| (Waveform::read_wav(wav).unwrap(), text))
        .collect()
}

fn speak(text: &str, seed: u64) -> Waveform {
    let params = SynthesisParams {
        nfe_steps: 7,
        seed: Some(seed),
        ..Default::default()
    };
    ENGINE.synthesize(&VOICE, text, &params).unwrap().waveform
}

/// The figures in the documentation of [`Fit`].
#[test]
fn a_word_that_is_missing_lowers_the_score() {
    let (mut own, mut other) = ((0, 0), (0, 0));
    let add = |sum: &mut (usize, usize), (found, of)| *sum = (sum.0 + found, sum.1 + of);
    for (audio, text) in recordings() {
        let found = heard(&fit(&audio, &text), &cut_fits(&audio, &text), &text);
        assert_eq!(found.0, found.1, "{text}");
        add(&mut own, found);
    }
    for text in [
        "We walk home along the river.",
        TEXT,
        "Please count from one to seven.",
        "The old man has a small house by the sea.",
        "In the morning the light came slowly, and the garden was wet.",
    ] {
        let speeches = [1, 2].map(|seed| speak(text, seed));
        let whole = speeches.each_ref().map(|speech| fit(speech, text));
        let cuts = speeches.each_ref().map(|speech| cut_fits(speech, text));
        for i in 0..2 {
            add(&mut own, heard(&whole[i], &cuts[i], text));
            add(
                &mut other,
                heard(&whole[i], &cuts[1 - i], "of another seed"),
            );
        }
    }
    println!("below the whole speech: {own:?}, below that of another seed: {other:?}");
    assert!(own.0 * 100 >= own.1 * 90, "{own:?}");
    assert!(other.0 * 100 >= other.1 * 80, "{other:?}");
}

/// Places words by their sounds, but is not believed.
#[derive(Debug)]
struct Doubted;

impl Aligner for Doubted {
    fn name(&self) -> &'static str {
        "doubted"
    }

    fn preflight(&self, _: &str) -> Result<(), AlignError> {
        Ok(())
    }

    fn align(&self, audio: &Waveform, text: &str, language: &str) -> Result<Alignment, AlignError> {
        let mut found = EnergyAligner::new().align(audio, text, language)?;
        let refusal = Refusal::OddPace {
            found: 0.5,
            most: 0.3,
        };
        found.trail = vec![LinkReport::new(
            "doubted",
            Verdict::Refused(refusal),
            Duration::ZERO,
        )];
        Ok(found)
    }
}

#[test]
fn refused_words_are_those_of_the_text_as_all_words_are() {
    let builder = F5Tts::builder().device(DevicePreference::Cpu);
    let tts = builder.aligner(Arc::new(Doubted)).build().unwrap();
    let long = "We paid $5.50 for it and walked home along the river. ".repeat(9);
    for (text, words) in [("$5.50", 1), ("It is $5.50.", 3), (long.as_str(), 99)] {
        let speech = tts.synthesize(&VOICE, text, &quick()).unwrap();
        assert!(speech.report.spoken_text.is_some());
        let fit = speech.fit();
        assert_eq!((fit.refused_words, fit.words), (words, words), "{text}");
    }
}
