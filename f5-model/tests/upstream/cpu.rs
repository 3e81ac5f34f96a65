//! The network on CPU kernels against itself: threads, numbers and instruction sets. That it agrees with
//! upstream is tested beside the reference.

use std::sync::Arc;

use f5_core::mel::Mel;
use f5_kernels::{Bf16, Cpu, F32, Isa};
use f5_model::cfm::{Backbone, Cfm, SampleRow};

use crate::{all_cases, case::Case, go_on, params, rows, sample_rows};

/// `|a - b| / |b|`
fn relative_l2(a: &[f32], b: &[f32]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f32>| {
        values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt()
    };
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

/// The velocity of a case, with guidance: conditional, then unconditional.
fn velocity(case: &Case, network: &dyn Backbone, times: Vec<f32>) -> Vec<f32> {
    let mut conditioning = case.conditioning(true);
    conditioning.times = times;
    let velocity = network
        .condition(conditioning)
        .velocity(&case.tensor("x"), case.data("time")[0]);
    let mut values: Vec<f32> = velocity.conditional.into_data().try_into_vec().unwrap();
    values.extend(
        velocity
            .unconditional
            .unwrap()
            .into_data()
            .try_into_vec::<f32>()
            .unwrap(),
    );
    values
}

/// The cases of networks that the kernels know.
fn cases() -> impl Iterator<Item = Case> {
    let cases = all_cases().map(Case::load);
    cases.filter(|case| case.config.has_cpu_kernels())
}

fn sample(network: Arc<dyn Backbone>, rows: &[SampleRow<'_>]) -> Vec<f32> {
    let mels = Cfm::new(network)
        .sample(rows, &params(3, 2.0, Some(-1.0)), go_on)
        .unwrap();
    mels.into_iter().flat_map(Mel::into_data).collect()
}

#[test]
fn threads_change_nothing() {
    let cpu = Cpu::up_to(Isa::Amx);
    let rows = rows();
    let rows = sample_rows(&rows);
    for case in cases() {
        let name = case.name();
        let float = |threads| sample(case.cpu(F32(cpu), threads), &rows);
        let bf16 = |threads| sample(case.cpu(Bf16(cpu), threads), &rows);
        for threads in [2, 3] {
            assert!(float(1) == float(threads), "{name} f32 {threads}");
            assert!(bf16(1) == bf16(threads), "{name} bf16 {threads}");
        }
    }
}

#[test]
fn bf16_stays_near_float32() {
    for case in cases() {
        let name = case.name();
        let expected = [case.data("out"), case.data("out_uncond")].concat();
        for isa in [Isa::Portable, Isa::Avx512Bf16, Isa::Amx] {
            let got = velocity(&case, &*case.cpu(Bf16(Cpu::up_to(isa)), 2), Vec::new());
            let error = relative_l2(&got, &expected);
            // Above the bound on one side, rounded at all on the other.
            assert!((1e-4..0.02).contains(&error), "{name} {isa}: {error}");
        }
    }
}

#[test]
fn foreseen_times_change_nothing() {
    for case in cases() {
        let network = case.cpu(F32(Cpu::up_to(Isa::Amx)), 2);
        let time = case.data("time")[0];
        let unforeseen = velocity(&case, &*network, Vec::new());
        let foreseen = velocity(&case, &*network, vec![0.0, time, 0.9]);
        assert!(unforeseen == foreseen, "{}", case.name());
    }
}
