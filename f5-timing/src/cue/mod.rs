//! Cues: words grouped for the screen.

mod cutter;
mod language;
mod layout;
mod merge;
mod options;
mod segment;
mod view;

pub use options::CueOptions;

pub(crate) use cutter::Cutter;
pub(crate) use language::is_rtl;
pub(crate) use layout::lay_out;
use merge::Merger;
pub(crate) use merge::Span;
use segment::Segmenter;
pub(crate) use view::{CueView, Decorate, Marked, Plain};
