//! Development tasks: cargo xtask <tidy|fixtures>.
