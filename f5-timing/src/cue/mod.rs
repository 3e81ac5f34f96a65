//! Cues: words grouped for the screen.

mod merge;
mod options;
mod view;

pub use options::CueOptions;

pub(crate) use merge::{Merger, Span};
pub(crate) use view::{CueView, Decorate, Plain};
