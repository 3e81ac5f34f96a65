//! The engine behind one small interface. The guide that follows is the repository's README.
//!
#![doc = include_str!("../README.md")]
//!
//! # Where to read on
//!
//! [`F5Tts`] is the engine, [`Voice`] a prepared reference, [`SynthesisParams`] how to speak and
//! [`Speech`] what came out. The crates behind them are re-exported as modules; `docs/ARCHITECTURE.md`
//! is the map.
//!
//! # What it is doing
//!
//! Results carry reports ([`F5Tts::report`], [`Speech::report`]), an [`Observer`] is told of steps and
//! chunks while they happen, and what takes time is a span of [`tracing`](https://docs.rs/tracing):
//! `f5.load`, and `f5.synthesize` with `f5.sample`, `f5.vocode` and `f5.align` in it. Refused
//! devices and moves to another device are events. Nothing is printed.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod builder;
mod cache;
mod candidates;
mod device;
mod dub;
mod edit;
mod engine;
mod error;
mod files;
mod networks;
mod observe;
mod params;
mod place;
mod plan;
#[cfg(feature = "plot")]
mod plot;
mod script;
mod speak;
mod speech;
mod spoken;
mod timeline;
mod voice;
mod warm;

pub use builder::{F5TtsBuilder, SeedPolicy, demo_dir};
pub use cache::{VoiceCache, VoiceCacheStats, WeightCache};
pub use candidates::{Candidate, Candidates, Fit};
pub use device::{DeviceRefusal, DeviceReport, OpenDevice, open_device};
pub use dub::{Dub, DubParams, DubbedCue};
pub use edit::{Edit, EditOutput, EditParams, EditReport, EditSpan, Edited, EditedSpan};
pub use engine::{F5Tts, Progress};
pub use error::{Error, ErrorKind, Result};
pub use f5_core::timing::WordTiming;
pub use f5_model::cpu::Precision;
pub use f5_runtime::{device::DevicePreference, observe::Observer};
pub use f5_timing::TimingFormat;
pub use networks::{CpuEngine, EngineReport, LoadReport};
pub use params::{Chunking, Noise, Pauses, ShortText, SynthesisParams};
pub use place::DeviceMove;
#[cfg(feature = "plot")]
pub use plot::plot_words;
pub use script::{
    Cast, Performance, PerformancePiece, PerformanceStream, PerformedLine, Script, ScriptError,
    ScriptLine, ScriptPlace, ScriptSettings, ScriptVoice,
};
pub use speak::{CancelToken, Request, SpeechPiece, SpeechStream, StreamEvent};
pub use speech::{ChunkAlignment, ChunkPlan, Report, Speech};
pub use voice::Voice;
pub use warm::{KernelCache, WarmUp};

pub use f5_align as align;
pub use f5_core as core;
pub use f5_model as model;
pub use f5_runtime as runtime;
pub use f5_timing as timing;
pub use f5_vocoder as vocoder;
