//! Aggregate load curves that are safe to release: pure computation, no input or output.
