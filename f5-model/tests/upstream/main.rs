//! The network and the sampler against upstream's own results (see `data/README.md`), and against themselves
//! where upstream is not exact: padded batches.

#![allow(clippy::unwrap_used, reason = "tests state their expectations with it")]

mod case;
mod cpu;
mod family;

use std::ops::ControlFlow;

use f5_core::{mel::Mel, noise::keyed_normal};
use f5_model::{
    Dit, Error, SampleError,
    cfm::{BatchMasking, Cfm, OdeMethod, SampleRow, SamplingParams, total_frames},
    dit::DitField,
    embedding::TextSpan,
    layers::{BatchMask, RotaryEmbedding},
};

use case::{Case, assert_close, device};

const CASES: [&str; 4] = [
    "dit_v1",
    "dit_v0",
    "dit_qk_norm_long_skip",
    "dit_average_upsampling",
];

/// The networks beside `Dit`.
const FAMILY: [&str; 5] = ["unett", "unett_add", "unett_none", "mmdit", "mmdit_qk_norm"];

/// The cases of all networks.
fn all_cases() -> impl Iterator<Item = &'static str> {
    CASES.into_iter().chain(FAMILY)
}

fn params(nfe_steps: usize, cfg_strength: f32, sway_sampling_coef: Option<f32>) -> SamplingParams {
    SamplingParams {
        nfe_steps,
        cfg_strength,
        sway_sampling_coef,
        ..Default::default()
    }
}

fn go_on(_: f5_model::cfm::Step) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn stages_of_the_network_are_upstreams() {
    let device = device();
    for name in CASES {
        let case = Case::load(name);
        let (dit, frames, time) = (case.dit(), case.frames(), case.data("time")[0]);
        case.check("time_embed", dit.time_embed.forward(time, &device), 1e-5);
        let dropped = dit
            .text_embed
            .forward(&case.ids(), TextSpan::single(frames), true, &device);
        case.check("text_embed_drop", dropped, 1e-5);
        let field = DitField::new(&dit, case.conditioning(false));
        case.check("input_embed", field.input(&case.tensor("x")), 1e-5);
        let rope = RotaryEmbedding::new(frames, dit.config().dim_head, &device);
        let block0 = dit.transformer_blocks[0].forward(
            case.tensor("input_embed"),
            dit.time_embed.forward(time, &device),
            &rope,
            &BatchMask::default(),
        );
        case.check("block0", block0, 1e-5);
    }
}

#[test]
fn velocities_are_upstreams_with_and_without_guidance() {
    for name in all_cases() {
        let case = Case::load(name);
        let (x, time) = (case.tensor("x"), case.data("time")[0]);
        for (network, backbone) in case.networks() {
            let stage = |stage: &str| format!("{name} {network} {stage}");
            let alone = backbone
                .condition(case.conditioning(false))
                .velocity(&x, time);
            assert!(alone.unconditional.is_none());
            case.check_as(&stage("alone"), "out", alone.conditional, 1e-5);
            let packed = backbone
                .condition(case.conditioning(true))
                .velocity(&x, time);
            case.check_as(&stage("packed"), "out", packed.conditional, 1e-5);
            case.check_as(
                &stage("packed"),
                "out_uncond",
                packed.unconditional.unwrap(),
                1e-5,
            );
        }
    }
}

#[test]
fn samples_are_upstreams() {
    for name in all_cases() {
        let case = Case::load(name);
        let (cond, text) = (case.reference(), case.ids());
        let keep: Vec<bool> = case
            .data("edit_mask")
            .iter()
            .map(|&keep| keep != 0.0)
            .collect();
        let midpoint = SamplingParams {
            ode_method: OdeMethod::Midpoint,
            ..params(4, 2.0, Some(-1.0))
        };
        for (network, backbone) in case.networks() {
            let cfm = Cfm::new(backbone);
            for (stage, params, edit_mask) in [
                ("sample_nfe7_epss", params(7, 2.0, Some(-1.0)), None),
                ("sample_nfe5_no_cfg_no_sway", params(5, 0.0, None), None),
                ("sample_midpoint4", midpoint.clone(), None),
                (
                    "sample_edit",
                    params(4, 2.0, Some(-1.0)),
                    Some(keep.as_slice()),
                ),
            ] {
                let duration = total_frames(text.len(), cond.frames(), case.frames());
                let noise = case.data("noise");
                let row = SampleRow {
                    cond: &cond,
                    text: &text,
                    duration,
                    noise,
                    edit_mask,
                };
                let mel = &cfm.sample(&[row], &params, go_on).unwrap()[0];
                let what = format!("{name} {network} {stage}");
                assert_close(&what, case.data(stage), mel.data(), 1e-4);
            }
        }
    }
}

/// Rows of three lengths.
fn rows() -> Vec<(Mel, Vec<i32>, usize, Vec<f32>)> {
    [(20, 30, 61), (12, 40, 80), (30, 10, 44)]
        .into_iter()
        .enumerate()
        .map(|(row, (ref_frames, tokens, duration))| {
            let cond = Mel::new(keyed_normal(1, row as u64, ref_frames * 100), 100);
            let text = (0..tokens)
                .map(|token| (token * 7 + row as i32) % 30)
                .collect();
            (
                cond,
                text,
                duration,
                keyed_normal(2, row as u64, duration * 100),
            )
        })
        .collect()
}

fn sample_rows(rows: &[(Mel, Vec<i32>, usize, Vec<f32>)]) -> Vec<SampleRow<'_>> {
    rows.iter()
        .map(|(cond, text, duration, noise)| SampleRow {
            cond,
            text,
            duration: *duration,
            noise,
            edit_mask: None,
        })
        .collect()
}

#[test]
fn batch_gives_what_its_rows_give_alone() {
    let rows = rows();
    let rows = sample_rows(&rows);
    let params = params(4, 2.0, Some(-1.0));
    for name in all_cases() {
        for (network, backbone) in Case::load(name).networks() {
            let cfm = Cfm::new(backbone);
            let together = cfm.sample(&rows, &params, go_on).unwrap();
            for (row, mel) in rows.iter().zip(&together) {
                let alone = &cfm.sample(&[*row], &params, go_on).unwrap()[0];
                assert_close(&format!("{name} {network}"), alone.data(), mel.data(), 1e-5);
            }
        }
    }
}

#[test]
fn upstream_masking_lets_padding_in() {
    let cfm = Case::load("dit_v1").cfm();
    let rows = rows();
    let rows = sample_rows(&rows);
    let upstream = SamplingParams {
        batch_masking: BatchMasking::Upstream,
        ..params(4, 2.0, Some(-1.0))
    };
    let together = cfm.sample(&rows, &upstream, go_on).unwrap();
    let alone = &cfm.sample(&rows[..1], &upstream, go_on).unwrap()[0];
    let different = together[0]
        .data()
        .iter()
        .zip(alone.data())
        .any(|(a, b)| (a - b).abs() > 1e-3);
    assert!(different);
}

#[test]
fn without_reference_audio_its_frames_are_empty() {
    let cfm = Case::load("dit_v1").cfm();
    let rows = rows();
    let rows = &sample_rows(&rows)[..1];
    let params = SamplingParams {
        no_ref_audio: true,
        ..params(2, 2.0, None)
    };
    let mel = &cfm.sample(rows, &params, go_on).unwrap()[0];
    let reference = rows[0].cond.frames() * 100;
    assert!(mel.data()[..reference].iter().all(|&value| value == 0.0));
    assert!(mel.data()[reference..].iter().any(|&value| value != 0.0));
}

#[test]
fn run_stops_after_the_step_that_was_told_to() {
    let cfm = Case::load("dit_v1").cfm();
    let rows = rows();
    let rows = sample_rows(&rows);
    let stop = |step: f5_model::cfm::Step| match step.done {
        2 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let error = cfm.sample(&rows, &params(5, 2.0, None), stop).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Sample(SampleError::Cancelled { done: 2, total: 5 })
        ),
        "{error}"
    );
}

#[test]
fn rows_that_do_not_fit_are_refused_with_the_numbers() {
    let cfm = Case::load("dit_v1").cfm();
    let rows = rows();
    let good = sample_rows(&rows)[0];
    let error = |row: SampleRow<'_>| match cfm.sample(&[row], &params(1, 0.0, None), go_on) {
        Err(Error::Sample(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        cfm.sample(&[], &params(1, 0.0, None), go_on),
        Err(Error::Sample(SampleError::EmptyBatch))
    ));
    assert!(matches!(
        error(SampleRow { text: &[], ..good }),
        SampleError::NoText { row: 0 }
    ));
    assert!(matches!(
        error(SampleRow {
            text: &[3, 30],
            ..good
        }),
        SampleError::TokenId {
            index: 1,
            id: 30,
            vocab_size: 30,
            ..
        }
    ));
    assert!(matches!(
        error(SampleRow {
            text: &[-1],
            ..good
        }),
        SampleError::TokenId {
            index: 0,
            id: -1,
            ..
        }
    ));
    assert!(matches!(
        error(SampleRow {
            noise: &good.noise[1..],
            ..good
        }),
        SampleError::Length {
            what: "noise",
            expected: 6100,
            got: 6099,
            ..
        }
    ));
    assert!(matches!(
        error(SampleRow {
            duration: 30,
            ..good
        }),
        SampleError::Length {
            expected: 31,
            got: 30,
            ..
        }
    ));
    assert!(matches!(
        error(SampleRow {
            edit_mask: Some(&[true; 3]),
            ..good
        }),
        SampleError::Length {
            what: "edit_mask",
            expected: 20,
            got: 3,
            ..
        }
    ));
    assert!(matches!(
        error(SampleRow {
            duration: 8193,
            ..good
        }),
        SampleError::TooManyFrames {
            frames: 8193,
            limit: 8192,
            ..
        }
    ));
    let narrow = Mel::new(vec![0.0; 80], 80);
    assert!(matches!(
        error(SampleRow {
            cond: &narrow,
            ..good
        }),
        SampleError::Length {
            what: "a reference frame",
            expected: 100,
            got: 80,
            ..
        }
    ));
}

#[test]
fn reference_that_is_not_finite_is_found_in_the_result() {
    let cfm = Case::load("dit_v1").cfm();
    let rows = rows();
    let good = sample_rows(&rows)[0];
    let mut noise = good.noise.to_vec();
    noise[4000] = f32::NAN;
    let error = cfm
        .sample(
            &[SampleRow {
                noise: &noise,
                ..good
            }],
            &params(1, 0.0, None),
            go_on,
        )
        .unwrap_err();
    assert!(
        matches!(error, Error::Sample(SampleError::NotFinite { row: 0, .. })),
        "{error}"
    );
}

/// The velocity must not depend on which thread asks.
#[test]
fn network_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<Dit>();
    shared::<Cfm>();
}
