//! Scripts: texts in which several voices speak, with pauses, seeds and speeds of their own.
//!
//! Both of upstream's notations are read: the tags of its command line, `[town] Hello.`, and the styles
//! of its page for several speech types, `{"name": "town", "seed": 7, "speed": 0.9} Hello.` A third is
//! ours: `[pause 400ms]`. The files are those of upstream's command line, as TOML or JSON.

mod cast;
mod error;
mod file;
mod parse;
mod perform;
mod performance;
mod stream;

pub use cast::Cast;
pub use error::{ScriptError, ScriptPlace};
pub use file::{ScriptSettings, ScriptVoice};
pub use parse::{Script, ScriptLine};
pub use performance::{Performance, PerformancePiece, PerformedLine};
pub use stream::PerformanceStream;

#[cfg(test)]
mod tests;
