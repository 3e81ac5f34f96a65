//! scratch
mod attention;
mod buffer;
mod convnext;
mod gemm;
mod isa;
mod linear;
mod math;
mod pool;
pub mod rows;
pub use attention::*;
pub use buffer::Buffer;
pub use convnext::*;
pub use gemm::*;
pub use isa::*;
pub use linear::*;
pub use pool::*;
