//! What this machine can do, and where model files live.
