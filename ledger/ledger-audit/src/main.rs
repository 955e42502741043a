//! Verifies bundles and logs of the ledger without the broker.
fn main() {}
