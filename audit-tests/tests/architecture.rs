//! The shape of the workspace: who may depend on whom, and what our files look like.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::manual_strip,
    reason = "a test stops at the first surprise"
)]

#[path = "architecture/edges.rs"]
mod edges;
#[path = "architecture/files.rs"]
mod files;
#[path = "architecture/source.rs"]
mod source;
