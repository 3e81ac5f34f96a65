//! The environment variable that holds the instruction set back. A process's own environment cannot be
//! changed safely, so the program starts itself again with another one.

#![allow(clippy::unwrap_used, reason = "tests state their expectations with it")]

use std::{env, process::Command};

use f5_kernels::{Cpu, ISA_VARIABLE, Isa};

/// Set in the child, which tells what [`Cpu::detect`] says.
const CHILD: &str = "F5_TEST_TELLS_ISA";

/// What [`Cpu::detect`] says in a process where the variable is `value`.
fn detected(value: Option<&str>) -> String {
    let mut child = Command::new(env::current_exe().unwrap());
    child
        .args([
            "the_variable_holds_the_instruction_set_back",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .env_remove(ISA_VARIABLE)
        .envs(value.map(|value| (ISA_VARIABLE, value)));
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, told) = text.split_once("detected: ").unwrap();
    told.lines().next().unwrap().to_owned()
}

#[test]
fn the_variable_holds_the_instruction_set_back() {
    if env::var_os(CHILD).is_some() {
        return match Cpu::detect() {
            Ok(cpu) => println!("detected: {}", cpu.isa()),
            Err(error) => println!("detected: {error}"),
        };
    }
    assert_eq!(detected(None), Cpu::up_to(Isa::Amx).isa().to_string());
    for isa in Isa::ALL {
        let expected = Cpu::up_to(isa).isa().to_string();
        assert_eq!(detected(Some(&isa.to_string())), expected, "{isa}");
    }
    let error = detected(Some("sse"));
    assert!(
        error.contains("\"sse\"") && error.contains("avx512bf16"),
        "{error}"
    );
}
