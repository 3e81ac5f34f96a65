//! Starting noise: torch's values, our fixed values, and that the seed alone decides.
#![cfg(feature = "noise")]
#![allow(
    clippy::unwrap_used,
    reason = "committed data; a failure fails the test"
)]

use f5_core::noise::{KeyedNormal, TorchCpuNormal, keyed_normal};
use proptest::prelude::*;
use serde_json::Value;

fn golden(name: &str) -> Vec<f32> {
    let all: Value = serde_json::from_str(include_str!("data/noise/torch_randn.json")).unwrap();
    all[name]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap() as f32)
        .collect()
}

fn assert_close(ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len());
    for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            (ours - theirs).abs() <= 2e-6,
            "value {at}: {ours} for {theirs}"
        );
    }
}

/// 700 is no multiple of 16, so the last block is drawn anew; 7 takes the path of pairs.
#[test]
fn torch_values_are_torchs() {
    assert_close(
        &TorchCpuNormal::new(1237).randn(700),
        &golden("torch_randn_1237_700"),
    );
    assert_close(&TorchCpuNormal::new(3).randn(7), &golden("torch_randn_3_7"));
}

#[test]
fn torch_takes_the_low_32_bits_of_the_seed() {
    let low = TorchCpuNormal::new(5).randn(64);
    assert_eq!(TorchCpuNormal::new(5 | 7 << 32).randn(64), low);
    assert_ne!(TorchCpuNormal::new(6).randn(64), low);
}

/// An odd number of small draws leaves half a pair, which the next small draw takes even if a
/// large one lies between.
#[test]
fn torch_calls_continue_one_stream() {
    let whole = TorchCpuNormal::new(3).randn(8);
    let mut torch = TorchCpuNormal::new(3);
    let mut parts = torch.randn(3);
    parts.extend(torch.randn(5));
    assert_eq!(parts, whole);

    let mut torch = TorchCpuNormal::new(3);
    torch.randn(3);
    torch.randn(16);
    assert_eq!(torch.randn(1), whole[3..4]);
    assert!(torch.randn(0).is_empty());

    // A multiple of 16 in two calls is one stream.
    let mut torch = TorchCpuNormal::new(9);
    let mut parts = torch.randn(32);
    parts.extend(torch.randn(16));
    assert_eq!(parts, TorchCpuNormal::new(9).randn(48));
}

/// Made by an independent program from the description of [`KeyedNormal`].
#[test]
fn keyed_values_are_the_specified_ones() {
    const FIRST: [f32; 4] = [0.49351728, 0.24205433, -0.49518883, -0.99805486];
    const OTHER: [f32; 4] = [0.910984, 2.4602685, -0.6493377, 0.967364];
    assert_eq!(keyed_normal(0, 0, 4), FIRST);
    assert_eq!(keyed_normal(0x0123_4567_89ab_cdef, u64::MAX, 4), OTHER);
}

#[test]
fn keyed_values_are_standard_normal() {
    let n = 200_000;
    let values = keyed_normal(42, 1, n);
    let moment = |power: i32| -> f64 {
        values
            .iter()
            .map(|&value| f64::from(value).powi(power))
            .sum::<f64>()
            / n as f64
    };
    // Five standard errors of each moment.
    let error = 5.0 / (n as f64).sqrt();
    assert!(moment(1).abs() < error, "mean {}", moment(1));
    assert!(
        (moment(2) - 1.0).abs() < error * 2_f64.sqrt(),
        "variance {}",
        moment(2)
    );
    assert!(
        moment(3).abs() < error * 15_f64.sqrt(),
        "skew {}",
        moment(3)
    );
    assert!(
        (moment(4) - 3.0).abs() < error * 96_f64.sqrt(),
        "tails {}",
        moment(4)
    );
    let lag = values
        .windows(2)
        .map(|pair| f64::from(pair[0] * pair[1]))
        .sum::<f64>()
        / n as f64;
    assert!(lag.abs() < error, "neighbours {lag}");
}

#[test]
fn chunks_and_seeds_have_streams_of_their_own() {
    let base = keyed_normal(1, 0, 64);
    for other in [
        keyed_normal(1, 1, 64),
        keyed_normal(2, 0, 64),
        keyed_normal(1 << 32, 0, 64),
    ] {
        assert!(base.iter().zip(&other).filter(|(a, b)| a == b).count() < 2);
    }
}

proptest! {
    #[test]
    fn keyed_prefixes_do_not_depend_on_how_much_is_drawn(
        seed: u64, chunk: u64, first in 0_usize..50, second in 0_usize..50,
    ) {
        let whole = keyed_normal(seed, chunk, first + second);
        prop_assert_eq!(&keyed_normal(seed, chunk, first), &whole[..first]);
        let mut stream = KeyedNormal::new(seed, chunk);
        let mut parts = stream.randn(first);
        parts.extend(stream.randn(second));
        prop_assert_eq!(parts, whole);
    }
}
