//! Which device is chosen, and that every refusal is told with its reason.

use super::*;

fn wish(preference: DevicePreference, allow_fallback: bool) -> DeviceWish {
    DeviceWish {
        preference,
        allow_fallback,
        ..DeviceWish::default()
    }
}

fn machine() -> Machine {
    probe(&ProbeOptions::default())
}

const PREFERENCES: [DevicePreference; 5] = [
    DevicePreference::Auto,
    DevicePreference::Cpu,
    DevicePreference::Vulkan,
    DevicePreference::Cuda(0),
    DevicePreference::Cuda(7),
];

#[test]
fn every_subset_of_working_devices_is_told_exactly() {
    let machine = machine();
    for preference in PREFERENCES {
        for allow_fallback in [false, true] {
            let wish = wish(preference, allow_fallback);
            let order = wish.candidates(&machine);
            for subset in 0_u32..1 << order.len() {
                let works = |one| {
                    let at = order.iter().position(|&other| other == one).unwrap();
                    subset >> at & 1 == 1
                };
                let outcome = wish.walk(order.clone(), |one| match works(one) {
                    true => Ok((one, Duration::ZERO)),
                    false => Err(DeviceRefusal::from_message(&format!("{one} is broken")).into()),
                });
                match outcome {
                    Ok((made, report)) => {
                        assert_eq!((made, report.wanted), (report.used, preference));
                        assert!(works(made));
                        let before = order.iter().take_while(|&&one| one != made);
                        let before: Vec<_> = before.map(ToString::to_string).collect();
                        let told: Vec<_> = report.refused.iter().map(|a| a.name.clone()).collect();
                        assert_eq!(told, before);
                        for refused in report.refused {
                            assert!(
                                refused
                                    .error
                                    .contains(&format!("{} is broken", refused.name))
                            );
                        }
                    }
                    Err(error) => {
                        assert_eq!((subset, error.kind()), (0, ErrorKind::Device));
                        for one in &order {
                            assert!(error.to_string().contains(&format!("{one} is broken")));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_but_the_preferred_device_is_tried_without_leave() {
    let machine = machine();
    for preference in PREFERENCES {
        let strict = wish(preference, false).candidates(&machine);
        let lenient = wish(preference, true).candidates(&machine);
        assert!(lenient.contains(&DevicePreference::Cpu), "{lenient:?}");
        assert!(lenient.contains(&DevicePreference::Vulkan), "{lenient:?}");
        assert!(!lenient.contains(&DevicePreference::Auto), "{lenient:?}");
        let mut unique = lenient.clone();
        unique.dedup();
        assert_eq!(unique, lenient, "nothing is tried twice");
        if preference == DevicePreference::Auto {
            assert_eq!(strict, lenient);
        } else {
            assert_eq!((strict, lenient[0]), (vec![preference], preference));
        }
    }
}

#[test]
fn bad_files_are_not_blamed_on_the_device() {
    let wish = wish(DevicePreference::Auto, false);
    let order = wish.candidates(&machine());
    let error = wish
        .walk(order, |_| {
            let error = Error::from(Repr::MissingFile {
                what: "vocoder",
                path: "x".into(),
                remedy: "put it there",
            });
            Err::<((), Duration), _>(error.into())
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingModel);
}

#[cfg(feature = "cpu")]
#[test]
fn a_model_too_large_for_the_device_refuses_the_device() {
    let wish = wish(DevicePreference::Cpu, false);
    for panics in [true, false] {
        let error = wish
            .choose(|_, _| match panics {
                true => panic!("out of memory while loading"),
                false => Err::<(), _>(
                    Repr::OutOfMemory {
                        device: DevicePreference::Cpu,
                        message: "while loading".to_owned(),
                    }
                    .into(),
                ),
            })
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        let text = error.to_string();
        assert!(text.contains("cpu: out of memory"), "{text}");
    }
}

#[cfg(all(
    feature = "cpu",
    not(any(feature = "cuda", feature = "vulkan", feature = "wgpu"))
))]
#[test]
fn what_is_not_compiled_in_is_refused_with_its_reason() {
    let error = open_device(DevicePreference::Cuda(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    let text = error.to_string();
    assert!(text.contains("cuda:0: not compiled in"), "{text}");
    let report = open_device(DevicePreference::Auto).unwrap().report;
    assert_eq!(report.used, DevicePreference::Cpu);
    let names: Vec<_> = report.refused.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names[names.len() - 1], "vulkan");
    assert!(
        report
            .refused
            .iter()
            .all(|a| a.error.contains("enable feature"))
    );
}

/// Runs on whichever Vulkan driver this machine has; `.ci/run` installs Mesa's lavapipe.
#[cfg(any(feature = "vulkan", feature = "wgpu"))]
#[test]
fn vulkan_computes_or_says_why_not() {
    match open_device(DevicePreference::Vulkan) {
        Ok(open) => {
            assert_eq!(open.report.used, DevicePreference::Vulkan);
            assert_eq!(trial::run(&open.device), Ok(()));
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Device);
            let software = error.to_string().contains("feature wgpu");
            assert!(machine().vulkan.is_err() || software, "{error}");
        }
    }
}
