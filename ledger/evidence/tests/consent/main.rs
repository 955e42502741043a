//! Consent records: the shape of ISO/IEC TS 27560 in the terms of DPV 2.3, built, read, signed and refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests fail by panicking"
)]

mod forms;
mod scene;
mod terms;
