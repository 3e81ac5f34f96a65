//! Long audio is aligned in little memory: a process of its own, so that its peak is the aligner's.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests state their expectations"
)]

use f5_align::{Aligner, HmmAligner};
use f5_core::audio::Waveform;

/// Most memory that the process has had so far, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

#[test]
fn memory_is_a_sliver_of_the_lattice() {
    let sentence = Waveform::read_wav("tests/data/awb_19.wav").unwrap();
    // Four minutes are searched in one piece, eight window by window.
    for minutes in [4, 8] {
        let times = (f64::from(minutes) * 60.0 / sentence.duration().as_secs_f64()) as usize;
        let audio = Waveform::new(sentence.samples().repeat(times), 16_000).unwrap();
        let text = "Nobody knew where the sound was coming from. ".repeat(times);
        // Phones of the sentence: 29, three states each, one silence after each of eight words.
        let states = times * (29 + 8) * 3;
        let frames = (audio.duration().as_secs_f64() * 100.0) as usize;
        let before = peak();
        let found = HmmAligner::new().align(&audio, &text, "en").unwrap();
        let used = peak() - before;
        assert_eq!(found.words.len(), 8 * times);
        assert!(found.words.iter().all(|w| !w.is_interpolated()));
        // One byte for each cell is the least that a whole search keeps.
        assert!(
            used < states * frames / 8 && used < 100 << 20,
            "{minutes} minutes: {used} bytes for a lattice of {} cells",
            states * frames
        );
    }
}
