//! Several aligners, the best first: where one cannot or is not believed, the next one answers.

mod gate;
mod report;

use std::time::Instant;

use f5_core::audio::Waveform;

use crate::{AlignError, Aligner, Alignment, EnergyAligner, HmmAligner, sound::Sound, split_words};
pub use gate::Gate;
pub use report::{LinkReport, Refusal, Verdict};

/// Asks its links in order until one gives times that the [`Gate`] believes; the last link is
/// believed whatever it says. The answer names every link that was asked, what came of it and how
/// long it took in [`Alignment::trail`].
///
/// ```
/// use f5_align::{Aligner, AlignerChain, Verdict};
/// use f5_core::audio::Waveform;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let audio = Waveform::read_wav("tests/data/awb_19.wav")?;
/// let chain = AlignerChain::default();
/// let found = chain.align(&audio, "Niemand wusste, woher das Geräusch kam.", "de")?;
/// assert_eq!(found.aligner, "energy");
/// assert!(matches!(found.trail[0].verdict, Verdict::Unavailable(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AlignerChain {
    links: Vec<Box<dyn Aligner>>,
    last: Box<dyn Aligner>,
    gate: Gate,
}

impl Default for AlignerChain {
    /// [`HmmAligner`], then [`EnergyAligner`]: needs nothing and answers in every language.
    fn default() -> Self {
        Self::new().link(HmmAligner::new())
    }
}

impl AlignerChain {
    /// A chain of an [`EnergyAligner`] alone, which never fails on audio that has samples.
    #[must_use]
    pub fn new() -> Self {
        Self {
            links: Vec::new(),
            last: Box::new(EnergyAligner::new()),
            gate: Gate::default(),
        }
    }

    /// Adds a link behind those already there, and before the last one.
    #[must_use]
    pub fn link(mut self, link: impl Aligner + 'static) -> Self {
        self.links.push(Box::new(link));
        self
    }

    /// What answers when no link is believed, in place of an [`EnergyAligner`].
    #[must_use]
    pub fn last(mut self, last: impl Aligner + 'static) -> Self {
        self.last = Box::new(last);
        self
    }

    /// What is asked of the links before the last one.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }
}

impl Aligner for AlignerChain {
    fn name(&self) -> &'static str {
        "chain"
    }

    /// A chain works where one of its links does.
    fn preflight(&self, language: &str) -> Result<(), AlignError> {
        let last = self.last.preflight(language);
        let mut links = self.links.iter();
        if last.is_ok() || links.any(|link| link.preflight(language).is_ok()) {
            return Ok(());
        }
        last
    }

    /// The answer of the first link that is believed; its name is in [`Alignment::aligner`].
    fn align(&self, audio: &Waveform, text: &str, language: &str) -> Result<Alignment, AlignError> {
        let words = split_words(text);
        Sound::of(audio, words.len())?;
        let mut trail = Vec::with_capacity(self.links.len() + 1);
        for (index, link) in self.links.iter().chain([&self.last]).enumerate() {
            let started = Instant::now();
            let is_last = index == self.links.len();
            let answer = match link.preflight(language) {
                Err(error) => Err(Verdict::Unavailable(error)),
                Ok(()) => match link.align(audio, text, language) {
                    Err(error) => Err(Verdict::Failed(error)),
                    Ok(found) => match self.gate.check(&found, &words) {
                        Err(refusal) if !is_last => Err(Verdict::Refused(refusal)),
                        _ => Ok(found),
                    },
                },
            };
            let (verdict, found) = match answer {
                Ok(found) => (Verdict::Used, Some(found)),
                Err(verdict) => (verdict, None),
            };
            trail.push(LinkReport::new(link.name(), verdict, started.elapsed()));
            if let Some(mut found) = found {
                // A link may be a chain itself.
                trail.append(&mut found.trail);
                found.trail = trail;
                return Ok(found);
            }
        }
        Err(AlignError::NoLink { trail })
    }
}
