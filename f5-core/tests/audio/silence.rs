//! Silence of hand-made clips, where the right answer is plain.

use f5_core::audio::{
    Waveform, remove_silence,
    silence::{
        SilenceParams, detect_nonsilent, detect_silence, kept_ranges, leading_silence_ms,
        split_ranges, trim_edges,
    },
};

use crate::support::noise_pcm;

const LOUD: i32 = 9_000;

#[test]
fn one_pause_is_found_and_split_between_its_neighbours() {
    let pcm = noise_pcm(1, 16_000, &[(500, LOUD), (1500, 0), (500, LOUD)]);
    let params = SilenceParams::LONG_PAUSES;
    assert_eq!(detect_silence(&pcm, &params), [500..2000]);
    assert_eq!(detect_nonsilent(&pcm, &params), [0..500, 2000..2500]);
    assert_eq!(split_ranges(&pcm, &params), [0..1250, 1250..2500]);
}

#[test]
fn shorter_pauses_are_not_seen() {
    let pcm = noise_pcm(1, 16_000, &[(500, LOUD), (900, 0), (500, LOUD)]);
    assert_eq!(detect_silence(&pcm, &SilenceParams::LONG_PAUSES), []);
    assert_eq!(split_ranges(&pcm, &SilenceParams::LONG_PAUSES), [0..1900]);
    assert_eq!(
        detect_silence(&pcm, &SilenceParams::SHORT_PAUSES),
        [500..1400]
    );
}

#[test]
fn silence_throughout_leaves_nothing() {
    let pcm = noise_pcm(1, 16_000, &[(1503, 0)]);
    assert_eq!(detect_silence(&pcm, &SilenceParams::LONG_PAUSES), [0..1503]);
    assert_eq!(detect_nonsilent(&pcm, &SilenceParams::LONG_PAUSES), []);
    assert_eq!(leading_silence_ms(&pcm, -42.0), 1503);
    assert_eq!(trim_edges(&pcm, -42.0).frames(), 0);
}

#[test]
fn edges_are_trimmed_in_steps_of_ten_milliseconds() {
    let pcm = noise_pcm(1, 16_000, &[(123, 0), (400, LOUD), (77, 0)]);
    assert_eq!(leading_silence_ms(&pcm, -42.0), 120);
    assert_eq!(trim_edges(&pcm, -42.0).len_ms(), 600 - 120 - 70);
}

#[test]
fn remove_silence_keeps_half_a_second_on_each_side() {
    let pcm = noise_pcm(1, 24_000, &[(700, LOUD), (2600, 0), (800, LOUD)]);
    let wave = pcm.to_mono();
    let kept = kept_ranges(&wave);
    assert_eq!(kept, [0..28_800, 67_200..98_400]);
    let shorter = remove_silence(&wave);
    assert_eq!(
        shorter.samples(),
        [&wave.samples()[..28_800], &wave.samples()[67_200..]].concat()
    );
}

#[test]
fn remove_silence_of_silence_is_empty() {
    let wave = Waveform::new(vec![0.0; 48_000], 24_000).unwrap();
    assert!(remove_silence(&wave).samples().is_empty());
}
