//! How scripts are performed: seeds, lines that say nothing, what is told on the way.

use f5_tts::{Cast, DevicePreference, F5Tts, Script, SeedPolicy, SynthesisParams};

use crate::{VOICE, quick};

fn cast() -> Cast {
    Cast::new().with("main", VOICE.clone())
}

#[test]
fn lines_count_on_from_one_seed_unless_they_draw_their_own() {
    let builder = F5Tts::builder().device(DevicePreference::Cpu);
    let tts = builder.seed_policy(SeedPolicy::Fixed(5)).build().unwrap();
    let script = Script::parse(
        "Yes. [main] No. {\"name\": \"main\", \"seed\": -1} Yes. [main] No. \
         {\"name\": \"main\", \"seed\": 5} Yes.",
    );
    let script = script.unwrap();
    let seeds = |seed: Option<u64>| {
        let params = SynthesisParams { seed, ..quick() };
        let performance = tts.perform(&script, &cast(), &params).unwrap();
        let seeds = performance.lines.iter().map(|line| line.seed);
        seeds.collect::<Vec<_>>()
    };
    let (by_policy, by_params) = (seeds(None), seeds(Some(70)));
    for (seeds, expected) in [(&by_policy, [5, 6, 8, 5]), (&by_params, [70, 71, 73, 5])] {
        assert_eq!([seeds[0], seeds[1], seeds[3], seeds[4]], expected);
    }
    // Two of 2^32.
    assert_ne!(by_policy[2], by_params[2]);
}
