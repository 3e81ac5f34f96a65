//! What `UNetT` and `MmDit` have for themselves; all else is tested together with `Dit`.

use f5_core::mel::Mel;
use f5_model::{
    BackboneConfig, ConfigError, Error, MmDit, UNetT,
    cfm::{BatchMasking, Cfm, SampleRow, SamplingParams},
    embedding::TextSpan,
    mmdit::MmDitField,
    unett::UNetTField,
};

use crate::{
    FAMILY,
    case::{Case, assert_close, device},
    go_on, params,
};

#[test]
fn stages_are_upstreams() {
    let device = device();
    for name in FAMILY {
        let case = Case::load(name);
        let (ids, time) = (case.ids(), case.data("time")[0]);
        let stage = |drop| {
            if drop {
                "text_embed_drop"
            } else {
                "text_embed"
            }
        };
        match &case.config {
            BackboneConfig::UNetT(config) => {
                let network = case.inside(UNetT::load, config);
                case.check(
                    "time_embed",
                    network.time_embed.forward(time, &device),
                    1e-5,
                );
                let span = TextSpan::single(case.frames());
                for drop in [false, true] {
                    let text = network.text_embed.forward(&ids, span, drop, &device);
                    case.check(stage(drop), text, 1e-5);
                }
                let field = UNetTField::new(&network, case.conditioning(false));
                case.check("input_embed", field.input(&case.tensor("x")), 1e-5);
            }
            BackboneConfig::MmDit(config) => {
                let network = case.inside(MmDit::load, config);
                case.check(
                    "time_embed",
                    network.time_embed.forward(time, &device),
                    1e-5,
                );
                for drop in [false, true] {
                    let text = network.text_embed.forward(&ids, ids.len(), drop, &device);
                    case.check(stage(drop), text, 1e-5);
                }
                let field = MmDitField::new(&network, case.conditioning(false));
                case.check("audio_embed", field.audio(&case.tensor("x")), 1e-5);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Rows of two lengths under upstream's own masking, which is not ours: padded frames and, where
/// `attn_mask_enabled` is not set, padded keys are heard.
#[test]
fn padded_batches_are_upstreams_under_its_masking() {
    for name in FAMILY {
        let case = Case::load(name);
        let frames = case.count("/batch/duration/1");
        let (ref_frames, text) = (case.count("/ref_frames"), case.data("batch_text"));
        let rows: Vec<(Mel, Vec<i32>, usize, Vec<f32>)> = (0..2)
            .map(|row| {
                let duration = case.count(&format!("/batch/duration/{row}"));
                let lens = case.count(&format!("/batch/lens/{row}"));
                let cond = &case.data("batch_cond")[row * ref_frames * 100..][..lens * 100];
                let tokens = text[row * text.len() / 2..][..text.len() / 2].iter();
                let tokens = tokens.map(|&id| id as i32).filter(|&id| id >= 0);
                let noise = &case.data("batch_noise")[row * frames * 100..][..duration * 100];
                let cond = Mel::new(cond.to_vec(), 100);
                (cond, tokens.collect(), duration, noise.to_vec())
            })
            .collect();
        let params = SamplingParams {
            batch_masking: BatchMasking::Upstream,
            ..params(4, 2.0, Some(-1.0))
        };
        for (network, backbone) in case.networks() {
            let rows = crate::sample_rows(&rows);
            let mels = Cfm::new(backbone).sample(&rows, &params, go_on).unwrap();
            for (row, mel) in mels.iter().enumerate() {
                let expected = &case.data("sample_batch2")[row * frames * 100..];
                let expected = &expected[..mel.data().len()];
                let what = format!("{name} {network} row {row}");
                assert_close(&what, expected, mel.data(), 1e-4);
            }
        }
    }
}

/// E2-TTS without text blocks and the two-stream network know no longest sample; positions of the text
/// stop counting instead.
#[test]
fn long_texts_are_spoken() {
    let case = Case::load("mmdit");
    let text: Vec<i32> = (0..1100).map(|token| token % 30).collect();
    let noise = vec![0.5; 1101 * 100];
    let cond = Mel::new(vec![0.0; 100], 100);
    let row = SampleRow {
        cond: &cond,
        text: &text,
        duration: 1101,
        noise: &noise,
        edit_mask: None,
    };
    let mels = case.cfm().sample(&[row], &params(1, 0.0, None), go_on);
    assert_eq!(mels.unwrap()[0].frames(), 1101);
}

#[test]
fn checkpoint_of_another_network_is_refused_by_name() {
    let cases = [
        ("unett", "mmdit", "text_embed.text_embed.weight"),
        ("unett", "unett_none", "layers.2."),
        ("mmdit", "mmdit_qk_norm", "c_q_norm.weight"),
    ];
    for (config, weights, expected) in cases {
        let path = format!(
            "{}/tests/data/{weights}/weights.safetensors",
            env!("CARGO_MANIFEST_DIR")
        );
        let error = Case::load(config)
            .config
            .load(path, 30, &device())
            .unwrap_err();
        assert!(matches!(error, Error::Weights(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn vocabulary_of_another_checkpoint_is_refused() {
    for name in ["unett", "mmdit"] {
        let path = format!(
            "{}/tests/data/{name}/weights.safetensors",
            env!("CARGO_MANIFEST_DIR")
        );
        let error = Case::load(name)
            .config
            .load(path, 29, &device())
            .unwrap_err();
        assert!(
            matches!(
                error,
                Error::Config(ConfigError::VocabSize {
                    vocab_size: 29,
                    embedding_rows: 31
                })
            ),
            "{error}"
        );
    }
}
