//! The sequencer of the ledger: group commit, tiles, checkpoint, in an order that survives a crash.
