//! Development tasks: `cargo xtask <tidy|fixtures>`.
fn main() {}
