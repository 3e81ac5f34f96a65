//! What this machine can do, where model files live, and what to do when something fails. Nothing
//! here knows Burn.
//!
//! | module | what lives there |
//! |---|---|
//! | `catalogue` | the released models; with feature `hub` |
//! | [`device`] | which device the caller prefers |
//! | [`fallback`] | ways to the same end, tried in order and reported |
//! | [`fetch`] | what the store asks servers for; over HTTP with feature `hub` |
//! | [`observe`] | how far long work has come, for a display |
//! | [`probe`] | GPUs, processor, memory and disk, found out without starting any of them |
//! | [`retry`] | classes of errors, and when to try again |
//! | [`store`] | model files: found, fetched once, verified, pruned |
//!
//! What takes time is a span of [`tracing`](https://docs.rs/tracing): `f5.probe`, `f5.ensure` and in it
//! `f5.fetch` for each attempt. Failed attempts, pauses and quarantines are events in them.
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "hub")]
pub mod catalogue;
pub mod device;
pub mod fallback;
pub mod fetch;
pub mod observe;
pub mod probe;
pub mod retry;
pub mod store;
