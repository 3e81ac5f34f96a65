//! The probe against stand-ins for NVIDIA's libraries: every way to fail gives its typed reason.
//!
//! Has its own `main` because the program starts itself again as the child that asks the driver,
//! with the stand-ins first in the library path.

#![expect(clippy::unwrap_used, reason = "a test, although without the harness")]

mod fakes;
mod machines;

use std::env;
use std::time::{Duration, Instant};

use f5_runtime::probe::{
    ComputeMode, CudaOptions, CudaUnavailable, CudaVersion, Isolation, ProbeOptions, child, probe,
};

use fakes::Fakes;

type Test = (&'static str, fn(&Fakes));

/// Asks this program to probe from a grandchild and to print what came out.
const RELAY: &str = "FAKE_DRIVER_RELAY";

fn main() {
    if child::answer_if_asked() {
        return;
    }
    if env::var_os(RELAY).is_some() {
        return relay();
    }
    if !cfg!(target_os = "linux") {
        println!("skipped: the stand-ins are built for Linux");
        return;
    }
    let fakes = Fakes::build();
    let tests: &[Test] = &[
        ("working driver", working_driver),
        ("error codes", error_codes),
        ("every call refused", every_call_refused),
        ("stubs", stubs),
        ("versions", versions),
        ("devices", devices),
        ("missing compiler", missing_compiler),
        ("missing management library", missing_management),
        ("crashes and hangs", crashes_and_hangs),
        ("chatter", chatter),
        ("programs that do not answer", programs_that_do_not_answer),
        ("no driver is fast", no_driver_is_fast),
        ("every machine", machines::every_subset_is_told_exactly),
    ];
    let started = Instant::now();
    for (name, test) in tests {
        test(&fakes);
        println!("test {name} ... ok");
    }
    println!(
        "{:<17} {:>8} {:>6.1} s  a typed answer each, 0 panics, 0 hangs; all subsets of driver, \
         compiler, management library, Vulkan loader and Vulkan driver told exactly",
        "fake drivers",
        fakes.probed.get(),
        started.elapsed().as_secs_f64()
    );
}

/// Probes as the environment says and prints the answer as JSON.
fn relay() {
    let isolation = Isolation::Child {
        program: env::current_exe().unwrap(),
        limit: Duration::from_millis(env::var("FAKE_LIMIT").map_or(20_000, |v| v.parse().unwrap())),
    };
    let cuda = CudaOptions {
        min_free_memory: env::var("FAKE_NEED").map_or(0, |v| v.parse().unwrap()),
        ..CudaOptions::default()
    };
    let options = ProbeOptions {
        cuda,
        isolation,
        ..ProbeOptions::default()
    };
    println!("{}", serde_json::to_string(&probe(&options)).unwrap());
}

fn working_driver(fakes: &Fakes) {
    let cuda = fakes.probe("all", &[]).unwrap();
    assert_eq!(
        cuda.version,
        CudaVersion {
            major: 12,
            minor: 8
        }
    );
    assert_eq!(cuda.driver.as_deref(), Some("570.86.15"));
    assert_eq!(cuda.compiler.as_deref(), Some("libnvrtc.so"));
    assert_eq!(cuda.usable().count(), 2);
    let (first, second) = (&cuda.devices[0], &cuda.devices[1]);
    assert_eq!((first.index, first.name.as_str()), (0, "Fake 0"));
    assert_eq!(
        (first.compute_capability, second.compute_capability),
        ((9, 0), (8, 0))
    );
    assert_eq!(
        (first.total_memory, first.free_memory),
        (1 << 30, Some(1000))
    );
    assert_eq!(
        (second.free_memory, second.compute_mode),
        (Some(2000), ComputeMode::Default)
    );
}

fn error_codes(fakes: &Fakes) {
    let at = |code: &str| fakes.refused("all", &[("FAKE_AT", "cuInit"), ("FAKE_DO", code)]);
    assert_eq!(
        at("34"),
        CudaUnavailable::StubDriver {
            missing_symbol: None
        }
    );
    assert_eq!(
        at("100"),
        CudaUnavailable::NoDevice {
            code: Some(100),
            hidden_by: None
        }
    );
    assert_eq!(at("803"), CudaUnavailable::DriverMismatch { code: 803 });
    assert_eq!(at("804"), CudaUnavailable::DriverMismatch { code: 804 });
    for code in [1, 2, 3, 4, 46, 222, 304, 802, 999] {
        let call = "cuInit".to_owned();
        assert_eq!(
            at(&code.to_string()),
            CudaUnavailable::DriverFailed { call, code }
        );
    }
    let hidden = [
        ("FAKE_AT", "cuInit"),
        ("FAKE_DO", "100"),
        ("CUDA_VISIBLE_DEVICES", "-1"),
    ];
    let hidden_by = Some("CUDA_VISIBLE_DEVICES=-1".to_owned());
    assert_eq!(
        fakes.refused("all", &hidden),
        CudaUnavailable::NoDevice {
            code: Some(100),
            hidden_by
        }
    );
}

fn every_call_refused(fakes: &Fakes) {
    for call in [
        "cuDriverGetVersion",
        "cuInit",
        "cuDeviceGetCount",
        "cuDeviceGet",
        "cuDeviceGetName",
        "cuDeviceTotalMem",
        "cuDeviceGetAttribute",
    ] {
        let reason = fakes.refused("all", &[("FAKE_AT", call), ("FAKE_DO", "999")]);
        assert_eq!(
            reason,
            CudaUnavailable::DriverFailed {
                call: call.to_owned(),
                code: 999
            }
        );
    }
    // These only tell more; without them the device is as good.
    for call in [
        "cuDeviceGetPCIBusId",
        "nvmlInit_v2",
        "nvmlDeviceGetHandle",
        "nvmlDeviceGetMemoryInfo",
    ] {
        let cuda = fakes
            .probe("all", &[("FAKE_AT", call), ("FAKE_DO", "999")])
            .unwrap();
        assert_eq!(cuda.devices[0].free_memory, None, "{call}");
    }
}

fn stubs(fakes: &Fakes) {
    let missing = |symbol: &str| CudaUnavailable::StubDriver {
        missing_symbol: Some(symbol.to_owned()),
    };
    assert_eq!(fakes.refused("stub", &[]), missing("cuInit"));
    assert_eq!(fakes.refused("empty", &[]), missing("cuDriverGetVersion"));
    assert!(matches!(
        fakes.refused("broken", &[]),
        CudaUnavailable::NoDriverLibrary { .. }
    ));
    assert_eq!(
        fakes.refused("all", &[("FAKE_VERSION", "0")]),
        CudaUnavailable::StubDriver {
            missing_symbol: None
        }
    );
}

fn versions(fakes: &Fakes) {
    assert_eq!(
        fakes.refused("all", &[("FAKE_VERSION", "11080")]),
        CudaUnavailable::DriverTooOld {
            found: CudaVersion {
                major: 11,
                minor: 8
            },
            required: CudaVersion {
                major: 12,
                minor: 0
            },
        }
    );
    assert!(fakes.probe("all", &[("FAKE_VERSION", "12000")]).is_ok());
    let negative = fakes.refused("all", &[("FAKE_VERSION", "-5")]);
    assert!(matches!(negative, CudaUnavailable::StubDriver { .. }));
}

fn devices(fakes: &Fakes) {
    for count in ["0", "-3"] {
        let reason = fakes.refused("all", &[("FAKE_COUNT", count)]);
        assert_eq!(
            reason,
            CudaUnavailable::NoDevice {
                code: None,
                hidden_by: None
            }
        );
    }
    let one = |vars: &[(&str, &str)]| {
        let vars = [vars, &[("FAKE_COUNT", "1")]].concat();
        fakes.refused("all", &vars)
    };
    assert_eq!(one(&[("FAKE_MODE", "2")]), CudaUnavailable::ProhibitedMode);
    let (found, required) = ((3, 0), (5, 0));
    let too_low = CudaUnavailable::ComputeCapabilityTooLow { found, required };
    assert_eq!(one(&[("FAKE_MAJOR", "3")]), too_low);
    let too_little = CudaUnavailable::InsufficientMemory {
        free: 1000,
        required: 1500,
    };
    assert_eq!(one(&[("FAKE_NEED", "1500")]), too_little);
    // One device that can be used is enough, and the other says why it cannot.
    let cuda = fakes.probe("all", &[("FAKE_NEED", "1500")]).unwrap();
    assert_eq!(cuda.devices[0].refused, Some(too_little));
    assert_eq!(cuda.usable().map(|d| d.index).collect::<Vec<_>>(), [1]);
}

fn missing_compiler(fakes: &Fakes) {
    let reason = fakes.refused("no-compiler", &[]);
    assert!(
        matches!(reason, CudaUnavailable::CompilerMissing { .. }),
        "{reason:?}"
    );
}

fn missing_management(fakes: &Fakes) {
    let cuda = fakes.probe("no-management", &[]).unwrap();
    assert_eq!((cuda.driver, cuda.devices[0].free_memory), (None, None));
}

fn crashes_and_hangs(fakes: &Fakes) {
    let at = |call, what, limit| {
        fakes.refused(
            "all",
            &[("FAKE_AT", call), ("FAKE_DO", what), ("FAKE_LIMIT", limit)],
        )
    };
    for call in ["cuDriverGetVersion", "cuInit", "nvmlInit_v2"] {
        let how = "was ended by signal 11".to_owned();
        assert_eq!(
            at(call, "crash", "20000"),
            CudaUnavailable::ProbeCrashed { how }
        );
        let how = "ended with code 3 and no answer".to_owned();
        assert_eq!(
            at(call, "exit", "20000"),
            CudaUnavailable::ProbeCrashed { how }
        );
        let started = Instant::now();
        assert_eq!(
            at(call, "hang", "300"),
            CudaUnavailable::ProbeTimeout { limit_ms: 300 }
        );
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

fn chatter(fakes: &Fakes) {
    // More than a pipe holds, before the answer.
    let vars = [("FAKE_AT", "cuInit"), ("FAKE_DO", "chatter")];
    assert_eq!(fakes.probe("all", &vars).unwrap().devices.len(), 2);
}

fn programs_that_do_not_answer(_: &Fakes) {
    let ask_within = |program: &str, limit: Duration| {
        let isolation = Isolation::Child {
            program: program.into(),
            limit,
        };
        probe(&ProbeOptions {
            isolation,
            ..ProbeOptions::default()
        })
        .cuda
        .unwrap_err()
    };
    let ask = |program: &str| ask_within(program, Duration::from_secs(20));
    assert!(matches!(
        ask("/no/such/program"),
        CudaUnavailable::ProbeNotStarted { .. }
    ));
    let how = "ended with code 0 and no answer".to_owned();
    assert_eq!(
        ask("true"),
        CudaUnavailable::ProbeCrashed { how: how.clone() }
    );
    // No clock can tell that long; the answer comes all the same.
    assert_eq!(
        ask_within("true", Duration::MAX),
        CudaUnavailable::ProbeCrashed { how }
    );
}

/// The fastest of many, because other programs share the machine.
fn no_driver_is_fast(_: &Fakes) {
    let best = (0..20)
        .map(|_| probe(&ProbeOptions::default()))
        .min_by_key(|m| m.elapsed)
        .unwrap();
    if matches!(best.cuda, Err(CudaUnavailable::NoDriverLibrary { .. })) {
        println!("no-GPU probe: {:.2} ms", best.elapsed.as_secs_f64() * 1e3);
        assert!(
            best.elapsed <= Duration::from_millis(5),
            "{:?}",
            best.elapsed
        );
    }
}
