//! Ways to the same end, tried in order: the machine's devices, by what the probe found. Nothing is
//! started; the engine does the same and then tries each device with a small kernel.
//!
//! ```text
//! cargo run -p f5-runtime --example fallback
//! ```

use std::error::Error;

use f5_runtime::fallback::FallbackChain;
use f5_runtime::probe::{ProbeOptions, probe};

fn main() -> Result<(), Box<dyn Error>> {
    let machine = probe(&ProbeOptions::default());
    let chain = FallbackChain::<String, String>::new()
        .or("cuda", || match &machine.cuda {
            Ok(cuda) => Ok(format!("{} device(s)", cuda.devices.len())),
            Err(why) => Err(why.to_string()),
        })
        .or("vulkan", || match &machine.vulkan {
            Ok(_) => Ok("a loader".to_owned()),
            Err(why) => Err(why.to_string()),
        })
        .or("cpu", || Ok(format!("{} core(s)", machine.cpu.cores)));
    let reached = chain.run().map_err(|error| error.to_string())?;
    for attempt in &reached.failed {
        println!("{:>8}  no: {}", attempt.name, attempt.error);
    }
    println!("{:>8}  yes: {}", reached.name, reached.value);
    Ok(())
}
