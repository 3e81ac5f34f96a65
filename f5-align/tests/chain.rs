//! The chain of aligners: who is asked, who is believed, and what the report says.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests state their expectations"
)]

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use f5_align::{
    AlignError, Aligner, AlignerChain, Alignment, Gate, HmmAligner, Refusal, Span, Verdict,
};
use f5_core::{audio::Waveform, timing::TimingSource};

const TEXT: &str = "one two three four";

/// Answers what it is told to and counts how often it was asked.
#[derive(Debug)]
struct Fake {
    answer: Result<(Vec<Range<f64>>, f32), AlignError>,
    ready: Result<(), AlignError>,
    asked: AtomicUsize,
}

impl Fake {
    fn new(answer: Result<(Vec<Range<f64>>, f32), AlignError>) -> Arc<Self> {
        Arc::new(Self {
            answer,
            ready: Ok(()),
            asked: AtomicUsize::new(0),
        })
    }

    fn even() -> Vec<Range<f64>> {
        vec![0.0..0.25, 0.25..0.5, 0.5..0.75, 0.75..1.0]
    }
}

impl Aligner for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn preflight(&self, _: &str) -> Result<(), AlignError> {
        self.ready.clone()
    }

    fn align(&self, audio: &Waveform, text: &str, _: &str) -> Result<Alignment, AlignError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let (times, likelihood) = self.answer.clone()?;
        let spans: Vec<Span> = times
            .into_iter()
            .map(|time| Span {
                score: None,
                source: if time.is_empty() {
                    TimingSource::Interpolated
                } else {
                    TimingSource::Acoustic
                },
                time,
            })
            .collect();
        let found = Alignment::new(self.name(), audio.duration(), text, &spans)?;
        Ok(found.with_log_likelihood(likelihood))
    }
}

fn second() -> Waveform {
    let samples = (0..16_000).map(|i| 0.1 * (i as f32 * 0.3).sin());
    Waveform::new(samples.collect(), 16_000).unwrap()
}

fn align(chain: &AlignerChain) -> Alignment {
    let found = chain.align(&second(), TEXT, "en").unwrap();
    assert_eq!(found.words.len(), 4);
    assert!(matches!(found.trail.last().unwrap().verdict, Verdict::Used));
    assert_eq!(found.trail.last().unwrap().aligner, found.aligner);
    found
}

#[test]
fn the_first_link_that_is_believed_answers_and_later_ones_are_not_asked() {
    let (first, second) = (
        Fake::new(Ok((Fake::even(), -3.0))),
        Fake::new(Ok((Fake::even(), -1.0))),
    );
    let chain = AlignerChain::new().link(first.clone()).link(second.clone());
    let found = align(&chain);
    assert_eq!(found.quality.log_likelihood, Some(-3.0));
    assert_eq!(found.trail.len(), 1);
    assert_eq!(second.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn a_link_that_cannot_work_is_not_asked() {
    let unavailable = AlignError::Unavailable {
        aligner: "fake",
        reason: "no weights".to_owned(),
        remedy: "download them".to_owned(),
    };
    let link = Arc::new(Fake {
        answer: Ok((Fake::even(), -1.0)),
        ready: Err(unavailable.clone()),
        asked: AtomicUsize::new(0),
    });
    let chain = AlignerChain::new().link(link.clone());
    assert_eq!(chain.preflight("en"), Ok(()));
    let found = align(&chain);
    assert_eq!(found.aligner, "energy");
    assert_eq!(found.trail[0].verdict, Verdict::Unavailable(unavailable));
    assert_eq!(
        found.trail[0].to_string(),
        "fake: unavailable, the fake aligner cannot work here: no weights; download them"
    );
    assert_eq!(link.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn every_measure_of_the_gate_can_refuse() {
    let refusal = |times: Vec<Range<f64>>, likelihood| {
        let chain = AlignerChain::new().link(Fake::new(Ok((times, likelihood))));
        let found = align(&chain);
        assert_eq!((found.aligner, found.trail.len()), ("energy", 2));
        match &found.trail[0].verdict {
            Verdict::Refused(refusal) => *refusal,
            other => panic!("{other:?}"),
        }
    };
    let uncovered = vec![0.0..0.25, 0.25..0.25, 0.25..0.25, 0.25..0.25];
    assert!(matches!(
        refusal(uncovered, -1.0),
        Refusal::Coverage { found: 0.25, .. }
    ));
    assert!(matches!(
        refusal(Fake::even(), -9.0),
        Refusal::LogLikelihood { found: -9.0, .. }
    ));
    let hurried = vec![0.0..0.01, 0.01..0.02, 0.02..0.03, 0.03..0.04];
    assert!(matches!(
        refusal(hurried, -1.0),
        Refusal::WordsPerSecond { .. }
    ));
    let uneven = vec![0.0..0.01, 0.01..0.02, 0.02..0.03, 0.03..1.0];
    assert!(matches!(
        refusal(uneven, -1.0),
        Refusal::OddPace { found: 0.75, .. }
    ));
}

#[test]
fn the_gate_can_be_set() {
    let strict = Gate {
        log_likelihood: -2.0,
        ..Gate::default()
    };
    let chain = AlignerChain::new().link(Fake::new(Ok((Fake::even(), -3.0))));
    assert_eq!(align(&chain).aligner, "fake");
    assert_eq!(align(&chain.gate(strict)).aligner, "energy");
}

#[test]
fn a_link_that_breaks_its_promises_is_not_believed() {
    let short = Fake::new(Ok((vec![0.0..0.5, 0.5..1.0], -1.0)));
    let found = align(&AlignerChain::new().link(short));
    let broken = AlignError::Broken {
        aligner: "fake",
        words: 4,
        spans: 2,
    };
    assert_eq!(found.trail[0].verdict, Verdict::Failed(broken));
    let nan = Fake::new(Ok((vec![0.0..f64::NAN; 4], -1.0)));
    let found = align(&AlignerChain::new().link(nan));
    assert!(matches!(
        found.trail[0].verdict,
        Verdict::Failed(AlignError::Broken { spans: 0, .. })
    ));
}

#[test]
fn the_last_link_is_believed_whatever_it_says() {
    let poor = Fake::new(Ok((Fake::even(), -90.0)));
    let chain = AlignerChain::new().link(poor.clone()).last(poor);
    let found = align(&chain);
    assert_eq!(found.aligner, "fake");
    assert!(matches!(found.trail[0].verdict, Verdict::Refused(_)));
}

#[test]
fn a_chain_that_cannot_answer_says_what_each_link_said() {
    let error = AlignError::NothingSpoken { words: 4 };
    let (a, b) = (Fake::new(Err(error.clone())), Fake::new(Err(error.clone())));
    let chain = AlignerChain::new().link(a).last(b);
    match chain.align(&second(), TEXT, "en") {
        Err(AlignError::NoLink { trail }) => {
            let verdicts: Vec<_> = trail.into_iter().map(|link| link.verdict).collect();
            assert_eq!(verdicts, vec![Verdict::Failed(error); 2]);
        }
        other => panic!("{other:?}"),
    }
    let silent = Waveform::new(Vec::new(), 16_000).unwrap();
    assert_eq!(
        chain.align(&silent, TEXT, "en"),
        Err(AlignError::NoAudio { words: 4 })
    );
}

#[test]
fn chains_can_be_links() {
    let inner = AlignerChain::new().last(HmmAligner::new());
    let found = AlignerChain::new()
        .link(inner)
        .align(&second(), TEXT, "fr")
        .unwrap();
    assert_eq!(found.aligner, "energy");
    assert!(matches!(
        found.trail[0].verdict,
        Verdict::Unavailable(AlignError::Language { .. })
    ));
}
