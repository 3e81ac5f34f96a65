//! Checks a reference before anything is cloned from it: what of recording and text will be heard in the
//! speech, with numbers and remedies. Nothing here changes what is synthesised.

mod finding;
mod measure;

use std::{fmt, time::Duration};

pub use finding::{Finding, Severity};

use self::measure::{Frames, clipped_samples, lost_in_mix, syllables};
use super::{Pcm, reference::Preprocessed};

/// A reference's text, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefText<'a> {
    /// What the caller says is spoken in the recording.
    Given(&'a str),
    /// What a recogniser heard in the prepared audio, which it therefore fits.
    Transcribed(&'a str),
}

/// What was measured of a reference, and what may be wrong with it.
///
/// ```
/// use f5_core::audio::{Pcm, check::{Finding, RefText, ReferenceReport}, reference::preprocess};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let recording = Pcm::read_wav("tests/data/audio/short_16k_mono.wav")?;
/// let text = RefText::Given("Three times as many words as anybody could say in less than three \
///     seconds, however fast they spoke, and then some more of them.");
/// let report = ReferenceReport::of(&recording, &preprocess(&recording)?, text);
/// assert!(report.findings.iter().any(|f| matches!(f, Finding::TooManyWords { .. })));
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReferenceReport {
    /// What may be wrong, warnings first.
    pub findings: Vec<Finding>,
    /// Length of the recording.
    pub source_duration: Duration,
    /// Length of what is left of it for the model, the silent tail aside.
    pub kept: Duration,
    /// Syllables of the text, estimated: a letter is a third of one, a Chinese or Japanese character or a
    /// digit a whole one.
    pub syllables: f64,
    /// Syllables per second of speech, pauses left out; 0 without text.
    pub syllables_per_second: f64,
    /// Level of the speech over that of the quietest tenth of the recording, in dB; infinite where that is
    /// digital silence.
    pub snr_db: f64,
    /// Share of silence in what is left, from 0 to 1.
    pub silence: f64,
    /// Loudness of what is left, in dB of full scale.
    pub level_dbfs: f64,
    /// Hz of the recording.
    pub sample_rate: u32,
    /// Channels of the recording.
    pub channels: u16,
}

impl ReferenceReport {
    /// Looks at a recording, what [`preprocess`](super::reference::preprocess) made of it, and its text. An
    /// empty text is not looked at.
    #[must_use]
    pub fn of(recording: &Pcm, prepared: &Preprocessed, ref_text: RefText<'_>) -> Self {
        let (RefText::Given(text) | RefText::Transcribed(text)) = ref_text;
        let speech = measure::head(&prepared.pcm, prepared.speech_frames);
        let (whole, kept) = (Frames::of(recording), Frames::of(&speech));
        let syllables = syllables(text);
        let pace = |frames: &Frames| match frames.speech_seconds() {
            seconds if seconds > 0.0 => syllables / seconds,
            _ => 0.0,
        };
        let mut report = Self {
            findings: Vec::new(),
            source_duration: recording.duration(),
            kept: speech.duration(),
            syllables,
            syllables_per_second: pace(&kept),
            snr_db: whole.snr_db(),
            silence: kept.silent_share(),
            level_dbfs: speech.dbfs(),
            sample_rate: recording.sample_rate(),
            channels: recording.channels(),
        };
        let clip = prepared.clipped.map(|clip| Finding::TooLong {
            source_duration: report.source_duration,
            kept: report.kept,
            clip,
            text_fits: matches!(ref_text, RefText::Transcribed(_)),
        });
        let [leading, trailing] = kept.edges();
        report.findings.extend(
            [
                finding::cut_off(recording),
                clip,
                finding::short(report.kept),
                finding::pace(&report, prepared.clipped.map(|_| pace(&whole))),
                finding::noise(report.snr_db),
                finding::silence(report.silence),
                finding::pause(kept.longest_pause()),
                finding::edges(leading, trailing),
                finding::clipping(clipped_samples(recording), recording.samples().len()),
                finding::level(report.level_dbfs),
                finding::rate(report.sample_rate),
                finding::channels(lost_in_mix(recording)),
            ]
            .into_iter()
            .flatten(),
        );
        report
            .findings
            .sort_by_key(|f| std::cmp::Reverse(f.severity()));
        report
    }

    /// The findings that are more than notes.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        let warns = |f: &&Finding| f.severity() == Severity::Warning;
        self.findings.iter().filter(warns)
    }

    /// Whether there is no warning.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.warnings().next().is_none()
    }
}

impl fmt::Display for ReferenceReport {
    /// A line of numbers, and one for each finding.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} of {:.1} s, {:.1} syllables/s, {:.0} dB over the background, {:.0} % silence, {:.0} dBFS, {} Hz, {} channel(s)",
            self.kept.as_secs_f64(),
            self.source_duration.as_secs_f64(),
            self.syllables_per_second,
            self.snr_db,
            self.silence * 100.0,
            self.level_dbfs,
            self.sample_rate,
            self.channels
        )?;
        for finding in &self.findings {
            write!(
                f,
                "\n{}: {finding}; {}",
                finding.severity(),
                finding.remedy()
            )?;
        }
        Ok(())
    }
}
