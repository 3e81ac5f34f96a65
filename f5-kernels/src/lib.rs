//! CPU kernels of the F5-TTS engine: packed matrix products, attention, norms, activations and
//! convolutions, chosen at run time by what the processor can do.
//!
//! | instruction set | float32 | bf16 |
//! |---|---|---|
//! | AMX (Linux) | as AVX-512 | tiles |
//! | AVX-512 with BF16 | as AVX-512 | dot products of two |
//! | AVX-512 | 12 rows by 32 outputs of accumulators | widened to float32 |
//! | AVX2 with FMA | 6 rows by 16 outputs | widened to float32 |
//! | NEON | 12 rows by 8 outputs | widened to float32 |
//! | anything else | what the compiler makes of it | widened to float32 |
//!
//! [`Cpu::detect`] finds out which one it is; the environment variable `F5_CPU_ISA` (`portable`, `avx2`,
//! `neon`, `avx512`, `avx512bf16`, `amx`) holds it back, for tests and comparisons. Loops over rows are written once
//! and compiled for each instruction set with [pulp](https://docs.rs/pulp); only tiles are reached
//! through inline assembly.
//!
//! Everything here works on slices and knows no network; the layers that are built from it are in
//! `f5-model` and `f5-vocoder`.
//!
//! ```
//! use f5_kernels::{Buffer, Cpu, F32, Kernel, Linear};
//!
//! // Two outputs of three inputs.
//! let kernel = F32(Cpu::detect()?);
//! let layer = Linear::new(kernel, &[1.0, 0.0, 0.0, 0.0, 2.0, 1.0], 3, vec![0.0, 10.0]);
//!
//! let mut operand = Buffer::zeros(kernel.operand_len(1, 3));
//! kernel.store_row(&mut operand, 3, 0, 0, &[5.0, 6.0, 7.0]);
//! let mut out = [0.0; 2];
//! layer.apply_dense(&operand, 1, 1, &mut Buffer::default(), |_row, first, values| {
//!     for (index, value) in values.iter().enumerate() {
//!         out[first + index] = value + layer.bias()[first + index];
//!     }
//! });
//! assert_eq!(out, [5.0, 29.0]);
//! # Ok::<(), f5_kernels::ParseIsaError>(())
//! ```
//!
//! Results do not depend on the number of threads: rows are independent, and sums over rows are cut at
//! fixed places. Between instruction sets they differ by rounding.
//!
//! Functions panic when slices are too short for the sizes they are given with: shapes are the caller's
//! to check, once, when a network is loaded.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod attention;
mod buffer;
mod convnext;
mod gemm;
mod isa;
mod linear;
mod math;
mod packer;
mod pool;
mod precision;
pub mod rows;
mod snake;
mod transpose;

pub use attention::{AttentionScratch, Head, attend};
pub use buffer::Buffer;
pub use convnext::{ChannelScale, ConvNext};
pub use gemm::{Bf16, F32, Kernel, Operand, PANEL, Panels, ROW_TILE};
pub use isa::{Cpu, ISA_VARIABLE, Isa, ParseIsaError};
pub use linear::Linear;
pub use packer::Packer;
pub use pool::{Pool, Shelf, block, share};
pub use precision::Precision;
pub use snake::{Snake, SnakeScratch};
pub use transpose::transpose;
