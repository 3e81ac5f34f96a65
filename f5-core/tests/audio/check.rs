//! What the check of a reference finds in the bundled voices (nothing) and in what was done to them.

use std::{fs, path::PathBuf, time::Duration};

use f5_core::audio::{
    Pcm, SampleWidth,
    check::{Finding, RefText, ReferenceReport, Severity},
    reference::{Clip, preprocess},
};

use crate::support::noise_pcm;

const FULL: f64 = 32_768.0;

fn assets(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "assets", "voices", name]
        .iter()
        .collect()
}

struct Recording {
    samples: Vec<i32>,
    rate: u32,
    channels: u16,
    text: String,
}

impl Recording {
    fn bundled(voice: &str) -> Self {
        let pcm = Pcm::read_wav(assets(&format!("{voice}.wav"))).unwrap();
        assert_eq!(
            (pcm.sample_width(), pcm.channels()),
            (SampleWidth::Bits16, 1)
        );
        Self {
            samples: pcm.samples().to_vec(),
            rate: pcm.sample_rate(),
            channels: 1,
            text: fs::read_to_string(assets(&format!("{voice}.txt"))).unwrap(),
        }
    }

    fn map(mut self, change: impl Fn(f64) -> f64) -> Self {
        for v in &mut self.samples {
            *v = change(f64::from(*v)).clamp(-FULL, FULL - 1.0) as i32;
        }
        self
    }

    fn power(&self) -> f64 {
        let squares = self.samples.iter().map(|v| f64::from(*v).powi(2));
        squares.sum::<f64>() / self.samples.len() as f64
    }

    fn pcm(&self) -> Pcm {
        let samples = self.samples.clone();
        Pcm::new(samples, SampleWidth::Bits16, self.channels, self.rate).unwrap()
    }

    fn report(&self) -> ReferenceReport {
        let pcm = self.pcm();
        let report =
            ReferenceReport::of(&pcm, &preprocess(&pcm).unwrap(), RefText::Given(&self.text));
        println!("{report}");
        for finding in &report.findings {
            assert!(!finding.remedy().is_empty());
        }
        report
    }

    /// The only finding.
    #[track_caller]
    fn finding(&self) -> Finding {
        let report = self.report();
        assert_eq!(report.findings.len(), 1, "{report}");
        report.findings[0].clone()
    }
}

fn silence(seconds: f64) -> Vec<i32> {
    vec![0; (seconds * 24_000.0) as usize]
}

#[test]
fn bundled_voices_are_good() {
    for voice in ["slt", "rms"] {
        let report = Recording::bundled(voice).report();
        assert!(report.is_good() && report.findings.is_empty(), "{report}");
        assert!(
            (3.5..6.0).contains(&report.syllables_per_second),
            "{report}"
        );
        assert_eq!((report.sample_rate, report.channels), (24_000, 1));
        assert!(report.to_string().lines().count() == 1, "{report}");
    }
}

#[test]
fn a_long_recording_was_cut() {
    let mut twice = Recording::bundled("slt");
    let once = twice.samples.clone();
    for _ in 0..2 {
        twice.samples.extend(silence(1.2));
        twice.samples.extend(&once);
    }
    twice.text = twice.text.repeat(3);
    let report = twice.report();
    let [cut, text, Finding::Pause { .. }] = report.findings.as_slice() else {
        panic!("{report}")
    };
    match cut {
        Finding::TooLong {
            source_duration,
            kept,
            clip,
            text_fits: false,
        } => {
            assert_eq!(*source_duration, Duration::from_millis(17_730));
            assert_eq!(*clip, Clip::ShortPause);
            assert_eq!(*kept, report.kept);
            assert!((5.5..12.0).contains(&kept.as_secs_f64()), "{kept:?}");
        }
        other => panic!("{other:?}"),
    }
    match text {
        Finding::ClippedText {
            syllables_per_second,
            of_recording,
            kept,
        } => {
            assert!(*syllables_per_second > 7.2 && *of_recording < 6.0, "{text}");
            assert_eq!(*kept, report.kept);
        }
        other => panic!("{other:?}"),
    }
    assert!(cut.to_string().contains("17.7 s") && cut.to_string().contains("at a short pause"));
    // What a recogniser heard in the cut audio fits it.
    let pcm = twice.pcm();
    let heard = Recording::bundled("slt").text.repeat(2);
    let heard = ReferenceReport::of(
        &pcm,
        &preprocess(&pcm).unwrap(),
        RefText::Transcribed(&heard),
    );
    assert!(heard.is_good(), "{heard}");
    assert!(matches!(
        heard.findings[0],
        Finding::TooLong {
            text_fits: true,
            ..
        }
    ));
}

#[test]
fn a_short_recording() {
    let mut short = Recording::bundled("rms");
    short.samples.truncate(48_000);
    short.text.truncate(short.text.len() * 48_000 / 122_640);
    match short.finding() {
        Finding::TooShort { kept } => {
            assert!((1.7..=2.0).contains(&kept.as_secs_f64()), "{kept:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_that_is_too_long_or_too_short() {
    for voice in ["slt", "rms"] {
        let whole = Recording::bundled(voice).report().syllables_per_second;
        let mut changed = Recording::bundled(voice);
        changed.text = changed.text.repeat(2);
        let finding = changed.finding();
        assert_eq!(finding.severity(), Severity::Warning);
        match finding {
            Finding::TooManyWords {
                syllables_per_second,
            } => {
                assert!((syllables_per_second - 2.0 * whole).abs() < 1e-9);
            }
            other => panic!("{other:?}"),
        }
        let third = changed.text.len() / 6;
        changed.text.truncate(third);
        let finding = changed.finding();
        assert_eq!(finding.severity(), Severity::Warning, "{finding}");
        match finding {
            Finding::TooFewWords {
                syllables_per_second,
            } => {
                assert!((syllables_per_second - whole / 3.0).abs() < 0.1);
            }
            other => panic!("{other:?}"),
        }
        changed.text.clear();
        assert!(changed.report().findings.is_empty());
    }
}

#[test]
fn noise_is_measured() {
    for (db, severity) in [(20.0, Severity::Note), (10.0, Severity::Warning)] {
        let mut noisy = Recording::bundled("slt");
        let ms = (noisy.samples.len() as u32 / 24) + 1;
        let noise = noise_pcm(5, 24_000, &[(ms, 32_767)]);
        // Uniform noise of amplitude a has a power of a² / 3.
        let amplitude = (3.0 * noisy.power() * 10_f64.powf(-db / 10.0)).sqrt() / FULL;
        for (v, n) in noisy.samples.iter_mut().zip(noise.samples()) {
            *v += (f64::from(*n) * amplitude) as i32;
        }
        let finding = noisy.finding();
        assert_eq!(finding.severity(), severity, "{finding}");
        match finding {
            // The louder half of the speech is up to 3 dB above the mean of it all.
            Finding::Noise { snr_db } => {
                assert!((db..db + 3.5).contains(&snr_db), "{snr_db} for {db}");
            }
            other => panic!("{other:?}"),
        }
    }
    let mut quiet = Recording::bundled("slt");
    quiet.samples.splice(0..0, silence(0.5));
    assert!(quiet.report().findings.is_empty());
}

#[test]
fn silence_and_pauses() {
    let mut paused = Recording::bundled("slt");
    let middle = paused.samples.len() / 2;
    paused.samples.splice(middle..middle, silence(1.5));
    match paused.finding() {
        Finding::Pause { start, length } => {
            assert!((1.48..1.8).contains(&length.as_secs_f64()), "{length:?}");
            assert!((2.5..3.1).contains(&start.as_secs_f64()), "{start:?}");
        }
        other => panic!("{other:?}"),
    }
    for third in [1, 3] {
        let at = middle / 2 * third + silence(1.5).len() * usize::from(third == 3);
        paused.samples.splice(at..at, silence(1.8));
    }
    let report = paused.report();
    let silence = report.findings.iter().find_map(|f| match f {
        Finding::Silence { share } => Some(*share),
        _ => None,
    });
    assert!((0.4..0.7).contains(&silence.unwrap()), "{report}");
}

#[test]
fn edges_that_are_too_loud_to_be_trimmed() {
    let mut hum = Recording::bundled("slt");
    // -40 dB of full scale: above the -42 that edges are trimmed by.
    let tone = |i: usize| (0.0142 * FULL * (i as f64 * 0.05).sin()) as i32;
    let [before, after] = [19_200, 16_800].map(|len| (0..len).map(tone).collect::<Vec<_>>());
    hum.samples.splice(0..0, before);
    hum.samples.extend(after);
    let report = hum.report();
    let found = report.findings.iter().find_map(|f| match f {
        Finding::Edges { leading, trailing } => {
            Some((leading.as_secs_f64(), trailing.as_secs_f64()))
        }
        _ => None,
    });
    let (leading, trailing) = found.unwrap();
    assert!((0.79..1.1).contains(&leading), "{leading}");
    assert!((0.69..1.0).contains(&trailing), "{trailing}");
}

#[test]
fn clipping_is_counted() {
    for (gain, severity) in [(None, Severity::Note), (Some(4.0), Severity::Warning)] {
        let bundled = Recording::bundled("slt");
        let peak = f64::from(bundled.samples.iter().map(|v| v.abs()).max().unwrap());
        let gain = gain.unwrap_or(1.0) * FULL / peak * 1.05;
        let loud = bundled.map(|v| v * gain);
        let expected = loud.samples.iter().filter(|v| v.abs() >= 32_767).count();
        let finding = loud.finding();
        assert_eq!(finding.severity(), severity, "{finding}");
        match finding {
            Finding::Clipping { samples, of } => {
                assert_eq!((samples, of), (expected, loud.samples.len()));
                assert!(samples > 3);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn low_level() {
    let bundled = Recording::bundled("slt");
    // Quieter still and nothing would be above the threshold that edges are trimmed by.
    let gain = 0.012 * FULL / bundled.power().sqrt();
    let finding = bundled.map(|v| v * gain).finding();
    match finding {
        Finding::LowLevel { dbfs } => assert!((-39.0..-36.0).contains(&dbfs), "{dbfs}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn low_sample_rate() {
    for (hz, severity) in [(8_000, Severity::Warning), (16_000, Severity::Note)] {
        let pcm = Recording::bundled("slt").pcm();
        let low = pcm
            .to_mono()
            .resample(hz)
            .unwrap()
            .to_pcm(SampleWidth::Bits16);
        let low = Recording {
            samples: low.samples().to_vec(),
            rate: hz,
            ..Recording::bundled("slt")
        };
        let finding = low.finding();
        assert_eq!(finding, Finding::LowSampleRate { hz });
        assert_eq!(finding.severity(), severity);
    }
}

#[test]
fn channels_that_cancel() {
    let stereo = |second: f64| {
        let mono = Recording::bundled("slt");
        let pairs = mono
            .samples
            .iter()
            .flat_map(|v| [*v, (f64::from(*v) * second) as i32]);
        Recording {
            samples: pairs.collect(),
            channels: 2,
            ..Recording::bundled("slt")
        }
    };
    assert!(stereo(1.0).report().findings.is_empty());
    assert!(stereo(0.7).report().findings.is_empty());
    // One side only: half of the voice is left, 6.02 dB.
    for (second, expected, severity) in [
        (0.0, 6.02, Severity::Note),
        (-0.5, 12.04, Severity::Warning),
    ] {
        let finding = stereo(second).finding();
        assert_eq!(finding.severity(), severity, "{finding}");
        match finding {
            Finding::ChannelsDiffer {
                lost_db,
                loudest: 0,
            } => {
                assert!((lost_db - expected).abs() < 0.02, "{lost_db}");
            }
            other => panic!("{other:?}"),
        }
    }
}
