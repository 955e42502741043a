//! What only SQLite promises: files, pragmas, erased bytes, crashes, two openers, schema versions, the lock store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the killed child speaks to its parent")]

mod crash;
mod erased_bytes;
mod files;
mod lock;
mod memory;
mod raw;
mod schema;
