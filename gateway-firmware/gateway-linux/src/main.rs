//! The gateway for a small Linux computer.
fn main() {}
