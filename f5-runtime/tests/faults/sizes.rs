//! How much of each part is run.

/// Counts of every part; each can be set as `--name=count`.
pub(crate) struct Sizes {
    words: Vec<String>,
    /// Whether everything that needs other programs is run too.
    pub(crate) full: bool,
    pub(crate) runs: usize,
    pub(crate) kills: usize,
    pub(crate) rounds: usize,
    pub(crate) damages: usize,
    pub(crate) decisions: usize,
    pub(crate) names: usize,
}

impl Sizes {
    /// `--full`, counts, and words that name parts. Options of the usual test harness are ignored.
    pub(crate) fn from_args(args: impl Iterator<Item = String>) -> Result<Self, String> {
        let args: Vec<String> = args.collect();
        let full = args.iter().any(|arg| arg == "--full");
        let pick = |small, large| if full { large } else { small };
        let mut sizes = Self {
            words: Vec::new(),
            full,
            runs: pick(100, 10_000),
            kills: pick(40, 1000),
            rounds: pick(1, 5),
            damages: pick(100, 1000),
            decisions: pick(300, 10_000),
            names: pick(50_000, 1_000_000),
        };
        for arg in args {
            if !arg.starts_with('-') {
                sizes.words.push(arg);
            } else if let Some((name, count)) = arg.split_once('=') {
                let slot = match name {
                    "--runs" => &mut sizes.runs,
                    "--kills" => &mut sizes.kills,
                    "--rounds" => &mut sizes.rounds,
                    "--damages" => &mut sizes.damages,
                    "--decisions" => &mut sizes.decisions,
                    "--names" => &mut sizes.names,
                    _ => continue,
                };
                *slot = count.parse().map_err(|e| format!("{arg}: {e}"))?;
            }
        }
        Ok(sizes)
    }

    /// Whether the part of this name is run.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str()))
    }
}
