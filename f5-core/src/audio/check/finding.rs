//! What may be wrong with a reference, from which number on, and what to do about it.

use std::{fmt, time::Duration};

use super::{ReferenceReport, measure::Mix};
use crate::audio::{Pcm, reference::Clip};

/// Below this length a voice is hard to tell.
const SHORT: Duration = Duration::from_secs(3);
/// Syllables per second of speech, pauses left out. The bundled voices have 4.4 and 5.5
/// (`cargo test -p f5-core --test audio check::bundled -- --nocapture`); people read at 3 to 7, and half of a
/// text or twice the text is to be noticed.
const PACE: [f64; 2] = [2.0, 8.5];
const USUAL_PACE: [f64; 2] = [2.8, 7.2];
/// dB of the speech over the background.
const NOISY: f64 = 15.0;
const USUAL_SNR: f64 = 25.0;
/// Share of silence.
const SILENT: f64 = 0.5;
const USUAL_SILENCE: f64 = 0.35;
/// Pauses and edges.
const LONG_PAUSE: Duration = Duration::from_millis(1_200);
const LONG_EDGE: Duration = Duration::from_millis(500);
/// Share of samples at full scale.
const CLIPPED: f64 = 5e-4;
/// Fewer samples at full scale are peaks of a normalised recording.
const FEW: usize = 3;
/// dB of full scale; preparation trims edges below -42.
const QUIET: f64 = -40.0;
const USUAL_LEVEL: f64 = -34.0;
/// Hz.
const MUFFLED: u32 = 16_000;
const USUAL_RATE: u32 = 22_050;
/// dB that the mean of the channels is below the loudest one.
const CANCELLED: f64 = 6.5;
const USUAL_MIX: f64 = 3.5;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// May be heard.
    Note,
    /// Will be heard, or makes the speech wrong.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
        })
    }
}

/// Something about a reference that will be heard in the speech. Its display is a sentence with the
/// evidence; see also [`remedy`](Self::remedy).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// The file is not all there.
    CutOff {
        /// Length of the recording.
        source_duration: Duration,
        /// Length that the header of the file announces.
        announced: Duration,
    },
    /// The recording was cut; a text that was not cut with it says more than the audio.
    TooLong {
        /// Length of the recording.
        source_duration: Duration,
        /// Length of what was kept.
        kept: Duration,
        /// Where it was cut.
        clip: Clip,
        /// Whether the text is one that was heard in what was kept.
        text_fits: bool,
    },
    /// The text fits the recording before it was cut, and is too long for what was kept.
    ClippedText {
        /// Length of what was kept.
        kept: Duration,
        /// Syllables per second of the speech that was kept.
        syllables_per_second: f64,
        /// The same of the whole recording.
        of_recording: f64,
    },
    /// There is little speech.
    TooShort {
        /// Length of what was kept.
        kept: Duration,
    },
    /// The text has more words than the audio has room for.
    TooManyWords {
        /// Syllables per second of speech.
        syllables_per_second: f64,
    },
    /// The text has too few words for the audio.
    TooFewWords {
        /// Syllables per second of speech.
        syllables_per_second: f64,
    },
    /// The background is loud.
    Noise {
        /// Level of the speech over it in dB.
        snr_db: f64,
    },
    /// Much of the recording is silence.
    Silence {
        /// Its share, from 0 to 1.
        share: f64,
    },
    /// There is a long pause.
    Pause {
        /// When it begins in the prepared audio.
        start: Duration,
        /// How long it is.
        length: Duration,
    },
    /// Silence before or after the speech that preparation did not trim, because it is not silent enough.
    Edges {
        /// Length before the speech.
        leading: Duration,
        /// Length after it.
        trailing: Duration,
    },
    /// Samples are at full scale: the recording was too loud and is distorted.
    Clipping {
        /// Samples at full scale, over all channels.
        samples: usize,
        /// Samples in all.
        of: usize,
    },
    /// The speech is quiet.
    LowLevel {
        /// Its loudness in dB of full scale.
        dbfs: f64,
    },
    /// High frequencies are missing.
    LowSampleRate {
        /// Hz.
        hz: u32,
    },
    /// The channels cancel each other, or hold different things: their mean is used.
    ChannelsDiffer {
        /// How far the mean is below the loudest channel, in dB.
        lost_db: f64,
        /// That channel, from 0.
        loudest: usize,
    },
}

impl Finding {
    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let warns = match self {
            Self::TooLong { text_fits, .. } => !text_fits,
            Self::CutOff { .. }
            | Self::ClippedText { .. }
            | Self::TooShort { .. }
            | Self::Edges { .. } => true,
            Self::TooManyWords {
                syllables_per_second,
            } => *syllables_per_second > PACE[1],
            Self::TooFewWords {
                syllables_per_second,
            } => *syllables_per_second < PACE[0],
            Self::Noise { snr_db } => *snr_db < NOISY,
            Self::Silence { share } => *share > SILENT,
            Self::Pause { .. } => false,
            Self::Clipping { samples, of } => *samples as f64 > *of as f64 * CLIPPED,
            Self::LowLevel { dbfs } => *dbfs < QUIET,
            Self::LowSampleRate { hz } => *hz < MUFFLED,
            Self::ChannelsDiffer { lost_db, .. } => *lost_db > CANCELLED,
        };
        match warns {
            true => Severity::Warning,
            false => Severity::Note,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::CutOff { .. } => {
                "get the file again from its source, or leave in ref_text only what it still says"
            }
            Self::TooLong {
                text_fits: true, ..
            } => "give a recording of less than 12 s to choose what is kept",
            Self::TooLong { .. } | Self::ClippedText { .. } => {
                "cut ref_audio to less than 12 s at the end of a sentence, and ref_text with it"
            }
            Self::TooShort { .. } => "record 5 to 10 s of speech",
            Self::TooManyWords { .. } => "leave in ref_text only what ref_audio says",
            Self::TooFewWords { .. } => "write in ref_text all that ref_audio says",
            Self::Noise { .. } => "record in a quiet place, or remove the noise",
            Self::Silence { .. } | Self::Pause { .. } => {
                "cut the pauses down: the speech will have them too"
            }
            Self::Edges { .. } => "cut ref_audio where the speech begins and ends",
            Self::Clipping { .. } => "record again at a lower level",
            Self::LowLevel { .. } => "record again closer to the microphone or at a higher level",
            Self::LowSampleRate { .. } => {
                "use a recording of 24000 Hz or more, not one made larger"
            }
            Self::ChannelsDiffer { .. } => "keep one channel of ref_audio",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutOff {
                source_duration,
                announced,
            } => write!(
                f,
                "the file ends after {:.1} of the {:.1} s that its header announces",
                source_duration.as_secs_f64(),
                announced.as_secs_f64()
            ),
            Self::TooLong {
                source_duration,
                kept,
                clip,
                ..
            } => {
                let place = match clip {
                    Clip::LongPause => "at a long pause",
                    Clip::ShortPause => "at a short pause",
                    Clip::Hard => "in the middle of whatever was being said",
                };
                write!(
                    f,
                    "the recording of {:.1} s is too long and was cut {place}, after {:.1} s",
                    source_duration.as_secs_f64(),
                    kept.as_secs_f64()
                )
            }
            Self::ClippedText {
                kept,
                syllables_per_second,
                of_recording,
            } => write!(
                f,
                "the text fits the recording before it was cut ({of_recording:.1} syllables/s), not the {:.1} s that are left of it ({syllables_per_second:.1})",
                kept.as_secs_f64()
            ),
            Self::TooShort { kept } => write!(
                f,
                "there are {:.1} s of speech, less than {} s",
                kept.as_secs_f64(),
                SHORT.as_secs()
            ),
            Self::TooManyWords {
                syllables_per_second,
            } => write!(
                f,
                "the text has {syllables_per_second:.1} syllables for a second of speech, people say {} to {}",
                USUAL_PACE[0], USUAL_PACE[1]
            ),
            Self::TooFewWords {
                syllables_per_second,
            } => write!(
                f,
                "the text has only {syllables_per_second:.1} syllables for a second of speech, people say {} to {}",
                USUAL_PACE[0], USUAL_PACE[1]
            ),
            Self::Noise { snr_db } => write!(
                f,
                "the speech is only {snr_db:.0} dB louder than its background, {USUAL_SNR} are usual"
            ),
            Self::Silence { share } => {
                write!(f, "{:.0} % of the recording is silence", share * 100.0)
            }
            Self::Pause { start, length } => write!(
                f,
                "a pause of {:.1} s begins at {:.1} s",
                length.as_secs_f64(),
                start.as_secs_f64()
            ),
            Self::Edges { leading, trailing } => write!(
                f,
                "nothing is said for {:.1} s before and {:.1} s after the speech, and it is not silent enough to be trimmed",
                leading.as_secs_f64(),
                trailing.as_secs_f64()
            ),
            Self::Clipping { samples, of } => write!(
                f,
                "{samples} of {of} samples are at full scale, which distorts the voice"
            ),
            Self::LowLevel { dbfs } => {
                write!(f, "the speech is quiet: {dbfs:.0} dB of full scale")
            }
            Self::LowSampleRate { hz } => write!(
                f,
                "a recording at {hz} Hz has no sound above {} Hz, and the voice gets muffled",
                hz / 2
            ),
            Self::ChannelsDiffer { lost_db, loudest } => write!(
                f,
                "the mean of the channels is {lost_db:.0} dB below channel {loudest}: they cancel or hold different things"
            ),
        }
    }
}

pub(super) fn cut_off(recording: &Pcm) -> Option<Finding> {
    let missing = recording.missing_frames();
    let seconds = missing as f64 / f64::from(recording.sample_rate());
    let missing_duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    (missing > 0).then(|| Finding::CutOff {
        source_duration: recording.duration(),
        announced: recording.duration().saturating_add(missing_duration),
    })
}

pub(super) fn short(kept: Duration) -> Option<Finding> {
    (kept < SHORT).then_some(Finding::TooShort { kept })
}

/// `of_recording` is the pace of the recording before a cut.
pub(super) fn pace(report: &ReferenceReport, of_recording: Option<f64>) -> Option<Finding> {
    let syllables_per_second = report.syllables_per_second;
    if report.syllables == 0.0 {
        return None;
    }
    if syllables_per_second > USUAL_PACE[1] {
        return Some(match of_recording.filter(|pace| *pace <= PACE[1]) {
            Some(of_recording) => Finding::ClippedText {
                kept: report.kept,
                syllables_per_second,
                of_recording,
            },
            None => Finding::TooManyWords {
                syllables_per_second,
            },
        });
    }
    (syllables_per_second < USUAL_PACE[0]).then_some(Finding::TooFewWords {
        syllables_per_second,
    })
}

pub(super) fn noise(snr_db: f64) -> Option<Finding> {
    (snr_db < USUAL_SNR).then_some(Finding::Noise { snr_db })
}

pub(super) fn silence(share: f64) -> Option<Finding> {
    (share > USUAL_SILENCE).then_some(Finding::Silence { share })
}

pub(super) fn pause((start, length): (Duration, Duration)) -> Option<Finding> {
    (length > LONG_PAUSE).then_some(Finding::Pause { start, length })
}

pub(super) fn edges(leading: Duration, trailing: Duration) -> Option<Finding> {
    (leading.max(trailing) > LONG_EDGE).then_some(Finding::Edges { leading, trailing })
}

pub(super) fn clipping(samples: usize, of: usize) -> Option<Finding> {
    (samples >= FEW).then_some(Finding::Clipping { samples, of })
}

pub(super) fn level(dbfs: f64) -> Option<Finding> {
    (dbfs < USUAL_LEVEL).then_some(Finding::LowLevel { dbfs })
}

pub(super) fn rate(hz: u32) -> Option<Finding> {
    (hz < USUAL_RATE).then_some(Finding::LowSampleRate { hz })
}

pub(super) fn channels(mix: Option<Mix>) -> Option<Finding> {
    let Mix { lost_db, loudest } = mix?;
    (lost_db > USUAL_MIX).then_some(Finding::ChannelsDiffer { lost_db, loudest })
}
