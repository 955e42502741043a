//! The pages in the hands of people: a real browser walks the whole story through the real demonstration.
//!
//! Set `FIDUCIE_SCREENSHOTS` to a folder to keep a picture of every page, wide and narrow.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[path = "browser/delivered.rs"]
mod delivered;
#[path = "browser/demo_passkey.rs"]
mod demo_passkey;
#[path = "browser/keyboard.rs"]
mod keyboard;
#[path = "browser/looks.rs"]
mod looks;
#[path = "browser/mandates.rs"]
mod mandates;
#[path = "browser/outside.rs"]
mod outside;
#[path = "browser/providers.rs"]
mod providers;
#[path = "browser/recorded.rs"]
mod recorded;
#[path = "browser/restored.rs"]
mod restored;
#[path = "browser/sign_in.rs"]
mod sign_in;
#[path = "browser/sign_in_refused.rs"]
mod sign_in_refused;
#[path = "browser/signing.rs"]
mod signing;
#[path = "browser/story.rs"]
mod story;
#[path = "browser/watched.rs"]
mod watched;
