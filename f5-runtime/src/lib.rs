//! What this machine can do, and what to do when something fails. Nothing here knows Burn.
//!
//! | module | what lives there |
//! |---|---|
//! | [`device`] | which device the caller prefers |
//! | [`probe`] | GPUs, processor, memory and disk, found out without starting any of them |
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod device;
pub mod probe;
