//! ConvNeXt blocks: threads and instruction sets.

use f5_kernels::{ChannelScale, ConvNext, Cpu, F32, Linear, Pool};

use crate::{assert_close, cpus, numbers};

/// A block of either version over positions that do not divide evenly.
fn convnext(cpu: Cpu, response: bool) -> ConvNext<F32> {
    let (dim, inner) = (24, 40);
    let linear = |seed, inputs: usize, outputs: usize| {
        Linear::new(
            F32(cpu),
            &numbers(seed, inputs * outputs),
            inputs,
            numbers(seed + 1, outputs),
        )
    };
    let scale = if response {
        ChannelScale::Response {
            gamma: numbers(3, inner),
            beta: numbers(4, inner),
        }
    } else {
        ChannelScale::Layer(numbers(3, dim))
    };
    ConvNext {
        taps: numbers(5, 7 * dim),
        tap_bias: numbers(6, dim),
        norm_weight: numbers(7, dim),
        norm_bias: numbers(8, dim),
        pwconv1: linear(9, dim, inner),
        pwconv2: linear(11, inner, dim),
        scale,
    }
}

#[test]
fn blocks_do_not_depend_on_threads() {
    for cpu in cpus() {
        for response in [false, true] {
            let block = convnext(cpu, response);
            let run = |threads| {
                let mut x = numbers(20, 203 * 24);
                block.forward(&Pool::new(Some(threads)).unwrap(), &mut x);
                x
            };
            let one = run(1);
            assert!(one.iter().all(|x| x.is_finite()));
            assert!(one == run(2) && one == run(3), "{}", cpu.isa());
        }
    }
}

#[test]
fn blocks_agree_on_all_instruction_sets() {
    for response in [false, true] {
        let outputs: Vec<Vec<f32>> = cpus()
            .into_iter()
            .map(|cpu| {
                let mut x = numbers(20, 50 * 24);
                convnext(cpu, response).forward(&Pool::default(), &mut x);
                x
            })
            .collect();
        for other in &outputs[1..] {
            let expected: Vec<f64> = outputs[0].iter().map(|&x| f64::from(x)).collect();
            assert_close("block", other, &expected, 2e-4);
        }
    }
}
